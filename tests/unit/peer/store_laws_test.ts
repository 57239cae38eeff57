// Laws of the peer state machine that hold for every script of inputs.

import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import {
  type PeerInput,
  PeerStore,
  RECONNECT_DELAY_MS,
  UNREACHABLE_PAUSE_MS,
} from "../../../lib/peer/mod.ts";
import {
  type DisconnectReason,
  type MonotonicMs,
  peerKeyFromBytes,
} from "../../../lib/types/mod.ts";

const at = (ms: number) => ms as MonotonicMs;
const key = (byte: number) => peerKeyFromBytes(new Uint8Array(32).fill(byte));

const reasons = fc.constantFrom(...Object.keys(RECONNECT_DELAY_MS) as DisconnectReason[]);
const peers = fc.constantFrom(key(1), key(2), key(3));
const addresses = fc.constantFrom({ ip: "192.0.2.1", port: 4_000 }, {
  ip: "192.0.2.9",
  port: 4_009,
});
const inputs: fc.Arbitrary<PeerInput> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<PeerInput>({ kind: "tick" }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("discoverPeer" as const),
      peer: peers,
      ips: fc.subarray(["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
      port: fc.constantFrom(0, 1, 60_611),
      lastAddr: fc.option(addresses, { nil: null }),
    }),
  },
  fc.record({
    kind: fc.constant("connectPeer" as const),
    peer: peers,
    // Over a carrier there is none.
    address: fc.option(addresses, { nil: null }),
    inbound: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("connectFailed" as const), peer: peers }),
  fc.record({ kind: fc.constant("peerDisconnected" as const), peer: peers, reason: reasons }),
  fc.record({ kind: fc.constant("retryPeer" as const), peer: peers }),
  fc.record({ kind: fc.constant("forgetPeer" as const), peer: peers }),
);
const script = fc.array(fc.tuple(fc.nat(12_000), inputs), { maxLength: 60 });

Deno.test("the same inputs at the same moments give the same outputs and states", () => {
  fc.assert(fc.property(script, (steps) => {
    const run = () => {
      const store = new PeerStore();
      let now = 0;
      const outputs = steps.map(([wait, input]) => store.step(at(now += wait), input));
      return { outputs, peers: store.getAll() };
    };
    deepEqual(run(), run());
  }));
});

Deno.test("a tick is silent before the announced moment, and no peer is ever stuck", () => {
  fc.assert(fc.property(script, (steps) => {
    const store = new PeerStore();
    let now = 0;
    for (const [wait, input] of steps) {
      now += wait;
      const wakeup = store.nextWakeupAt();
      const before = store.getAll();
      const outputs = store.step(at(now), input);
      if (input.kind === "tick" && (wakeup === null || wakeup > now)) {
        deepEqual(outputs, []);
        deepEqual(store.getAll(), before);
      }
      const waiting = store.getAll().filter(({ state }) => state.kind !== "connected");
      equal(store.nextWakeupAt() === null, waiting.length === 0);
      const latest = Math.max(now, wakeup ?? 0) + UNREACHABLE_PAUSE_MS;
      equal((store.nextWakeupAt() ?? 0) <= latest, true);
    }
  }));
});

Deno.test("who is connected is told at every moment as the states say", () => {
  fc.assert(fc.property(script, (steps) => {
    const store = new PeerStore();
    let now = 0;
    for (const [wait, input] of steps) {
      store.step(at(now += wait), input);
      deepEqual(store.connected(), store.getAll("connected").map(({ peer }) => peer));
    }
  }));
});

Deno.test("nothing is asked for a peer that is connected or being tried", () => {
  fc.assert(fc.property(script, (steps) => {
    const store = new PeerStore();
    let now = 0;
    for (const [wait, input] of steps) {
      const busy = new Set(
        [...store.getAll("connected"), ...store.getAll("connecting")].map(({ peer }) => peer),
      );
      for (const output of store.step(at(now += wait), input)) {
        if (output.kind !== "peerConnected") equal(busy.has(output.peer), false);
      }
    }
  }));
});
