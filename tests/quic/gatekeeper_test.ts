// Who is let in is decided here, before a handshake begins.

import assert from "node:assert/strict";
import {
  type AttemptVerdict,
  type ConnectionAttempt,
  type DialOptions,
  type Engine,
  type ErrorCode,
  PollenError,
} from "../../lib/types/mod.ts";
import { ALPN, inTime, openTestEngine, present, protocol, until } from "./support.ts";

const DIAL = { alpn: ALPN, timeoutMs: 20_000 };

/**
 * Dials until it fails with `code`. The engine waits 50 ms for the gatekeeper and then lets in by its own
 * rule, which on a busy machine may be too short for this process.
 */
async function demandFailure(
  client: Engine,
  server: Engine,
  code: ErrorCode,
  dial: DialOptions = DIAL,
): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    const dialled = await client.dial(server.localAddress, dial).catch((thrown) => thrown);
    if (dialled instanceof Error) {
      assert.equal(dialled instanceof PollenError && dialled.code, code, String(dialled));
      return;
    }
    // Taken before it ends: one that has ended is handed out no more.
    const unjudged = await inTime(server.accept(), "the session that nobody judged in time");
    dialled.close("");
    unjudged?.close("");
  }
  assert.fail("The gatekeeper was never in time.");
}

Deno.test("each verdict of the gatekeeper is carried out and counted", async () => {
  await using client = await openTestEngine();
  await using server = await openTestEngine([protocol()]);
  const attempts: ConnectionAttempt[] = [];
  let verdict: AttemptVerdict = "refuse";
  server.setGatekeeper((attempt) => {
    attempts.push(attempt);
    return attempt.isAddressProved ? "take" : verdict;
  });
  await demandFailure(client, server, "refused");
  assert.deepEqual(attempts[0], {
    address: client.localAddress,
    isAddressProved: false,
    openHandshakes: 0,
  });
  verdict = "drop";
  await demandFailure(client, server, "timeout", { ...DIAL, timeoutMs: 100 });
  attempts.length = 0;
  verdict = "retry";
  for (let tries = 0; !attempts.some(({ isAddressProved }) => isAddressProved); tries++) {
    assert.ok(tries < 20, "Nobody proved an address.");
    const near = await inTime(client.dial(server.localAddress, DIAL), "a session");
    const far = present(await inTime(server.accept(), "the session"));
    assert.deepEqual(far.remoteAddress, client.localAddress);
    near.close("");
    await inTime(far.closed, "the end of the session");
  }
  const { attemptsTaken, attemptsRetried, attemptsRefused, attemptsDropped } = server.stats();
  assert.ok(
    attemptsTaken >= 1 && attemptsRefused >= 1 && attemptsRetried >= 1 && attemptsDropped >= 1,
  );
});

Deno.test("the engine lets in by its own rule when the gatekeeper fails or is none", async () => {
  await using client = await openTestEngine();
  await using server = await openTestEngine([protocol()]);
  server.setGatekeeper(() => {
    throw new Error("a defect");
  });
  await inTime(client.dial(server.localAddress, DIAL), "a session");
  server.setGatekeeper(() => "refuse");
  await demandFailure(client, server, "refused");
  server.setGatekeeper(null);
  await inTime(client.dial(server.localAddress, DIAL), "a session");
});

Deno.test("the longest turn is told once", async () => {
  await using client = await openTestEngine();
  await using server = await openTestEngine([protocol()]);
  await inTime(client.dial(server.localAddress, DIAL), "a session");
  if (Deno.build.os === "windows") return assert.equal(server.stats().turnCpuMsMax, 0);
  // A turn counts once it is over, and the last of the handshake may end after the client's dial.
  let longest = 0;
  await until(() => {
    const { turnCpuMsMax } = server.stats();
    const isShorter = turnCpuMsMax < longest;
    longest = Math.max(longest, turnCpuMsMax);
    return isShorter;
  }, "a shorter turn than the longest");
});
