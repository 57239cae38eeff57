// When a session counts as silent: not because this process had no turn.

import { equal } from "node:assert/strict";
import { Paths } from "../../../lib/mesh/paths.ts";
import { type Clock, silentLog } from "../../../lib/types/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { key } from "../store/fixtures.ts";

/** How often a peer that says nothing is told to be silent within ten seconds where timers come so late. */
function toldSilent(lateMs: number): number {
  const time = new FakeClock();
  const clock: Clock = {
    monotonicNow: () => time.monotonicNow(),
    wallNow: () => time.wallNow(),
    setTimer: (delayMs, callback) => time.setTimer(delayMs + lateMs, callback),
  };
  let told = 0;
  let bytesSent = 0;
  const paths = new Paths({
    engine: { sendRaw: () => {} } as never,
    clock,
    log: silentLog,
    relays: { to: () => [], carrierAt: () => null } as never,
    candidates: () => [],
    onMoved: () => {},
    onSilent: () => told++,
  });
  const session = {
    secret: new Uint8Array(32),
    inbound: false,
    remoteAddress: { ip: "192.0.2.1", port: 1 },
    stats: () => ({ bytesSent: bytesSent += 100, bytesReceived: 0, rttMs: 1 }),
    nextStray: () => new Promise(() => {}),
  } as never;
  void paths.keep(key(1), session);
  time.advance(10_000);
  return told;
}

Deno.test("nobody is called silent by a process that had no turn itself", () => {
  equal(toldSilent(0) > 0, true);
  equal(toldSilent(200) > 0, true);
  equal(toldSilent(201), 0);
});
