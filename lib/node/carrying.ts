// Relays as their carrier sees them: for whom packets are carried, and for how many. Pure.
//
//   what happens                         what follows
//   a member asks for another one        the flow is opened, and granted to the end with the greater
//                                        key first: the other one dials, and is to find it there
//   the first one accepts                it is granted to the one that dials
//   they do not within some seconds      the flow is ended, who asked told no
//   an end withdraws, a session ends     the flow is ended, the other end told so
//   a session is relayed itself now      the same
//   relays come, go, rest or are used    their members' limits are shared anew (relay_shares.ts)
//   nothing of it is possible            no, and why
//
// Invariant: both ends are members with a direct session, so that no relay leads through another one;
// what one member can make us carry is bounded, in number and, over all of its relays, in bytes.

import { RelayRefusalReason } from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import {
  CARRIED_FLOWS_MAX,
  type LimitCounter,
  type MonotonicMs,
  PEER_KEY_BYTES,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  PeerRateLimiter,
  RELAY_REQUESTS_AT_ONCE_MAX,
  RELAY_WORD_PAUSE_MS,
  type RelayPeer,
  RELAYS_PER_MEMBER_MAX,
  uncounted,
} from "../types/mod.ts";
import { shareLimit } from "./relay_shares.ts";
import type { NodeOutput } from "./steps.ts";

/** How long both ends may take to accept: less than the one that asks waits. */
const ACCEPTANCE_TIMEOUT_MS = 2_000;
/** The shortest time over which it is measured whether a relay is in use. */
const MEASURING_MS = 500;
/** The part of its least share from which on a relay is in use. */
const IN_USE_PART = 1 / 2;

type LimitCarried = Extract<NodeOutput, { kind: "limitCarried" }>;

interface Relay {
  readonly flow: number;
  /** Who asked for it, and the peer that was asked for. */
  readonly ends: readonly [PeerKey, PeerKey];
  readonly askedAt: MonotonicMs;
  /** The ends that were granted it, and those of them that take part. */
  readonly granted: Set<PeerKey>;
  readonly accepted: Set<PeerKey>;
  /** What it has passed when that was last measured, in bytes. */
  passed: number;
  /** One that was just asked for is about to be. */
  isInUse: boolean;
  /** Its shares, in bytes per second: see `Share`. */
  least: number;
  bytesPerSecond: number;
}

export interface CarryingOptions {
  readonly store: Store;
  /** What one member gets in each direction; null where nothing is carried at all. */
  readonly bytesPerSecond: number | null;
  /** Takes what finds no room. Default: nobody does. */
  readonly limits?: LimitCounter;
  /** The peers between which packets can be carried. */
  peers(): ReadonlyMap<PeerKey, RelayPeer>;
}

export class Carrying {
  readonly #options: CarryingOptions;
  readonly #relays = new Map<number, Relay>();
  readonly #limits: LimitCounter;
  readonly #requests: PeerRateLimiter;
  #lastFlow = 0;
  #measuredAt = 0 as MonotonicMs;

