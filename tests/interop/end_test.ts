// How sessions between our engine and quiche end.

import { deepEqual, equal, rejects } from "node:assert/strict";
import { inTime, present } from "../quic/support.ts";
import { type InteropPair, sessionTest } from "./support.ts";

/**
 * Waits until our client has heard that the handshake is confirmed. Before, it says its end in packets
 * of two kinds in one datagram (RFC 9000, section 10.2.3), of which quiche cannot read the first any
 * more and then ignores the second. What quiche sends after the confirmation ends that time.
 */
async function confirmed({ ours, theirs }: InteropPair): Promise<void> {
  theirs.sendDatagram(Uint8Array.of(1));
  await inTime(ours.receiveDatagram(), "a datagram");
}

/** The largest code that fits QUIC's variable-length integers and a JavaScript number's safe range alike. */
const LARGE_CODE = 2 ** 40 + 1;

sessionTest("quiche hears our code and reason", async (pair) => {
  const { ours, theirs } = pair;
  await confirmed(pair);
  const stream = await ours.openStream();
  await stream.write(Uint8Array.of(1));
  const accepted = present(await inTime(theirs.acceptStream(), "a stream"));
  deepEqual(await accepted.read(), Uint8Array.of(1));
  const reading = accepted.read();
  ours.close("so long", LARGE_CODE);
  deepEqual(await inTime(theirs.closed, "the end"), {
    kind: "remote",
    isApp: true,
    errorCode: LARGE_CODE,
    reason: "so long",
  });
  await rejects(inTime(reading, "the end of the stream"));
  equal(await theirs.acceptStream(), null);
});

sessionTest("we hear quiche's code and reason", async ({ ours, theirs }) => {
  const stream = await ours.openStream();
  await stream.write(Uint8Array.of(1));
  const reading = stream.read();
  theirs.close(LARGE_CODE, "good bye \u2026");
  deepEqual(await inTime(ours.closed, "the end"), {
    kind: "remote",
    errorCode: LARGE_CODE,
    reason: "good bye \u2026",
  });
  await rejects(inTime(reading, "the end of the stream"), { code: "closed" });
  equal(await ours.acceptStream(), null);
});

sessionTest("closing the engine tells quiche why", async (pair) => {
  const { engine, theirs } = pair;
  await confirmed(pair);
  await engine.close("going down");
  const { kind, isApp, reason } = await inTime(theirs.closed, "the end");
  deepEqual({ kind, isApp, reason }, { kind: "remote", isApp: true, reason: "going down" });
});

sessionTest(
  "the shorter of the two idle timeouts holds at both ends",
  async ({ ours, theirs, relay }) => {
    relay.carry = () => [];
    equal((await inTime(ours.closed, "the end at ours")).kind, "idle_timeout");
    equal((await inTime(theirs.closed, "the end at quiche's")).kind, "idle_timeout");
  },
  { idleTimeoutMs: 500 },
);
