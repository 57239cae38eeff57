// The peer state machine: which peer to try when, and how. Pure: same state, moment and input,
// same outputs in the same order (by key). It holds no timer; a driver asks `nextWakeupAt` or
// ticks at intervals, and reports what became of each attempt.
//
//                     discoverPeer, retryPeer (unknown peer)
//                                   |
//                                   v   tick, due: attempt
//        +--------------------> DISCOVERED ----------------------> CONNECTING
//        |                      ^   ^    ^                          |   |  |
//        | tick, due; retryPeer |   |    +--------------------------+   |  | connectFailed or
//        | or changed addresses |   |      connectFailed, deadline,     |  | deadline in the
//        |                      |   |      peerDisconnected             |  | last stage
//        |                      |   |                                   |  |
//   UNREACHABLE <---------------|---|-----------------------------------|--+
//                               |   | peerDisconnected                  | connectPeer
//                               |   |                                   v
//                               |   +------------------------------- CONNECTED
//                               |
//   connectPeer leads from every state, and for an unknown peer, to CONNECTED.
//   forgetPeer leads from every state to nothing.
//
// Stages within DISCOVERED and CONNECTING: eagerRetry (only where a last address is known), direct,
// punch. Failures lead onwards, everything else starts over.

import {
  addMs,
  assert,
  assertNever,
  comparePeerKeys,
  type DisconnectReason,
  type MonotonicMs,
  type PeerKey,
  type SocketAddress,
} from "../types/mod.ts";
import type {
  ConnectStage,
  Peer,
  PeerInput,
  PeerOutput,
  PeerState,
  PeerStateKind,
} from "./peer.ts";
import {
  backoffMs,
  CONNECTING_DEADLINE_MS,
  RECONNECT_DELAY_MS,
  STAGE_ATTEMPTS,
  UNREACHABLE_PAUSE_MS,
} from "./timing.ts";

const NEXT_STAGE: Readonly<Record<ConnectStage, ConnectStage | null>> = {
  eagerRetry: "direct",
  direct: "punch",
  punch: null,
};

/** Every peer this node knows of and what it does about each. */
export class PeerStore {
  readonly #peers = new Map<PeerKey, Peer>();
  /** Those that are connected, by key; null once one came or went. */
  #connected: readonly PeerKey[] | null = null;