  constructor(options: CarryingOptions) {
    this.#options = options;
    const { limits = uncounted } = options;
    this.#limits = limits;
    const onExceeded = () => limits.count("relay_requests");
    this.#requests = new PeerRateLimiter(
      RELAY_REQUESTS_AT_ONCE_MAX,
      RELAY_WORD_PAUSE_MS,
      onExceeded,
    );
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
    const relay: Relay = {
      flow,
      ends: [from, peer],
      askedAt: now,
      granted: new Set(),
      accepted: new Set(),
      passed: 0,
      isInUse: true,
      least: 0,
      bytesPerSecond: 0,
    };
    this.#relays.set(flow, relay);
    const limits = this.#share([relay]).filter((limit) => limit.flow !== flow);
    const { ends, bytesPerSecond } = relay;
    return [...limits, { kind: "carry", flow, ends, bytesPerSecond }];
  }

  /** What was to be carried is, or cannot be. */
  opened(flow: number, isOpen: boolean): NodeOutput[] {
    const relay = this.#relays.get(flow);
    if (relay === undefined) return isOpen ? [{ kind: "endCarried", flow }] : [];
    const [asker, other] = relay.ends;
    if (isOpen) return [grant(relay, asker < other ? other : asker)];
    this.#relays.delete(flow);
    return [refusal(asker, other, RelayRefusalReason.FULL), ...this.#share([relay])];
  }

  /** An end takes part. */
  accepted(from: PeerKey, flow: number): NodeOutput[] {
    const relay = this.#relays.get(flow);
    if (!relay?.granted.has(from) || relay.accepted.has(from)) return [];
    relay.accepted.add(from);
    const next = otherEnd(relay, from);
    return relay.granted.has(next) ? [] : [grant(relay, next)];
  }

  /** An end wants it no more. */
  withdrawn(from: PeerKey, flow: number): NodeOutput[] {
    const relay = this.#relays.get(flow);
    return relay?.ends.includes(from) ? this.#endAll([relay], from) : [];
  }

  /** A peer has another session now, none any more, or one that is relayed. */
  endPeer(peer: PeerKey): NodeOutput[] {
    return this.#endAll(this.#of(peer), peer);
  }

  /** What each flow has passed since it was opened, in bytes. */
  measured(now: MonotonicMs, passed: ReadonlyMap<number, number>): NodeOutput[] {
    const elapsed = now - this.#measuredAt;
    if (elapsed < MEASURING_MS) return [];
    this.#measuredAt = now;
    for (const relay of this.#relays.values()) {
      const before = relay.passed;
      relay.passed = passed.get(relay.flow) ?? before;
      if (now - relay.askedAt < ACCEPTANCE_TIMEOUT_MS) continue;
      const perSecond = (relay.passed - before) * 1_000 / elapsed;
      relay.isInUse = perSecond >= relay.least * IN_USE_PART;
    }
    return this.#share([...this.#relays.values()]);
  }

  /** Time goes by. */
  tick(now: MonotonicMs): NodeOutput[] {
    const late = [...this.#relays.values()].filter(({ accepted, askedAt }) =>
      accepted.size < 2 && now - askedAt >= ACCEPTANCE_TIMEOUT_MS
    );
    return this.#endAll(late, null);
  }

  #reasonAgainst(from: PeerKey, peer: PeerKey): RelayRefusalReason | null {
    const { bytesPerSecond, peers, store } = this.#options;
    if (bytesPerSecond === null) return RelayRefusalReason.OFF;
    const connected = peers();
    if (peer === from || !connected.has(from) || !connected.has(peer)) {
      return RelayRefusalReason.NOT_CONNECTED;
    }
    if (store.isSubjectRevoked(from) || store.isSubjectRevoked(peer)) {
      return RelayRefusalReason.NOT_CONNECTED;
    }
    const own = this.#of(from).filter(({ ends: [asker] }) => asker === from).length;
    const isFull = own >= RELAYS_PER_MEMBER_MAX || this.#relays.size >= CARRIED_FLOWS_MAX;
    if (!isFull) return null;
    this.#limits.count("relays_carried");
    return RelayRefusalReason.FULL;
  }

  #between(one: PeerKey, two: PeerKey): Relay | undefined {
    return this.#of(one).find(({ ends }) => ends.includes(two));
  }

  /** Those with this end. */
  #of(peer: PeerKey): Relay[] {
    return [...this.#relays.values()].filter(({ ends }) => ends.includes(peer));
  }

  /** What changes in the limits of relays, now that these have come or gone or are used otherwise. */
  #share(changed: readonly Relay[]): LimitCarried[] {
    const limit = this.#options.bytesPerSecond ?? 0;
    const ends = new Set(changed.flatMap(({ ends }) => ends));
    const shares = shareLimit(limit, [...this.#relays.values()], ends);
    return [...shares].flatMap(([relay, { least, now }]) => {
      relay.least = least;
      if (relay.bytesPerSecond === now) return [];
      relay.bytesPerSecond = now;
      return [{ kind: "limitCarried", flow: relay.flow, bytesPerSecond: now }];
    });
  }

  #endAll(relays: readonly Relay[], knowing: PeerKey | null): NodeOutput[] {
    if (relays.length === 0) return [];
    return [...relays.flatMap((relay) => this.#end(relay, knowing)), ...this.#share(relays)];
  }

  /** Ends it and tells the ends, but for the one that knows. */
  #end({ flow, ends, granted }: Relay, knowing: PeerKey | null): NodeOutput[] {
    this.#relays.delete(flow);
    const [asker, other] = ends;
    const outputs: NodeOutput[] = [{ kind: "endCarried", flow }];
    for (const end of ends.filter((end) => end !== knowing)) {
      if (granted.has(end)) outputs.push(withdrawal(end, flow));
      else if (end === asker) outputs.push(refusal(asker, other, RelayRefusalReason.DECLINED));
    }
    return outputs;
  }
}

function otherEnd({ ends: [one, other] }: Relay, end: PeerKey): PeerKey {
  return end === one ? other : one;
}

function grant(relay: Relay, to: PeerKey): NodeOutput {
  relay.granted.add(to);
  const value = { peerId: peerKeyBytes(otherEnd(relay, to)), flow: relay.flow };
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
