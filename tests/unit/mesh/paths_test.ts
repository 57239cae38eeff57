// When a session counts as silent: not because this process had no turn. And what an idle one costs.

import { deepEqual, equal } from "node:assert/strict";
import { Paths } from "../../../lib/mesh/paths.ts";
import { probeTag } from "../../../lib/mesh/path_probe.ts";
import {
  type Clock,
  relayWay,
  silentLog,
  type SocketAddress,
  socketWay,
  uncounted,
} from "../../../lib/types/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { key } from "../store/fixtures.ts";

const PUBLIC: SocketAddress = { ip: "8.8.8.8", port: 1 };

interface Trial {
  readonly address: SocketAddress;
  /** Bytes of the session that leave with each look. Nothing comes. */
  readonly bytesSent: number;
  readonly forMs: number;
  /** How late timers come. */
  readonly lateMs?: number;
  /** Whether a router stands before the node; null where it is not told. */
  readonly isBehindRouter?: boolean | null;
}

/** How often a peer is told to be silent, and how many probes are sent. */
function tried({ address, bytesSent, forMs, lateMs = 0, isBehindRouter = null }: Trial) {
  const time = new FakeClock();
  const clock: Clock = {
    monotonicNow: () => time.monotonicNow(),
    wallNow: () => time.wallNow(),
    setTimer: (delayMs, callback) => time.setTimer(delayMs + lateMs, callback),
  };
  let told = 0;
  let probes = 0;
  let sent = 0;
  const sendRaw = (to: SocketAddress, bytes: Uint8Array) => {
    deepEqual(to, address);
    if (probeTag(bytes) !== null) probes++;
  };
  const paths = new Paths({
    engine: { sendRaw } as never,
    clock,
    log: silentLog,
    limits: uncounted,
    relays: { to: () => [], carrierAt: () => null } as never,
    candidates: () => [],
    onMoved: () => {},
    onSilent: () => told++,
  });
  if (isBehindRouter !== null) paths.setBehindRouter(isBehindRouter);
  const session = {
    secret: new Uint8Array(32),
    inbound: false,
    remoteAddress: address,
    stats: () => ({ bytesSent: sent += bytesSent, bytesReceived: 0, rttMs: 1 }),
    nextStray: () => new Promise(() => {}),
  } as never;
  void paths.keep(key(1), session);
  time.advance(forMs);
  return { told, probes };
}

/** How often a peer that says nothing is told to be silent within ten seconds where timers come so late. */
function toldSilent(lateMs: number): number {
  return tried({ address: PUBLIC, bytesSent: 100, forMs: 10_000, lateMs }).told;
}

/** Probes of an idle session in a minute. */
function idleProbes(address: SocketAddress, isBehindRouter: boolean | null): number {
  return tried({ address, bytesSent: 0, forMs: 60_000, isBehindRouter }).probes;
}

Deno.test("nobody is called silent by a process that had no turn itself", () => {
  equal(toldSilent(0) > 0, true);
  equal(toldSilent(200) > 0, true);
  equal(toldSilent(201), 0);
});

Deno.test("an idle session behind a router sends a probe every two seconds to the Internet, and else none", () => {
  const onInternet = [PUBLIC, socketWay(1, PUBLIC)];
  for (const address of onInternet) {
    equal(idleProbes(address, true), 30);
    equal(idleProbes(address, null), 30, "it is taken for granted");
    equal(idleProbes(address, false), 0);
  }
  const elsewhere = ["127.0.0.1", "192.168.1.2", "2a0f::9"].map((ip) => ({ ip, port: 1 }));
  for (const address of [...elsewhere, relayWay(1)]) equal(idleProbes(address, true), 0);
});
