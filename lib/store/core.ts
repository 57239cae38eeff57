// The replicated state of a network: what each node says about itself, merged so that all replicas
// that saw the same events agree, in whatever order and however often the events came.
//
// Invariants: an attribute follows its author's highest counter and nothing else; an author's known
// maximum never decreases; a deletion is never forgotten; what we say about ourselves is decided
// here alone, and whatever else is said in our name is contradicted with a higher counter.
//
// Pure: no clock, no chance, no files. What should be saved, and whose revocation was new, is
// gathered and taken by the caller once a change is complete.

import {
  type EventRecord,
  type EventRecords,
  type GossipEvent,
  GossipVectorClock,
  type SignedEvent,
  type SignedRevocation,
} from "../proto/mod.ts";
import {
  assert,
  COUNTER_FIRST_MAX,
  COUNTER_JUMP_MAX,
  COUNTER_RESERVE,
  type LimitCounter,
  type PeerKey,
  peerKeyBytes,
  PollenError,
  type SocketAddress,
  uncounted,
} from "../types/mod.ts";
import {
  type Attribute,
  attributeKey,
  type Change,
  isBeyondPollen1,
  readAttribute,
  revokedSubject,
} from "./core_attribute.ts";
import type { InOurName } from "./core_conflict.ts";
import { Authors } from "./core_authors.ts";
import { DesiredConnections } from "./core_connections.ts";
import { AuthorLog } from "./core_log.ts";
import { Known } from "./core_known.ts";
import { Memberships } from "./core_memberships.ts";
import { OwnLog } from "./core_own.ts";
import { Pages } from "./core_pages.ts";
import { Revocations } from "./core_revocations.ts";
import { decodeMemberEvent, encodeMemberEvent, eventName } from "./core_signed.ts";
import { type Author, nothingRemembered } from "./core_view.ts";
import type { ApplyResult, Authority, Connection, SaveUrgency } from "./records.ts";

/** An event, and as it was signed; null for one that came over pollen/1. */
interface Heard {
  readonly event: GossipEvent;
  readonly signed: SignedEvent | null;
}

export class Core {
  readonly local: PeerKey;
  readonly connections = new DesiredConnections();
  readonly #authority: Authority;
  readonly #memberships: Memberships;
  /** What this node says about itself. */
  readonly own: OwnLog;
  /** The agents of the network's registries. */
  readonly pages: Pages;
  /** What all of it says about the nodes. */
  readonly known: Known;
  readonly #authors: Authors;
  readonly #revocations: Revocations;
  readonly #limits: LimitCounter;
  #version = 0;
  #unsaved: SaveUrgency | null = null;

  /** @param limits Takes what finds no room. Default: nobody does. */
  constructor(local: PeerKey, authority: Authority, limits: LimitCounter = uncounted) {
    this.local = local;
    this.#authority = authority;
    this.#limits = limits;
    this.#memberships = new Memberships(local, authority, limits);
    this.pages = new Pages({
      local,
      authority,
      isMember: (peer) => this.#memberships.has(peer),
      isRevoked: (peer) => this.isRevoked(peer),
      limits,
    });
    const log = new AuthorLog((event) => this.#sign(event));
    this.#authors = new Authors(local, log, limits);
    this.#revocations = new Revocations(authority);
    this.known = new Known(local, this.#authors, this.#revocations);
    this.own = new OwnLog(local, log, (change) => {
      this.#local.record = null;
      this.#version++;
      this.#markUnsaved(change.kind === "service" || change.kind === "revocation" ? "now" : "soon");
    });
  }

  // --- what others say

  /** Applies a batch. What is invalid, stale or beyond a bound is skipped, one event at a time. */
  apply(events: readonly GossipEvent[]): ApplyResult {
    return this.#applyAll(events.map((event) => ({ event, signed: null })));
  }

  /** Applies what came over pollen/2. Signed events count when their author is a member. */
  applyRecords({ records, memberships }: EventRecords): ApplyResult {
    for (const cert of memberships) this.#memberships.add(cert);
    return this.#applyAll(records.flatMap(({ body }): Heard[] => {
      if (body?.kind === "unsigned") return [{ event: body.value, signed: null }];
      if (body === undefined || this.#holds(body.value.event)) return [];
      const event = decodeMemberEvent(body.value.event);
      return event === null ? [] : [{ event, signed: body.value }];
    }));
  }

