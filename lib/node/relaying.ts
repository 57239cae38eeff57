// Relays as one of their ends sees them: which member is asked to carry packets to a peer that we do
// not reach ourselves. Pure.
//
//   what happens                        what follows
//   a peer is not reached at once       a carrier is asked: the nearest that says it reaches the peer
//   a peer is reached over a carrier    another one is asked too, for when the first one goes
//   a session goes silent               as if the peer was not reached
//   a carrier says no, or nothing       the next one is asked; after the last one there is a pause
//   a carrier grants a flow             it is opened, and the carrier is told so
//   a peer is reached without them      its flows are given up after a while
//   a carrier's session ends or moves   its flows are forgotten; they ended with it
//
// Invariant: flows are opened only to members, over carriers with a direct session, so that no
// relay ever leads through another one; how many is bounded for each peer and carrier.

import type { RelayGrant } from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import {
  addMs,
  type LimitCounter,
  type MonotonicMs,
  PEER_KEY_BYTES,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  PeerRateLimiter,
  RELAY_GRANTS_AT_ONCE_MAX,
  RELAY_WORD_PAUSE_MS,
  type RelayPeer,
  RELAYS_PER_CARRIER_MAX,
  RELAYS_PER_PEER_MAX,
  uncounted,
} from "../types/mod.ts";
import type { NodeOutput } from "./steps.ts";

/** After which a carrier that does not answer counts as one that said no. */
export const REQUEST_TIMEOUT_MS = 3_000;
/** Between two rounds through all carriers: first and longest. */
const ROUND_PAUSE_MS = 1_000;
const ROUND_PAUSE_MS_MAX = 60_000;
/** How long a flow is kept that is not needed: a direct path that was just found may not last. */
export const KEPT_MS = 30_000;
/** Between two attempts to punch a way to a peer that is relayed: first and longest. */
const PUNCH_PAUSE_MS = 5_000;
const PUNCH_PAUSE_MS_MAX = 60_000;

interface Flow {
  readonly carrier: PeerKey;
  readonly flow: number;
}

/** What is done so that a peer is reached over carriers. */
interface Search {
  /** Whether the session with it is relayed now. */
  isRelayed: boolean;
  /** Whether another flow is asked for when there are too few. */
  isWanted: boolean;
  /** When all of it is given up; null as long as it is needed. */
  endsAt: MonotonicMs | null;
  /** Those granted, opened or about to be. */
  flows: Flow[];
  asked: { readonly carrier: PeerKey; readonly at: MonotonicMs } | null;
  /** Who said no in this round. */
  readonly tried: Set<PeerKey>;
  nextRoundAt: MonotonicMs;
  roundPauseMs: number;
  nextPunchAt: MonotonicMs;
  punchPauseMs: number;
}

export interface RelayingOptions {
  readonly store: Store;
  /** Takes what finds no room. Default: nobody does. */
  readonly limits?: LimitCounter;
  /** The peers that could carry something for us. */
  peers(): ReadonlyMap<PeerKey, RelayPeer>;
}

export class Relaying {
  readonly #options: RelayingOptions;
  readonly #searches = new Map<PeerKey, Search>();
  /** The highest number of a flow that each carrier gave in its present session. */
  readonly #lastFlow = new Map<PeerKey, number>();
  /** What `peers` said in this step: it takes a look at every session. */
  #view: ReadonlyMap<PeerKey, RelayPeer> | null = null;
  readonly #limits: LimitCounter;
  readonly #grants: PeerRateLimiter;

