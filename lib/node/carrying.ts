// Relays as their carrier sees them: for whom packets are carried, and for how many. Pure.
//
//   what happens                         what follows
//   a member asks for another one        the flow is opened, and granted to the end with the greater
//                                        key first: the other one dials, and is to find it there
//   the first one accepts                it is granted to the one that dials
//   they do not within some seconds      the flow is ended, who asked told no
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

/** How long both ends may take to accept: less than the one that asks waits. */
const ACCEPTANCE_TIMEOUT_MS = 2_000;
/** Requests of one member that are answered at once; and the time for one more. */
const REQUESTS_BURST = RELAYS_PER_MEMBER_MAX;
const REQUEST_PAUSE_MS = 250;

interface Relay {
  readonly flow: number;
  readonly asker: PeerKey;
  readonly other: PeerKey;
  readonly askedAt: MonotonicMs;
  /** The ends that were granted it, and those of them that take part. */
  readonly granted: Set<PeerKey>;
  readonly accepted: Set<PeerKey>;
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
    if (known !== undefined) return known.granted.has(from) ? [grant(known, from)] : [];
    const reason = this.#reasonAgainst(from, peer);
    if (reason !== null) return [refusal(from, peer, reason)];
    const flow = ++this.#lastFlow;
    const [granted, accepted] = [new Set<PeerKey>(), new Set<PeerKey>()];
    this.#relays.set(flow, { flow, asker: from, other: peer, askedAt: now, granted, accepted });
    return [{ kind: "carry", flow, ends: [from, peer] }];
  }

  /** What was to be carried is, or cannot be. */
  opened(flow: number, isOpen: boolean): NodeOutput[] {
    const relay = this.#relays.get(flow);
    if (relay === undefined) return isOpen ? [{ kind: "endCarried", flow }] : [];
    const { asker, other } = relay;
    if (isOpen) return [grant(relay, asker < other ? other : asker)];
    this.#relays.delete(flow);
    return [refusal(asker, other, RelayRefusalReason.FULL)];
  }

  /** An end takes part. */
  accepted(from: PeerKey, flow: number): NodeOutput[] {
    const relay = this.#relays.get(flow);
    if (!relay?.granted.has(from) || relay.accepted.has(from)) return [];
    relay.accepted.add(from);
    const next = from === relay.asker ? relay.other : relay.asker;
    return relay.granted.has(next) ? [] : [grant(relay, next)];
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
      .filter(({ accepted, askedAt }) =>
        accepted.size < 2 && now - askedAt >= ACCEPTANCE_TIMEOUT_MS
      )
      .flatMap((relay) => this.#end(relay, null));
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
  #end({ flow, asker, other, granted }: Relay, knowing: PeerKey | null): NodeOutput[] {
    this.#relays.delete(flow);
    const outputs: NodeOutput[] = [{ kind: "endCarried", flow }];
    for (const end of [asker, other].filter((end) => end !== knowing)) {
      if (granted.has(end)) outputs.push(withdrawal(end, flow));
      else if (end === asker) outputs.push(refusal(asker, other, RelayRefusalReason.DECLINED));
    }
    return outputs;
  }
}

function grant({ flow, asker, other, granted }: Relay, to: PeerKey): NodeOutput {
  granted.add(to);
  const value = { peerId: peerKeyBytes(to === asker ? other : asker), flow };
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
