// Shared by the tests of the peer state machine: moments, inputs, the outputs they lead to.

import { deepEqual, equal } from "node:assert/strict";
import { type PeerInput, type PeerOutput, PeerStore } from "../../../lib/peer/mod.ts";
import {
  type DisconnectReason,
  type MonotonicMs,
  type PeerKey,
  peerKeyFromBytes,
  type SocketAddress,
} from "../../../lib/types/mod.ts";

export const at = (ms: number) => ms as MonotonicMs;
export const key = (byte: number) => peerKeyFromBytes(new Uint8Array(32).fill(byte));
export const P = key(1);
export const ADDRESS: SocketAddress = { ip: "192.0.2.1", port: 4_000 };
export const OTHER: SocketAddress = { ip: "192.0.2.9", port: 4_009 };
export const TICK: PeerInput = { kind: "tick" };
export const FAILED: PeerInput = { kind: "connectFailed", peer: P };

export function discover(
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
export const connect = (peer: PeerKey = P, address = ADDRESS): PeerInput => ({
  kind: "connectPeer",
  peer,
  address,
  inbound: false,
});
export const lost = (reason: DisconnectReason): PeerInput => ({
  kind: "peerDisconnected",
  peer: P,
  reason,
});

/** Nothing happens one millisecond before `ms`; these are the outputs at `ms`. */
export function dueAt(store: PeerStore, ms: number): PeerOutput[] {
  equal(store.nextWakeupAt(), ms);
  deepEqual(store.step(at(ms - 1), TICK), []);
  return store.step(at(ms), TICK);
}

export const DIRECT: PeerOutput = {
  kind: "attemptConnect",
  peer: P,
  ips: ["10.0.0.1"],
  port: 60_611,
};
export const PUNCH: PeerOutput = { kind: "requestPunchCoordination", peer: P, ips: ["10.0.0.1"] };
export const eager = (address: SocketAddress): PeerOutput => ({
  kind: "attemptEagerConnect",
  peer: P,
  address,
});

/** A peer that was given up at 1000 ms after five failures, each reported at once. */
export function unreachable(
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
