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
  type LinkProtocol,
  type MonotonicMs,
  type PeerKey,
  tryParsePeerKey,
} from "../types/mod.ts";
import { AgentSync } from "./agent_sync.ts";
import { eventEnvelopes } from "./batches.ts";
import { firstTold, type Heard, Hearsay } from "./hearsay.ts";
import type { NodeOutput, SharedBody } from "./steps.ts";
import { Sync } from "./sync.ts";

/** At most one eager sync per peer in this time while sessions replace each other; a loss ends the pause. */
const EAGER_SYNC_PAUSE_MS = 5_000;

const NOBODY: ReadonlySet<PeerKey> = new Set();

export class Exchange {
  readonly #store: Store;
  readonly #connected: () => readonly PeerKey[];
  /** With the peers that are connected over pollen/2. */
  readonly #sync: Sync;
  /** The same for agents. */
  readonly #agents: AgentSync;
  readonly #hearsay = new Hearsay();
  readonly #eagerSyncAllowedAt = new Map<PeerKey, MonotonicMs>();

  /** @param connected The peers with a live session. */
  constructor(store: Store, connected: () => readonly PeerKey[]) {
    this.#store = store;
    this.#connected = connected;
    this.#sync = new Sync(store);
    this.#agents = new AgentSync(store.agents);
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
    const asked = this.#sync.tick(now).flatMap(([peer, frame]) => framesTo(peer, [frame]));
    const { heard, isLittle } = this.#hearsay.take();
    if (heard.length === 0) return asked;
    const first = this.#firstTold();
    const isTurnOf = (peer: PeerKey, { told }: Heard) =>
      !told.has(peer) && (isLittle || first.has(peer));
    return [...asked, ...this.#passOn(heard, isTurnOf)];
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

  /** Pages that were new go on to some of those whom their author does not reach itself; a digest tells the others. */
  #onAgents(from: PeerKey, { pages, more }: AgentPages): NodeOutput[] {
    const applied = this.#store.agents.apply(pages);
    const outputs = framesTo(from, this.#agents.onPages(from, applied.size > 0, more));
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
    const first = this.#firstTold();
    const heard = applied.map((event): Heard => {
      const kind = event.change?.kind;
      return {
        event,
        from,
        told: kind === "revocation" ? all : kind === "reachability" ? NOBODY : first,
      };
    });
    for (const each of heard) {
      if (each.told.size < all.size) this.#hearsay.keep(each);
    }
    return [...outputs, ...this.#passOn(heard, (peer, { told }) => told.has(peer))];
  }

  /** Those that hear at once what is new: over pollen/1 all, because there what is missed may never be found out. */
  #firstTold(): ReadonlySet<PeerKey> {
    const peers = this.#connected();
    const first = firstTold(this.#store.local, peers.filter((peer) => this.takesFrames(peer)));
    return new Set(peers.filter((peer) => first.has(peer) || !this.takesFrames(peer)));
  }

  /** What was new here goes on to those whose turn it is, and whom its author does not reach itself. */
  #passOn(
    heard: readonly Heard[],
    isTurnOf: (peer: PeerKey, heard: Heard) => boolean,
  ): NodeOutput[] {
    const connected = this.#connected();
    const events = new Map<PeerKey, GossipEvent[]>();
    for (const [peerId, ofAuthor] of Map.groupBy(heard, ({ event }) => event.peerId)) {
      const author = tryParsePeerKey(peerId);
      if (author === null) continue;
      for (const peer of connected) {
        if (peer === author || this.#store.isConnected(author, peer)) continue;
        const turns = ofAuthor.filter((each) => each.from !== peer && isTurnOf(peer, each));
        if (turns.length === 0) continue;
        const before = events.get(peer) ?? [];
        events.set(peer, [...before, ...turns.map(({ event }) => event)]);
      }
    }
    return [...events].flatMap(([peer, of]) => this.#eventsTo(peer, of));
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
