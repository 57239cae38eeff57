// When a peer is tried and how, to the millisecond: stages, escalation, every delay.

import { deepEqual, equal } from "node:assert/strict";
import {
  backoffMs,
  CONNECTING_DEADLINE_MS,
  PeerStore,
  RECONNECT_DELAY_MS,
  UNREACHABLE_PAUSE_MS,
} from "../../../lib/peer/mod.ts";
import { type DisconnectReason } from "../../../lib/types/mod.ts";
import {
  ADDRESS,
  at,
  connect,
  DIRECT,
  discover,
  dueAt,
  eager,
  FAILED,
  lost,
  P,
  PUNCH,
  TICK,
  unreachable,
} from "./fixtures.ts";

Deno.test("a new peer is due at once, and only once", () => {
  const store = new PeerStore();
  deepEqual(store.step(at(100), discover()), []);
  deepEqual(store.get(P), {
    peer: P,
    ips: ["10.0.0.1"],
    port: 60_611,
    lastAddr: null,
    state: { kind: "discovered", stage: "direct", attempts: 0, dueAt: at(100) },
  });
  deepEqual(dueAt(store, 100), [DIRECT]);
  deepEqual(store.get(P)?.state, {
    kind: "connecting",
    stage: "direct",
    attempts: 0,
    deadlineAt: at(100 + CONNECTING_DEADLINE_MS),
  });
  deepEqual(store.step(at(101), TICK), []);
});

Deno.test("failures lead from direct to punch to unreachable and start over", () => {
  const store = new PeerStore();
  store.step(at(0), discover());
  deepEqual(dueAt(store, 0), [DIRECT]);
  store.step(at(2_000), FAILED);
  deepEqual(dueAt(store, 3_000), [DIRECT]);
  store.step(at(5_000), FAILED);
  deepEqual(dueAt(store, 5_500), [PUNCH]);
  store.step(at(8_500), FAILED);
  deepEqual(dueAt(store, 9_500), [PUNCH]);
  store.step(at(12_500), FAILED);
  deepEqual(store.get(P)?.state, { kind: "unreachable", dueAt: at(32_500) });
  deepEqual(dueAt(store, 12_500 + UNREACHABLE_PAUSE_MS), [DIRECT]);
});

Deno.test("with a last address the eager stage comes first, once, then direct", () => {
  const store = new PeerStore();
  store.step(at(0), discover({ lastAddr: ADDRESS }));
  deepEqual(dueAt(store, 0), [eager(ADDRESS)]);
  store.step(at(2_000), FAILED);
  deepEqual(dueAt(store, 2_500), [DIRECT]);
});

Deno.test("a last address alone suffices", () => {
  const store = new PeerStore();
  store.step(at(0), discover({ ips: [], port: 0, lastAddr: ADDRESS }));
  deepEqual(dueAt(store, 0), [eager(ADDRESS)]);
  store.step(at(0), FAILED);
  deepEqual(dueAt(store, 500), [{ kind: "attemptConnect", peer: P, ips: [], port: 0 }]);
});

Deno.test("after the pause an unreachable peer with a last address is tried there first", () => {
  const store = unreachable(ADDRESS);
  const due = store.nextWakeupAt()!;
  deepEqual(dueAt(store, due), [eager(ADDRESS)]);
  equal(store.get(P)?.state.kind, "connecting");
});

const DELAYS: readonly [DisconnectReason, number][] = [
  ["unknown", 3_000],
  ["idle_timeout", 1_000],
  ["stateless_reset", 5_000],
  ["duplicate", 5_000],
  ["graceful", 3_000],
  ["cert_rotation", 1_000],
  ["cert_expired", 3_000],
  ["revoked", 20_000],
];
for (const [reason, delay] of DELAYS) {
  Deno.test(`a session lost by ${reason} is sought again after ${delay} ms, eagerly`, () => {
    const store = new PeerStore();
    store.step(at(0), discover());
    store.step(at(0), connect());
    deepEqual(store.step(at(700), lost(reason)), []);
    deepEqual(store.get(P)?.state, {
      kind: "discovered",
      stage: "eagerRetry",
      attempts: 0,
      dueAt: at(700 + delay),
    });
    deepEqual(dueAt(store, 700 + delay), [eager(ADDRESS)]);
    store.step(at(700 + delay), connect());
    equal(store.inState(P, "connected"), true);
  });
}

Deno.test("every reason is in the table of delays", () => {
  deepEqual(DELAYS.map(([reason]) => reason).sort(), Object.keys(RECONNECT_DELAY_MS).sort());
});

Deno.test("the wait doubles with each failure up to a minute", () => {
  deepEqual([0, 1, 2, 3, 6, 7, 50].map(backoffMs), [
    500,
    1_000,
    2_000,
    4_000,
    32_000,
    60_000,
    60_000,
  ]);
});