  /** Takes one input at one moment. Moments never go back between calls. */
  step(now: MonotonicMs, input: PeerInput): PeerOutput[] {
    switch (input.kind) {
      case "discoverPeer":
        this.#discover(now, input);
        return [];
      case "tick":
        return this.#tick(now);
      case "connectPeer":
        return [this.#connect(now, input.peer, input.address, input.inbound)];
      case "connectFailed":
        this.#fail(now, input.peer);
        return [];
      case "peerDisconnected":
        this.#disconnect(now, input.peer, input.reason);
        return [];
      case "retryPeer":
        this.#retry(now, input.peer);
        return [];
      case "forgetPeer":
        this.#peers.delete(input.peer);
        this.#connected = null;
        return [];
      default:
        return assertNever(input);
    }
  }

  /** The peer as it is now; null when unknown. */
  get(peer: PeerKey): Peer | null {
    return this.#peers.get(peer) ?? null;
  }

  /** Whether the peer is known and in this state. */
  inState(peer: PeerKey, state: PeerStateKind): boolean {
    return this.#peers.get(peer)?.state.kind === state;
  }

  /** All peers, or those in one state, by key. */
  getAll(state?: PeerStateKind): Peer[] {
    return [...this.#peers.values()]
      .filter((peer) => state === undefined || peer.state.kind === state)
      .sort((a, b) => comparePeerKeys(a.peer, b.peer));
  }

  /** Those that are connected, by key. */
  connected(): readonly PeerKey[] {
    return this.#connected ??= this.getAll("connected").map(({ peer }) => peer);
  }

  /** The first moment at which a tick does something; null while nothing waits. */
  nextWakeupAt(): MonotonicMs | null {
    let earliest: MonotonicMs | null = null;
    for (const { state } of this.#peers.values()) {
      const at = wakeupAt(state);
      if (at !== null && (earliest === null || at < earliest)) earliest = at;
    }
    return earliest;
  }

  #discover(now: MonotonicMs, input: Extract<PeerInput, { kind: "discoverPeer" }>): void {
    const known = this.#peers.get(input.peer);
    const ips = [...input.ips];
    if (known === undefined) {
      const { peer, port, lastAddr } = input;
      this.#peers.set(peer, { peer, ips, port, lastAddr, state: fresh(lastAddr, now) });
      return;
    }
    const port = input.port === 0 ? known.port : input.port;
    const lastAddr = input.lastAddr ?? known.lastAddr;
    const isWoken = known.state.kind === "unreachable" &&
      (port !== known.port || !sameSet(ips, known.ips) || !sameAddress(lastAddr, known.lastAddr));
    const state = isWoken ? fresh(lastAddr, now) : known.state;
    this.#peers.set(input.peer, { peer: input.peer, ips, port, lastAddr, state });
  }

  #tick(now: MonotonicMs): PeerOutput[] {
    const outputs: PeerOutput[] = [];
    for (const peer of this.getAll()) {
      const at = wakeupAt(peer.state);
      if (at === null || at > now) continue;
      switch (peer.state.kind) {
        case "connecting":
          this.#fail(now, peer.peer);
          break;
        case "discovered":
          outputs.push(this.#attempt(now, peer, peer.state));
          break;
        case "unreachable":
          outputs.push(this.#attempt(now, peer, fresh(peer.lastAddr, now)));
          break;
        case "connected":
          break;
        default:
          assertNever(peer.state);
      }
    }
    return outputs;
  }

  #attempt(
    now: MonotonicMs,
    peer: Peer,
    { stage, attempts }: Extract<PeerState, { kind: "discovered" }>,
  ): PeerOutput {
    const deadlineAt = addMs(now, CONNECTING_DEADLINE_MS);
    this.#setState(peer, { kind: "connecting", stage, attempts, deadlineAt });
    switch (stage) {
      case "eagerRetry":
        assert(peer.lastAddr !== null, "the stage is entered with a last address, which stays");
        return { kind: "attemptEagerConnect", peer: peer.peer, address: peer.lastAddr };
      case "direct":
        return { kind: "attemptConnect", peer: peer.peer, ips: peer.ips, port: peer.port };
      case "punch":
        return { kind: "requestPunchCoordination", peer: peer.peer, ips: peer.ips };
      default:
        return assertNever(stage);
    }
  }

  #connect(
    now: MonotonicMs,
    peer: PeerKey,
    address: SocketAddress | null,
    inbound: boolean,
  ): PeerOutput {
    const { ips = [], port = 0, lastAddr = null } = this.#peers.get(peer) ?? {};
    this.#connected = null;
    this.#peers.set(peer, {
      peer,
      // Over a carrier nothing is learned of where the peer is.
      ...address === null
        ? { ips, port, lastAddr }
        : { ips: [address.ip], port: address.port, lastAddr: address },
      state: { kind: "connected", connectedAt: now, address, inbound },
    });
    return { kind: "peerConnected", peer, address, inbound };
  }

  #fail(now: MonotonicMs, key: PeerKey): void {
    const peer = this.#peers.get(key);
    if (peer?.state.kind !== "connecting") return;
    const attempts = peer.state.attempts + 1;
    if (attempts < STAGE_ATTEMPTS[peer.state.stage]) {
      this.#setState(peer, waiting(now, peer.state.stage, attempts));
      return;
    }
    const stage = NEXT_STAGE[peer.state.stage];
    this.#setState(
      peer,
      stage === null
        ? { kind: "unreachable", dueAt: addMs(now, UNREACHABLE_PAUSE_MS) }
        : waiting(now, stage, 0),
    );
  }

  #disconnect(now: MonotonicMs, key: PeerKey, reason: DisconnectReason): void {
    const peer = this.#peers.get(key);
    if (peer?.state.kind !== "connected" && peer?.state.kind !== "connecting") return;
    this.#setState(peer, fresh(peer.lastAddr, addMs(now, RECONNECT_DELAY_MS[reason])));
  }

  #retry(now: MonotonicMs, key: PeerKey): void {
    const peer = this.#peers.get(key);
    if (peer === undefined) {
      const state = fresh(null, now);
      this.#peers.set(key, { peer: key, ips: [], port: 0, lastAddr: null, state });
      return;
    }
    if (peer.state.kind === "connected" || peer.state.kind === "connecting") return;
    this.#setState(peer, fresh(peer.lastAddr, now));
  }

  #setState(peer: Peer, state: PeerState): void {
    if (peer.state.kind === "connected") this.#connected = null;
    this.#peers.set(peer.peer, { ...peer, state });
  }
}

/** Discovered, at the first stage, to be tried at `dueAt`. */
function fresh(
  lastAddr: SocketAddress | null,
  dueAt: MonotonicMs,
): Extract<PeerState, { kind: "discovered" }> {
  const stage = lastAddr === null ? "direct" : "eagerRetry";
  return { kind: "discovered", stage, attempts: 0, dueAt };
}

/** Discovered, waiting out the back-off after a failure. */
function waiting(now: MonotonicMs, stage: ConnectStage, attempts: number): PeerState {
  return { kind: "discovered", stage, attempts, dueAt: addMs(now, backoffMs(attempts)) };
}

function wakeupAt(state: PeerState): MonotonicMs | null {
  switch (state.kind) {
    case "discovered":
    case "unreachable":
      return state.dueAt;
    case "connecting":
      return state.deadlineAt;
    case "connected":
      return null;
    default:
      return assertNever(state);
  }
}

/** The order of addresses carries no meaning; a changed order is no reason to try again. */
function sameSet(a: readonly string[], b: readonly string[]): boolean {
  const set = new Set(a);
  return set.size === new Set(b).size && b.every((item) => set.has(item));
}

function sameAddress(a: SocketAddress | null, b: SocketAddress | null): boolean {
  return a?.ip === b?.ip && a?.port === b?.port;
}
