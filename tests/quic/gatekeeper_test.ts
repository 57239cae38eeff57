// Who is let in is decided here, before a handshake begins.

import assert from "node:assert/strict";
import type { AttemptVerdict, ConnectionAttempt } from "../../lib/types/mod.ts";
import { ALPN, inTime, openTestEngine, present, protocol } from "./support.ts";

const DIAL = { alpn: ALPN, timeoutMs: 20_000 };

Deno.test("each verdict of the gatekeeper is carried out and counted", async () => {
  await using client = await openTestEngine();
  await using server = await openTestEngine([protocol()]);
  const attempts: ConnectionAttempt[] = [];
  let verdict: AttemptVerdict = "refuse";
  server.setGatekeeper((attempt) => {
    attempts.push(attempt);
    return attempt.isAddressProved ? "take" : verdict;
  });
  await assert.rejects(client.dial(server.localAddress, DIAL), { code: "refused" });
  assert.deepEqual(attempts.splice(0), [
    { address: client.localAddress, isAddressProved: false, openHandshakes: 0 },
  ]);
  verdict = "drop";
  await assert.rejects(client.dial(server.localAddress, { ...DIAL, timeoutMs: 100 }), {
    code: "timeout",
  });
  attempts.length = 0;
  verdict = "retry";
  await inTime(client.dial(server.localAddress, DIAL), "a session");
  // What is left of the dials that were given up comes as attempts as well.
  assert.equal(attempts.filter(({ isAddressProved }) => isAddressProved).length, 1);
  const session = present(await inTime(server.accept(), "the session"));
  assert.deepEqual(session.remoteAddress, client.localAddress);
  const { attemptsTaken, attemptsRetried, attemptsRefused, attemptsDropped } = server.stats();
  assert.equal(attemptsTaken, 1);
  assert.ok(attemptsRefused >= 1 && attemptsRetried >= 1 && attemptsDropped >= 1);
});

Deno.test("the engine lets in by its own rule when the gatekeeper fails or is none", async () => {
  await using client = await openTestEngine();
  await using server = await openTestEngine([protocol()]);
  server.setGatekeeper(() => {
    throw new Error("a defect");
  });
  await inTime(client.dial(server.localAddress, DIAL), "a session");
  server.setGatekeeper(() => "refuse");
  await assert.rejects(client.dial(server.localAddress, DIAL), { code: "refused" });
  server.setGatekeeper(null);
  await inTime(client.dial(server.localAddress, DIAL), "a session");
});

Deno.test("the longest turn is told once", async () => {
  await using client = await openTestEngine();
  await using server = await openTestEngine([protocol()]);
  await inTime(client.dial(server.localAddress, DIAL), "a session");
  const { turnCpuMsMax } = server.stats();
  assert.equal(turnCpuMsMax > 0, Deno.build.os !== "windows");
  // Nothing but keep-alives has happened since.
  assert.ok(server.stats().turnCpuMsMax < turnCpuMsMax);
});
