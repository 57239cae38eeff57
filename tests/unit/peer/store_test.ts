// Every state of a peer against every input.

import { deepEqual, equal } from "node:assert/strict";
import { CONNECTING_DEADLINE_MS, type PeerInput, PeerStore } from "../../../lib/peer/mod.ts";
import {
  ADDRESS,
  at,
  connect,
  discover,
  dueAt,
  eager,
  FAILED,
  key,
  lost,
  OTHER,
  P,
  TICK,
  unreachable,
} from "./fixtures.ts";

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

Deno.test("a session over a carrier says nothing of where the peer is", () => {
  const store = new PeerStore();
  store.step(at(0), discover());
  const carried = { kind: "connectPeer", peer: P, address: null, inbound: false } as const;
  store.step(at(1), carried);
  const known = store.get(P);
  deepEqual([known?.ips, known?.port, known?.lastAddr], [["10.0.0.1"], 60_611, null]);
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
