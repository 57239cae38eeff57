// What peers tell each other of the state, over whichever protocol they speak: clocks and events in
// envelopes over pollen/1, what sync.ts says in frames over pollen/2. Pure.

import type {
  AgentPages,
  Envelope,
  EventRecords,
  Frame,
  GossipEvent,
  SignedPage,
} from "../proto/mod.ts";
import type { ApplyResult, Store } from "../store/mod.ts";
import {
  addMs,
  ALPN_MEMBER_2,
  type LimitCounter,
  type LinkProtocol,
  type MonotonicMs,
  type PeerKey,
  tryParsePeerKey,
  uncounted,
} from "../types/mod.ts";
import { AgentSync } from "./agent_sync.ts";
import { eventEnvelopes } from "./batches.ts";
import { firstTold, type Heard, Hearsay } from "./hearsay.ts";
import type { NodeOutput, SharedBody } from "./steps.ts";
import { Sync } from "./sync.ts";

/** At most one eager sync per peer in this time while sessions replace each other; a loss ends the pause. */
const EAGER_SYNC_PAUSE_MS = 5_000;

/**
 * Who asks and has heard of so few, itself among them, is new to the network, or has just started. It
 * asks a few only, and they tell everybody of it.
 */
const NEWCOMER_KNOWS_MAX = 2;

const NOBODY: ReadonlySet<PeerKey> = new Set();

export class Exchange {
  readonly #store: Store;
  readonly #connected: () => readonly PeerKey[];
  /** With the peers that are connected over pollen/2. */
  readonly #sync: Sync;
  /** The same for agents. */
  readonly #agents: AgentSync;
  readonly #hearsay = new Hearsay();
  readonly #isCrowded: () => boolean;
  readonly #eagerSyncAllowedAt = new Map<PeerKey, MonotonicMs>();
  /** Peers of whom we may be the first to hear. */
  readonly #newcomers = new Set<PeerKey>();

  /**
   * @param connected The peers with a live session.
   * @param isCrowded Whether many sessions begin or end, so that nobody knows who reaches whom.
   * @param limits Takes what finds no room. Default: nobody does.
   */
  constructor(
    store: Store,
    connected: () => readonly PeerKey[],
    isCrowded: () => boolean = () => false,
    limits: LimitCounter = uncounted,
  ) {
    this.#store = store;
    this.#connected = connected;
    this.#isCrowded = isCrowded;
    this.#sync = new Sync(store, limits);
    this.#agents = new AgentSync(store.local, store.agents, limits);
  }