  /** Whether another node's event is in force as it was signed: most are heard several times. */
  #holds(bytes: Uint8Array): boolean {
    const name = eventName(bytes);
    return name !== null && name.author !== this.local &&
      this.#authors.get(name.author)?.log.holds(name.counter, bytes) === true;
  }

  #applyAll(heard: readonly Heard[]): ApplyResult {
    const applied: GossipEvent[] = [];
    const inOurName: InOurName[] = [];
    const revokedBefore = this.#revocations.news.length;
    for (const { event, signed } of heard) {
      const attribute = readAttribute(event);
      if (attribute === null || signed === null && isBeyondPollen1(attribute.change)) continue;
      if (attribute.author !== this.local) {
        if (this.#applyRemote(attribute, signed)) applied.push(attribute.event);
      } else if (signed === null || this.#isSignedBy(attribute.author, signed)) {
        inOurName.push({ ...attribute, isOurs: signed !== null });
      }
    }
    const rebroadcast = this.#contradict(inOurName);
    return { rebroadcast, applied, revoked: this.#revocations.news.slice(revokedBefore) };
  }

  #applyRemote(
    { author: key, key: attribute, change, event }: Attribute,
    signed: SignedEvent | null,
  ): boolean {
    const isRevocation = change.kind === "revocation";
    if (this.#revocations.has(key) && !isRevocation) return false;
    const known = this.#authors.get(key);
    // Nobody else speaks for an author who signs, and nothing that was said for him before counts.
    const isFirstSigned = signed !== null && known?.log.isSigned !== true;
    if (signed === null && known?.log.isSigned === true) return false;
    const max = isFirstSigned ? 0n : known?.log.max ?? 0n;
    // Who signs can leap himself only; and he has to, where somebody made him count on from afar.
    const limit = max === 0n ? COUNTER_FIRST_MAX : max + COUNTER_JUMP_MAX;
    if (signed === null && event.counter > limit) {
      this.#limits.count("counter_jump");
      return false;
    }
    const log = isFirstSigned ? undefined : known?.log;
    if (log?.supersedes(attribute, event, signed) === false) return false;
    if (signed !== null && !(this.#memberships.has(key) && this.#isSignedBy(key, signed))) {
      return false;
    }
    if (isRevocation && !this.#recordRevocation(change.value.revocation)) return false;

    if (!this.#authors.hasRoomFor(key, signed !== null)) return false;
    const isNew = log?.get(attribute) === undefined;
    if (isNew && !isRevocation && !this.#authors.hasRoomIn(log, signed !== null)) return false;
    const author = this.#authors.obtain(key);
    if (author === null) return false;
    this.#authors.change(author, (log) => log.put(attribute, event, signed));
    this.#version++;
    if (change.kind === "network" || change.kind === "externalPort" || change.kind === "service") {
      this.#markUnsaved("soon");
    }
    return true;
  }

  #contradict(inOurName: readonly InOurName[]): GossipEvent[] {
    const settled = inOurName.filter(({ key, change }) =>
      // What we revoked and lost in a crash comes back to us; the signature says that it is right.
      change.kind !== "revocation" || this.own.has(key) ||
      this.#recordRevocation(change.value.revocation)
    );
    const before = this.own.counter;
    const restated = settled.length === 0 ? [] : this.own.contradict(settled, this.#limits);
    // A run that begins on an old file would not count beyond what this one says from now on.
    if (this.own.counter - before > COUNTER_RESERVE / 2n) this.#markUnsaved("now");
    return restated;
  }

  // --- clocks

  /** The highest counter of every author of whom anything was heard. */
  clock(): { counters: Map<string, bigint> } {
    const counters = new Map<string, bigint>();
    for (const [peer, { log }] of this.#authors.sorted()) {
      if (log.max > 0n) counters.set(peer, log.max);
    }
    return { counters };
  }

  /**
   * Nothing until another node was heard, so that everything is sent; then the clock without
   * ourselves. What others hold in our name comes back that way, and what we said shortly before a
   * crash and do not know of any more can be taken back: our own number would hide it, because a
   * run begins above all that the one before it may have said.
   */
  eagerSyncClock(): GossipVectorClock {
    const { counters } = this.clock();
    counters.delete(this.local);
    return { counters };
  }

  /** What somebody with this clock lacks, by author and counter, deletions included. */
  missingFor(clock: GossipVectorClock): GossipEvent[] {
    return this.#authors.sorted().flatMap(([peer, { log }]) =>
      log.above(clock.counters.get(peer) ?? 0n)
    );
  }

  // --- what is exchanged over pollen/2

  /** Another number whenever what is exchanged has changed. */
  get version(): number {
    return this.#version;
  }

  /** The logs that hold something, by author: what positions are told of and records taken from. */
  *logs(): Generator<[PeerKey, AuthorLog]> {
    for (const [peer, { log }] of this.#authors.sorted()) {
      if (log.size > 0) yield [peer, log];
    }
  }

  /** The certificates that go with these authors' events. */
  get memberships(): Memberships {
    return this.#memberships;
  }

  /** An event that is in force as it travels over pollen/2; undefined when it is not any more. */
  recordOf({ peerId, counter, change }: GossipEvent): EventRecord | undefined {
    const author = this.#authors.get(peerId as PeerKey);
    return change === undefined ? undefined : author?.log.record(attributeKey(change), counter);
  }

  #sign(event: GossipEvent): SignedEvent {
    const bytes = encodeMemberEvent(event);
    return { event: bytes, signature: this.#authority.sign(bytes) };
  }

  #isSignedBy(author: PeerKey, { event, signature }: SignedEvent): boolean {
    return this.#authority.verifyEvent(peerKeyBytes(author), event, signature);
  }

  /** Notes where our session with a node was. Ours alone: nothing goes out. */
  setLastAddr(peer: PeerKey, lastAddr: SocketAddress): void {
    if (this.known.setLastAddr(peer, lastAddr)) this.#markUnsaved("soon");
  }

  // --- forwards that should exist

  addConnection(connection: Connection): void {
    if (this.connections.add(connection)) this.#markUnsaved("now");
  }

  removeConnections(peer: PeerKey, remotePort: number, localPort: number): void {
    if (this.connections.remove(peer, remotePort, localPort) > 0) this.#markUnsaved("now");
  }

  // --- revocations

  isRevoked(peer: PeerKey): boolean {
    return this.#revocations.has(peer);
  }

  /** All revocations, by subject. */
  revocations(): [PeerKey, SignedRevocation][] {
    return this.#revocations.list();
  }

  /** Takes note of a revocation; false when its signature does not hold. */
  #recordRevocation(revocation: SignedRevocation | undefined): boolean {
    const subject = this.#revocations.verify(revocation);
    if (revocation === undefined || subject === null) return false;
    if (this.#revocations.has(subject)) return true;
    this.#revocations.add(subject, revocation);
    this.connections.remove(subject, 0, 0);
    const author = this.#authors.get(subject);
    if (author !== undefined && subject !== this.local) {
      this.#authors.change(author, (log) => log.keepOnlyRevocations());
      this.#version++;
      author.remembered = nothingRemembered(subject);
    }
    this.#markUnsaved("now");
    return true;
  }

  /** Takes note of a revocation that was saved, and says it in our own name; a bad one is skipped. */
  restoreRevocation(revocation: SignedRevocation): void {
    if (this.#recordRevocation(revocation)) {
      this.own.publish({ kind: "revocation", value: { revocation } });
    }
  }

  /**
   * Revokes a node, unless it is revoked already.
   *
   * @throws {PollenError} `unauthenticated` when the signature does not hold.
   */
  publishRevocation(revocation: SignedRevocation): GossipEvent[] {
    const change: Change = { kind: "revocation", value: { revocation } };
    const subject = revokedSubject(change);
    if (subject !== null && this.isRevoked(subject)) return [];
    if (this.#recordRevocation(revocation)) return this.own.publish(change);
    throw new PollenError(
      "unauthenticated",
      "The revocation is not signed by the root of this network.",
    );
  }

  // --- what the caller takes after each change

  #markUnsaved(urgency: SaveUrgency): void {
    if (this.#unsaved !== "now") this.#unsaved = urgency;
  }

  /** How soon the changes since the last call should be saved; null without any. */
  takeUnsaved(): SaveUrgency | null {
    const urgency = this.#unsaved;
    this.#unsaved = null;
    return urgency;
  }

  /** The subjects revoked since the last call. */
  takeNewlyRevoked(): PeerKey[] {
    return this.#revocations.takeNews();
  }

  get #local(): Author {
    const local = this.#authors.get(this.local);
    assert(local !== undefined, "this node is the first author");
    return local;
  }
}
