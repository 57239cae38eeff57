// Relays as their carrier sees them: for whom packets are carried, and for how many. Pure.
//
//   what happens                         what follows
//   a member asks for another one        the flow is opened, and granted to that other one first, so
//                                        that what the first one sends finds it there
//   the other one accepts                it is granted to the first one
//   it does not within some seconds      the flow is ended, the first one told no
//   an end withdraws, a session ends     the flow is ended, the other end told so
//   a session is relayed itself now      the same
//   nothing of it is possible            no, and why
//
// Invariant: both ends are members with a direct session, so that no relay leads through another one;
// what one member can make us carry is bounded, in number and, by the engine, in bytes.

import { RelayRefusalReason } from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import {
  CARRIED_FLOWS_MAX,
  type MonotonicMs,
  PEER_KEY_BYTES,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  PeerRateLimiter,
  type RelayPeer,
  RELAYS_PER_MEMBER_MAX,
} from "../types/mod.ts";
import type { NodeOutput } from "./steps.ts";

/** How long the other end may take to accept: less than the first one waits. */
const ACCEPTANCE_TIMEOUT_MS = 2_000;
/** Requests of one member that are answered at once; and the time for one more. */
const REQUESTS_BURST = RELAYS_PER_MEMBER_MAX;
const REQUEST_PAUSE_MS = 250;

interface Relay {
  readonly flow: number;
  readonly asker: PeerKey;
  readonly other: PeerKey;
  readonly askedAt: MonotonicMs;
  isAccepted: boolean;
}

export interface CarryingOptions {
  readonly store: Store;
  /** Whether anything is carried at all. */
  readonly carries: boolean;
  /** The peers between which packets can be carried. */
  peers(): ReadonlyMap<PeerKey, RelayPeer>;
}

export class Carrying {
  readonly #options: CarryingOptions;
  readonly #relays = new Map<number, Relay>();
  readonly #requests = new PeerRateLimiter(REQUESTS_BURST, REQUEST_PAUSE_MS);
  #lastFlow = 0;

  constructor(options: CarryingOptions) {
    this.#options = options;
  }

  /** How many relays there are. */
  get count(): number {
    return this.#relays.size;
  }

  /** A member asks to be led to another one. Too many requests are not answered. */
  requested(now: MonotonicMs, from: PeerKey, peerId: Uint8Array): NodeOutput[] {
    if (peerId.length !== PEER_KEY_BYTES || !this.#requests.allow(from, now)) return [];
    const peer = peerKeyFromBytes(peerId);
    const known = this.#between(from, peer);
    if (known !== undefined) return known.isAccepted ? [grant(known.flow, from, peer)] : [];
    const reason = this.#reasonAgainst(from, peer);
    if (reason !== null) return [refusal(from, peer, reason)];
    const flow = ++this.#lastFlow;
    const relay = { flow, asker: from, other: peer, askedAt: now, isAccepted: false };
    this.#relays.set(flow, relay);
    return [{ kind: "carry", flow, ends: [from, peer] }];
  }

  /** What was to be carried is, or cannot be. */
  opened(flow: number, isOpen: boolean): NodeOutput[] {
    const relay = this.#relays.get(flow);
    if (relay === undefined) return isOpen ? [{ kind: "endCarried", flow }] : [];
    const { asker, other } = relay;
    if (isOpen) return [grant(flow, other, asker)];
    this.#relays.delete(flow);
    return [refusal(asker, other, RelayRefusalReason.FULL)];
  }

  /** An end takes part. */
  accepted(from: PeerKey, flow: number): NodeOutput[] {
    const relay = this.#relays.get(flow);
    if (relay === undefined || relay.other !== from || relay.isAccepted) return [];
    relay.isAccepted = true;
    return [grant(flow, relay.asker, relay.other)];
  }

  /** An end wants it no more. */
  withdrawn(from: PeerKey, flow: number): NodeOutput[] {
    const relay = this.#relays.get(flow);
    if (relay === undefined || (relay.asker !== from && relay.other !== from)) return [];
    return this.#end(relay, from);
  }

  /** A peer has another session now, none any more, or one that is relayed. */
  endPeer(peer: PeerKey): NodeOutput[] {
    return [...this.#relays.values()]
      .filter(({ asker, other }) => asker === peer || other === peer)
      .flatMap((relay) => this.#end(relay, peer));
  }

  /** Time goes by. */
  tick(now: MonotonicMs): NodeOutput[] {
    return [...this.#relays.values()]
      .filter(({ isAccepted, askedAt }) => !isAccepted && now - askedAt >= ACCEPTANCE_TIMEOUT_MS)
      .flatMap((relay) => [...this.#end(relay, null), withdrawal(relay.other, relay.flow)]);
  }

  #reasonAgainst(from: PeerKey, peer: PeerKey): RelayRefusalReason | null {
    const { carries, peers, store } = this.#options;
    if (!carries) return RelayRefusalReason.OFF;
    const connected = peers();
    if (peer === from || !connected.has(from) || !connected.has(peer)) {
      return RelayRefusalReason.NOT_CONNECTED;
    }
    if (store.isSubjectRevoked(from) || store.isSubjectRevoked(peer)) {
      return RelayRefusalReason.NOT_CONNECTED;
    }
    const own = [...this.#relays.values()].filter(({ asker }) => asker === from).length;
    const isFull = own >= RELAYS_PER_MEMBER_MAX || this.#relays.size >= CARRIED_FLOWS_MAX;
    return isFull ? RelayRefusalReason.FULL : null;
  }

  #between(one: PeerKey, two: PeerKey): Relay | undefined {
    return this.#relays.values().find(({ asker, other }) =>
      asker === one && other === two || asker === two && other === one
    );
  }

  /** Ends it and tells the ends, but for the one that knows. */
  #end({ flow, asker, other, isAccepted }: Relay, knowing: PeerKey | null): NodeOutput[] {
    this.#relays.delete(flow);
    const outputs: NodeOutput[] = [{ kind: "endCarried", flow }];
    if (knowing !== asker) {
      outputs.push(
        isAccepted ? withdrawal(asker, flow) : refusal(asker, other, RelayRefusalReason.DECLINED),
      );
    }
    if (knowing !== other && knowing !== null) outputs.push(withdrawal(other, flow));
    return outputs;
  }
}

function grant(flow: number, to: PeerKey, peer: PeerKey): NodeOutput {
  const value = { peerId: peerKeyBytes(peer), flow };
  return { kind: "sendFrame", peer: to, frame: { body: { kind: "relayGrant", value } } };
}

function refusal(to: PeerKey, peer: PeerKey, reason: RelayRefusalReason): NodeOutput {
  const value = { peerId: peerKeyBytes(peer), reason };
  return { kind: "sendFrame", peer: to, frame: { body: { kind: "relayRefusal", value } } };
}

function withdrawal(to: PeerKey, flow: number): NodeOutput {
  const value = { flow, carried: true };
  return { kind: "sendFrame", peer: to, frame: { body: { kind: "relayWithdrawal", value } } };
}