  /**
   * What tells a new peer how much we know, so that it sends what we lack, and over pollen/2 who we are:
   * where many come at once, few of them can be asked at once.
   */
  begin(now: MonotonicMs, peer: PeerKey, protocol: LinkProtocol): NodeOutput[] {
    if (protocol === ALPN_MEMBER_2) {
      return framesTo(peer, [
        ...this.#sync.begin(now, peer),
        ...this.#sync.tell(peer, this.#store.introduction()),
        ...this.#agents.begin(now, peer),
      ]);
    }
    this.#sync.end(peer);
    this.#agents.end(peer);
    const allowedAt = this.#eagerSyncAllowedAt.get(peer);
    if (allowedAt !== undefined && allowedAt > now) return [];
    this.#eagerSyncAllowedAt.set(peer, addMs(now, EAGER_SYNC_PAUSE_MS));
    return [envelopeTo(peer, { kind: "clock", value: this.#store.eagerSyncClock() })];
  }

  end(peer: PeerKey): void {
    this.#eagerSyncAllowedAt.delete(peer);
    this.#newcomers.delete(peer);
    this.#sync.end(peer);
    this.#agents.end(peer);
  }

  /** Whether the peer takes frames. */
  takesFrames(peer: PeerKey): boolean {
    return this.#sync.has(peer);
  }

  /** Says what both protocols have words for. */
  say(peer: PeerKey, body: SharedBody): NodeOutput {
    return this.takesFrames(peer) ? frameTo(peer, { body }) : envelopeTo(peer, body);
  }

  /** What brings to light that a peer lacks something. */
  round(): NodeOutput[] {
    const clock = { kind: "clock", value: this.#store.clock() } as const;
    const frame = this.#sync.round(this.#agents.hash());
    return this.#connected().map((peer) =>
      this.takesFrames(peer) ? frameTo(peer, frame) : envelopeTo(peer, clock)
    );
  }

  /** What could wait: once a second or so. */
  tick(now: MonotonicMs): NodeOutput[] {
    const asked = [...this.#sync.tick(now), ...this.#agents.tick(now)]
      .flatMap(([peer, frame]) => framesTo(peer, [frame]));
    const { heard, isLittle } = this.#hearsay.take();
    if (heard.length === 0) return asked;
    const peers = isLittle && !this.#isCrowded() ? this.#connected() : this.#firstTold();
    return [...asked, ...this.#passOn(heard, peers, (peer, { told }) => !told.has(peer))];
  }

  /** Tells every peer. */
  broadcast(events: readonly GossipEvent[]): NodeOutput[] {
    return this.#connected().flatMap((peer) => this.#eventsTo(peer, events));
  }

  /** Tells every peer that can take them of pages of our own agents. */
  broadcastAgents(pages: readonly SignedPage[]): NodeOutput[] {
    return this.#connected().filter((peer) => this.takesFrames(peer))
      .flatMap((peer) => framesTo(peer, this.#agents.tell(pages)));
  }

  /** A part of the exchange that came in an envelope; null for anything else. */
  onEnvelope(peer: PeerKey, body: Envelope["body"]): NodeOutput[] | null {
    switch (body?.kind) {
      case "clock":
        return this.#eventsTo(peer, this.#store.missingFor(body.value));
      case "events":
        return this.#spread(this.#store.applyEvents(body.value.events), peer);
      default:
        return null;
    }
  }

  /** A part of the exchange that came in a frame; null for anything else. */
  onFrame(now: MonotonicMs, peer: PeerKey, body: Frame["body"]): NodeOutput[] | null {
    switch (body?.kind) {
      case "digest":
        return framesTo(peer, [
          ...this.#sync.onDigest(now, peer, body.value.hash),
          ...this.#agents.onHash(now, peer, body.value.agents),
        ]);
      case "summary":
        if (body.value.positions.length <= NEWCOMER_KNOWS_MAX) this.#newcomers.add(peer);
        return framesTo(peer, this.#sync.onSummary(now, peer, body.value));
      case "records":
        return this.#onRecords(now, peer, body.value);
      case "agentSummary":
        return framesTo(peer, this.#agents.onSummary(now, peer, body.value));
      case "agentPages":
        return this.#onAgents(peer, body.value);
      default:
        return null;
    }
  }

  #onRecords(now: MonotonicMs, peer: PeerKey, records: EventRecords): NodeOutput[] {
    const result = this.#store.applyRecords(records);
    const follow = this.#sync.onRecords(now, peer, records, result.applied.length > 0);
    return [...this.#spread(result, peer), ...framesTo(peer, follow)];
  }

  /**
   * Pages that were new go on to some of those whom their author does not reach itself; a digest tells
   * the others, and in a crowd everybody.
   */
  #onAgents(from: PeerKey, { pages, more }: AgentPages): NodeOutput[] {
    const applied = this.#store.agents.apply(pages);
    const outputs = framesTo(from, this.#agents.onPages(from, applied.size > 0, more));
    if (this.#isCrowded()) return outputs;
    for (const [author, of] of applied) {
      const others = [...this.#firstTold()].filter((peer) =>
        this.takesFrames(peer) && peer !== from && peer !== author &&
        !this.#store.isConnected(author, peer)
      );
      outputs.push(...others.flatMap((peer) => framesTo(peer, this.#agents.tell(of))));
    }
    return outputs;
  }

  /** What was new goes on, and what others said in our name is put right. */
  #spread({ rebroadcast, applied }: ApplyResult, from: PeerKey): NodeOutput[] {
    const outputs = this.broadcast(rebroadcast);
    if (applied.length === 0) return outputs;
    const all = new Set(this.#connected());
    const first = this.#isCrowded() ? NOBODY : this.#firstTold();
    const heard = applied.map((event): Heard => ({
      event,
      from,
      told: this.#isForAll(event, from)
        ? all
        : event.change?.kind === "reachability"
        ? NOBODY
        : first,
    }));
    this.#newcomers.delete(from);
    for (const each of heard) {
      if (each.told.size < all.size) this.#hearsay.keep(each);
    }
    for (const [told, of] of Map.groupBy(heard, ({ told }) => told)) {
      outputs.push(...this.#passOn(of, told, () => true));
    }
    return outputs;
  }

  /** A revocation, and what a newcomer says of itself: where many come at once, nobody else may know it. */
  #isForAll({ peerId, change }: GossipEvent, from: PeerKey): boolean {
    if (change?.kind === "revocation") return true;
    return this.#newcomers.has(from) && peerId === from && change?.kind !== "reachability";
  }

  /** Those that hear at once what is new: over pollen/1 all, because there what is missed may never be found out. */
  #firstTold(): ReadonlySet<PeerKey> {
    const peers = this.#connected();
    const first = firstTold(this.#store.local, peers.filter((peer) => this.takesFrames(peer)));
    return new Set(peers.filter((peer) => first.has(peer) || !this.takesFrames(peer)));
  }

  /** What was new here goes on to those of the peers whose turn it is, and whom its author does not reach itself. */
  #passOn(
    heard: readonly Heard[],
    peers: Iterable<PeerKey>,
    isTurnOf: (peer: PeerKey, heard: Heard) => boolean,
  ): NodeOutput[] {
    const byAuthor = Map.groupBy(heard, ({ event }) => tryParsePeerKey(event.peerId));
    return [...peers].flatMap((peer) => {
      const events = [...byAuthor].flatMap(([author, of]) =>
        author === null || author === peer || this.#store.isConnected(author, peer)
          ? []
          : of.filter((each) => each.from !== peer && isTurnOf(peer, each))
      );
      return events.length === 0 ? [] : this.#eventsTo(peer, events.map(({ event }) => event));
    });
  }

  #eventsTo(peer: PeerKey, events: readonly GossipEvent[]): NodeOutput[] {
    if (this.takesFrames(peer)) return framesTo(peer, this.#sync.tell(peer, events));
    return eventEnvelopes(events).map((envelope) => ({ kind: "send", peer, envelope }));
  }
}

function frameTo(peer: PeerKey, frame: Frame): NodeOutput {
  return { kind: "sendFrame", peer, frame };
}

function framesTo(peer: PeerKey, frames: readonly Frame[]): NodeOutput[] {
  return frames.map((frame) => frameTo(peer, frame));
}

function envelopeTo(peer: PeerKey, body: NonNullable<Envelope["body"]>): NodeOutput {
  return { kind: "send", peer, envelope: { body } };
}
