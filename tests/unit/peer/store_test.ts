// The peer state machine, to the millisecond: every state, input, output and delay.

import { deepEqual, equal } from "node:assert/strict";
import {
  backoffMs,
  CONNECTING_DEADLINE_MS,
  type PeerInput,
  type PeerOutput,
  PeerStore,
  RECONNECT_DELAY_MS,
  UNREACHABLE_PAUSE_MS,
} from "../../../lib/peer/mod.ts";
import {
  type DisconnectReason,
  type MonotonicMs,
  type PeerKey,
  peerKeyFromBytes,
  type SocketAddress,
} from "../../../lib/types/mod.ts";

const at = (ms: number) => ms as MonotonicMs;
const key = (byte: number) => peerKeyFromBytes(new Uint8Array(32).fill(byte));
const P = key(1);
const ADDRESS: SocketAddress = { ip: "192.0.2.1", port: 4_000 };
const OTHER: SocketAddress = { ip: "192.0.2.9", port: 4_009 };
const TICK: PeerInput = { kind: "tick" };
const FAILED: PeerInput = { kind: "connectFailed", peer: P };

function discover(
  fields: Partial<Extract<PeerInput, { kind: "discoverPeer" }>> = {},
): PeerInput {
  return {
    kind: "discoverPeer",
    peer: P,
    ips: ["10.0.0.1"],
    port: 60_611,
    lastAddr: null,
    ...fields,
  };
}
const connect = (peer: PeerKey = P, address = ADDRESS): PeerInput => ({
  kind: "connectPeer",
  peer,
  address,
  inbound: false,
});
const lost = (reason: DisconnectReason): PeerInput => ({
  kind: "peerDisconnected",
  peer: P,
  reason,
});

/** Nothing happens one millisecond before `ms`; these are the outputs at `ms`. */
function dueAt(store: PeerStore, ms: number): PeerOutput[] {
  equal(store.nextWakeupAt(), ms);
  deepEqual(store.step(at(ms - 1), TICK), []);
  return store.step(at(ms), TICK);
}

const DIRECT: PeerOutput = {
  kind: "attemptConnect",
  peer: P,
  ips: ["10.0.0.1"],
  port: 60_611,
};
const PUNCH: PeerOutput = { kind: "requestPunchCoordination", peer: P, ips: ["10.0.0.1"] };
const eager = (address: SocketAddress): PeerOutput => ({
  kind: "attemptEagerConnect",
  peer: P,
  address,
});

/** A peer that was given up at 1000 ms after five failures, each reported at once. */
function unreachable(
  lastAddr: SocketAddress | null,
  ips: readonly string[] = ["10.0.0.1"],
): PeerStore {
  const store = new PeerStore();
  store.step(at(0), discover({ ips, lastAddr }));
  for (let ms = 0; !store.inState(P, "unreachable"); ms += 250) {
    store.step(at(ms), TICK);
    store.step(at(ms), FAILED);
  }
  return store;
}

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

Deno.test("a session counts from every state, for an unknown peer too, and again", () => {
  const connected = {
    kind: "peerConnected",
    peer: P,
    address: ADDRESS,
    inbound: false,
  } as const;
  const states: readonly ((store: PeerStore) => void)[] = [
    () => {},
    (store) => store.step(at(0), discover()),
    (store) => [discover(), TICK].forEach((input) => store.step(at(0), input)),
    (store) => store.step(at(0), connect(P, OTHER)),
  ];
  for (const prepare of states) {
    const store = new PeerStore();
    prepare(store);
    deepEqual(store.step(at(9), connect()), [connected]);
    deepEqual(store.get(P), {
      peer: P,
      ips: ["192.0.2.1"],
      port: 4_000,
      lastAddr: ADDRESS,
      state: { kind: "connected", connectedAt: at(9), address: ADDRESS, inbound: false },
    });
    equal(store.nextWakeupAt(), null);
  }
  const givenUp = unreachable(null);
  deepEqual(givenUp.step(at(9_000), connect()), [connected]);
});

Deno.test("an attempt without an answer fails at its deadline, to the millisecond", () => {
  const store = new PeerStore();
  store.step(at(0), discover());
  store.step(at(0), TICK);
  deepEqual(dueAt(store, CONNECTING_DEADLINE_MS), []);
  deepEqual(store.get(P)?.state, {
    kind: "discovered",
    stage: "direct",
    attempts: 1,
    dueAt: at(CONNECTING_DEADLINE_MS + 1_000),
  });
});

Deno.test("lost punch coordination ends in unreachable too", () => {
  const store = new PeerStore();
  store.step(at(0), discover());
  for (let ms = 0; ms < 60_000 && !store.inState(P, "unreachable"); ms += 500) {
    store.step(at(ms), TICK);
  }
  equal(store.inState(P, "unreachable"), true);
});