  constructor(options: RelayingOptions) {
    this.#options = options;
    const { limits = uncounted } = options;
    this.#limits = limits;
    const onExceeded = () => limits.count("relay_grants");
    this.#grants = new PeerRateLimiter(
      RELAY_GRANTS_AT_ONCE_MAX,
      RELAY_WORD_PAUSE_MS,
      onExceeded,
    );
  }

  /** Whether a way to the peer over carriers is looked for, or used. */
  isSought(peer: PeerKey): boolean {
    return this.#searches.get(peer)?.isWanted ?? false;
  }

  /** Those who carry between us and the peer, or are about to. */
  carriersOf(peer: PeerKey): readonly PeerKey[] {
    return this.#searches.get(peer)?.flows.map(({ carrier }) => carrier) ?? [];
  }

  /** Whether the session with the peer is relayed. */
  isRelayed(peer: PeerKey): boolean {
    return this.#searches.get(peer)?.isRelayed ?? false;
  }

  /** The peer is not reached, as far as we know. */
  seek(now: MonotonicMs, peer: PeerKey): NodeOutput[] {
    this.#view = null;
    const search = this.#want(now, peer);
    // Attempts to reach it are paced already.
    search.nextRoundAt = now;
    return this.#ask(now, peer, search);
  }

  /** Nothing is heard of a peer with which there is a session. */
  silent(now: MonotonicMs, peer: PeerKey): NodeOutput[] {
    const outputs = this.seek(now, peer);
    const search = this.#searches.get(peer)!;
    if (!search.isRelayed) search.endsAt = addMs(now, KEPT_MS);
    return outputs;
  }

  /** There is a session with the peer over a carrier. */
  relayed(now: MonotonicMs, peer: PeerKey): NodeOutput[] {
    this.#view = null;
    const search = this.#want(now, peer);
    search.isRelayed = true;
    return this.#ask(now, peer, search);
  }

  /** The peer is reached without a carrier. */
  reached(now: MonotonicMs, peer: PeerKey): void {
    const search = this.#searches.get(peer);
    if (search === undefined) return;
    search.isRelayed = false;
    search.isWanted = false;
    search.endsAt = addMs(now, KEPT_MS);
  }

  /** The session with the peer has ended. */
  lost(peer: PeerKey): void {
    const search = this.#searches.get(peer);
    if (search !== undefined) search.isRelayed = false;
  }

  /** The peer is a member no more. */
  forget(peer: PeerKey): NodeOutput[] {
    const outputs = (this.#searches.get(peer)?.flows ?? []).flatMap(giveUp);
    this.#searches.delete(peer);
    return outputs;
  }

  /** A peer has another session now, none any more, or one that is relayed: what it carried has ended. */
  endCarrier(now: MonotonicMs, carrier: PeerKey): NodeOutput[] {
    this.#view = null;
    this.#lastFlow.delete(carrier);
    const outputs: NodeOutput[] = [];
    for (const [peer, search] of this.#searches) {
      for (const flow of search.flows.filter((flow) => flow.carrier === carrier)) {
        outputs.push({ kind: "closeRelay", ...flow });
      }
      search.flows = search.flows.filter((flow) => flow.carrier !== carrier);
      search.tried.delete(carrier);
      if (search.asked?.carrier === carrier) search.asked = null;
      // Who comes may be able to help, and who goes has to be replaced.
      search.nextRoundAt = now;
      search.roundPauseMs = ROUND_PAUSE_MS;
      if (search.flows.length < this.#flowsWanted(peer, search)) {
        outputs.push(...this.#ask(now, peer, search));
      }
    }
    return outputs;
  }

  /** Time goes by: about once a second. */
  tick(now: MonotonicMs): NodeOutput[] {
    this.#view = null;
    const outputs: NodeOutput[] = [];
    for (const [peer, search] of this.#searches) {
      if (search.endsAt !== null && search.endsAt <= now) {
        outputs.push(...search.flows.flatMap(giveUp));
        this.#searches.delete(peer);
        continue;
      }
      if (search.asked !== null && now - search.asked.at >= REQUEST_TIMEOUT_MS) {
        search.tried.add(search.asked.carrier);
        search.asked = null;
      }
      outputs.push(...this.#ask(now, peer, search));
    }
    return outputs;
  }

  /** The relayed peers to which a way is to be punched now. One of the two ends sees to it. */
  punches(now: MonotonicMs): PeerKey[] {
    const due = [...this.#searches].filter(([peer, search]) =>
      search.isRelayed && this.#isFirst(peer) && search.nextPunchAt <= now
    );
    for (const [, search] of due) {
      search.nextPunchAt = addMs(now, search.punchPauseMs);
      search.punchPauseMs = Math.min(2 * search.punchPauseMs, PUNCH_PAUSE_MS_MAX);
    }
    return due.map(([peer]) => peer);
  }

  /** A carrier grants a flow to a peer, whoever asked for it. */
  granted(now: MonotonicMs, carrier: PeerKey, { peerId, flow }: RelayGrant): NodeOutput[] {
    const { store, peers } = this.#options;
    if (peerId.length !== PEER_KEY_BYTES || flow === 0) return [];
    const peer = peerKeyFromBytes(peerId);
    const search = this.#searches.get(peer);
    // It repeats what it granted when both ends asked.
    if (search?.flows.some((known) => known.carrier === carrier && known.flow === flow)) return [];
    if (!this.#grants.allow(carrier, now)) return [];
    if (search?.asked?.carrier === carrier) search.asked = null;
    const isMember = store.get(peer) !== null && !store.isSubjectRevoked(peer);
    const isNew = flow > (this.#lastFlow.get(carrier) ?? 0);
    const isPossible = isMember && isNew && peer !== store.local && peer !== carrier &&
      peers().has(carrier);
    if (isNew) this.#lastFlow.set(carrier, flow);
    if (!isPossible) return [withdrawal(carrier, flow)];
    if (!this.#hasRoom(peer, carrier)) {
      this.#limits.count("relay_grants");
      return [withdrawal(carrier, flow)];
    }
    const taken = search ?? this.#begin(now, peer);
    const replaced = taken.flows.filter((known) => known.carrier === carrier);
    taken.flows = [...taken.flows.filter((known) => known.carrier !== carrier), { carrier, flow }];
    return [...replaced.flatMap(giveUp), { kind: "openRelay", carrier, flow, peer }];
  }

  /** This end of a flow is open, or could not be opened. */
  opened(carrier: PeerKey, flow: number, peer: PeerKey, isOpen: boolean): NodeOutput[] {
    if (isOpen) return [frame(carrier, { kind: "relayAcceptance", value: { flow } })];
    this.#drop(peer, carrier, flow);
    return [withdrawal(carrier, flow)];
  }

  /** A carrier says no. */
  refused(now: MonotonicMs, carrier: PeerKey, peerId: Uint8Array): NodeOutput[] {
    this.#view = null;
    if (peerId.length !== PEER_KEY_BYTES) return [];
    const peer = peerKeyFromBytes(peerId);
    const search = this.#searches.get(peer);
    if (search?.asked?.carrier !== carrier) return [];
    search.asked = null;
    search.tried.add(carrier);
    return this.#ask(now, peer, search);
  }

  /** A carrier ends a flow. */
  withdrawn(now: MonotonicMs, carrier: PeerKey, flow: number): NodeOutput[] {
    this.#view = null;
    for (const [peer, search] of this.#searches) {
      if (!this.#drop(peer, carrier, flow)) continue;
      search.tried.add(carrier);
      return [{ kind: "closeRelay", carrier, flow }, ...this.#ask(now, peer, search)];
    }
    return [];
  }

  #want(now: MonotonicMs, peer: PeerKey): Search {
    const search = this.#searches.get(peer) ?? this.#begin(now, peer);
    search.isWanted = true;
    search.endsAt = null;
    return search;
  }

  /** One that only the peer wants, so far: it is kept as long as one that is not needed any more. */
  #begin(now: MonotonicMs, peer: PeerKey): Search {
    const search: Search = {
      isRelayed: false,
      isWanted: false,
      endsAt: addMs(now, KEPT_MS),
      flows: [],
      asked: null,
      tried: new Set(),
      nextRoundAt: now,
      roundPauseMs: ROUND_PAUSE_MS,
      nextPunchAt: now,
      punchPauseMs: PUNCH_PAUSE_MS,
    };
    this.#searches.set(peer, search);
    return search;
  }

  /** One in use and, for one of the two ends, one in reserve. */
  #flowsWanted(peer: PeerKey, { isRelayed, isWanted }: Search): number {
    if (!isWanted) return 0;
    return isRelayed && this.#isFirst(peer) ? 2 : 1;
  }

  /** Of what both ends could do, and one is enough, the one with the smaller key does it. */
  #isFirst(peer: PeerKey): boolean {
    return this.#options.store.local < peer;
  }

  #ask(now: MonotonicMs, peer: PeerKey, search: Search): NodeOutput[] {
    const isEnough = search.flows.length >= this.#flowsWanted(peer, search);
    if (isEnough || search.asked !== null || search.nextRoundAt > now) return [];
    const carrier = this.#nextCarrier(peer, search);
    if (carrier === null) {
      search.tried.clear();
      search.nextRoundAt = addMs(now, search.roundPauseMs);
      search.roundPauseMs = Math.min(2 * search.roundPauseMs, ROUND_PAUSE_MS_MAX);
      return [];
    }
    search.asked = { carrier, at: now };
    return [frame(carrier, { kind: "relayRequest", value: { peerId: peerKeyBytes(peer) } })];
  }

  /** The nearest that says it is connected with the peer and did not say no. */
  #nextCarrier(peer: PeerKey, { flows, tried }: Search): PeerKey | null {
    const { store, peers } = this.#options;
    this.#view ??= peers();
    const able = [...this.#view].filter(([carrier, { carries }]) =>
      carries && carrier !== peer && !tried.has(carrier) &&
      !flows.some((flow) => flow.carrier === carrier) && store.isConnected(carrier, peer)
    );
    able.sort(([a, one], [b, other]) => one.rttMs - other.rttMs || (a < b ? -1 : 1));
    return able[0]?.[0] ?? null;
  }

  #hasRoom(peer: PeerKey, carrier: PeerKey): boolean {
    const others = (this.#searches.get(peer)?.flows ?? [])
      .filter((flow) => flow.carrier !== carrier);
    if (others.length >= RELAYS_PER_PEER_MAX) return false;
    let ofCarrier = 0;
    for (const { flows } of this.#searches.values()) {
      ofCarrier += flows.filter((flow) => flow.carrier === carrier).length;
    }
    return ofCarrier < RELAYS_PER_CARRIER_MAX;
  }

  #drop(peer: PeerKey, carrier: PeerKey, flow: number): boolean {
    const search = this.#searches.get(peer);
    const left = search?.flows.filter((known) => known.carrier !== carrier || known.flow !== flow);
    if (search === undefined || left!.length === search.flows.length) return false;
    search.flows = left!;
    return true;
  }
}

function giveUp({ carrier, flow }: Flow): NodeOutput[] {
  return [{ kind: "closeRelay", carrier, flow }, withdrawal(carrier, flow)];
}

function withdrawal(carrier: PeerKey, flow: number): NodeOutput {
  return frame(carrier, { kind: "relayWithdrawal", value: { flow, carried: false } });
}

function frame(
  peer: PeerKey,
  body: NonNullable<Extract<NodeOutput, { kind: "sendFrame" }>["frame"]["body"]>,
): NodeOutput {
  return { kind: "sendFrame", peer, frame: { body } };
}