Deno.test("a failure counts only while connecting", () => {
  const store = new PeerStore();
  store.step(at(0), FAILED);
  equal(store.get(P), null);
  store.step(at(0), discover());
  const before = store.get(P);
  store.step(at(5), FAILED);
  deepEqual(store.get(P), before);
  store.step(at(5), connect());
  store.step(at(6), FAILED);
  equal(store.inState(P, "connected"), true);
});

Deno.test("a disconnection counts only while connected or connecting", () => {
  const store = new PeerStore();
  store.step(at(0), lost("unknown"));
  equal(store.get(P), null);
  store.step(at(0), discover());
  const before = store.get(P);
  store.step(at(5), lost("unknown"));
  deepEqual(store.get(P), before);
  store.step(at(10), TICK);
  store.step(at(20), lost("idle_timeout"));
  deepEqual(store.get(P)?.state, {
    kind: "discovered",
    stage: "direct",
    attempts: 0,
    dueAt: at(1_020),
  });
});

Deno.test("a retry ends every wait, makes an unknown peer known, and leaves attempts alone", () => {
  const retry: PeerInput = { kind: "retryPeer", peer: P };
  const unknown = new PeerStore();
  deepEqual(unknown.step(at(3), retry), []);
  deepEqual(dueAt(unknown, 3), [{ kind: "attemptConnect", peer: P, ips: [], port: 0 }]);
  const connecting = unknown.get(P);
  unknown.step(at(4), retry);
  deepEqual(unknown.get(P), connecting);

  const waiting = new PeerStore();
  waiting.step(at(0), connect());
  waiting.step(at(1), retry);
  equal(waiting.inState(P, "connected"), true);
  waiting.step(at(2), lost("stateless_reset"));
  waiting.step(at(3), retry);
  deepEqual(dueAt(waiting, 3), [eager(ADDRESS)]);

  const givenUp = unreachable(ADDRESS);
  givenUp.step(at(9_000), retry);
  deepEqual(dueAt(givenUp, 9_000), [eager(ADDRESS)]);
});

Deno.test("discovering a known peer takes its addresses and leaves its state", () => {
  const store = new PeerStore();
  store.step(at(0), discover());
  store.step(at(0), TICK);
  store.step(at(0), FAILED);
  const before = store.get(P)!;
  store.step(at(7), discover({ ips: ["10.0.0.2"], port: 0 }));
  deepEqual(store.get(P), { ...before, ips: ["10.0.0.2"] });
  store.step(at(8), discover({ ips: [], port: 5, lastAddr: OTHER }));
  deepEqual(store.get(P), { ...before, ips: [], port: 5, lastAddr: OTHER });
  store.step(at(9), discover({ ips: [], port: 5 }));
  deepEqual(store.get(P)?.lastAddr, OTHER);
});

Deno.test("changed addresses wake an unreachable peer, the same in another order do not", () => {
  const ips = ["10.0.0.1", "10.0.0.2"];
  const changes: readonly [Partial<Extract<PeerInput, { kind: "discoverPeer" }>>, boolean][] = [
    [{ ips }, false],
    [{ ips: ips.toReversed() }, false],
    [{ ips, port: 0 }, false],
    [{ ips, lastAddr: ADDRESS }, false],
    [{ ips: ["10.0.0.1"] }, true],
    [{ ips: [...ips, "10.0.0.3"] }, true],
    [{ ips, port: 1 }, true],
    [{ ips, lastAddr: OTHER }, true],
  ];
  for (const [change, isWoken] of changes) {
    const store = unreachable(ADDRESS, ips);
    store.step(at(9_000), discover(change));
    equal(store.inState(P, "discovered"), isWoken, JSON.stringify(change));
    if (isWoken) equal(store.nextWakeupAt(), 9_000);
  }
});

Deno.test("a forgotten peer is gone from every state", () => {
  for (const store of [unreachable(null), new PeerStore()]) {
    store.step(at(5_000), connect());
    deepEqual(store.step(at(5_000), { kind: "forgetPeer", peer: P }), []);
    equal(store.get(P), null);
    equal(store.nextWakeupAt(), null);
    deepEqual(store.step(at(99_000), TICK), []);
  }
});

Deno.test("outputs and lists are in the order of keys, whatever the order of inputs", () => {
  const keys = [5, 2, 9, 1].map(key);
  const store = new PeerStore();
  for (const peer of keys) store.step(at(0), discover({ peer }));
  deepEqual(store.step(at(0), TICK).map(({ peer }) => peer), [1, 2, 5, 9].map(key));
  store.step(at(1), connect(key(9)));
  store.step(at(1), connect(key(2)));
  deepEqual(store.getAll("connected").map(({ peer }) => peer), [2, 9].map(key));
  deepEqual(store.getAll().map(({ peer }) => peer), [1, 2, 5, 9].map(key));
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
