// The store of a running node: the replicated state, the file it is saved in, and the lock that
// keeps a second process off that file. A change is complete before anybody is told of it; what it
// leads to (events to send, revoked peers, something to save) is handed to the caller.

import type {
  EventRecords,
  GossipEvent,
  GossipVectorClock,
  Service,
  SignedRevocation,
  Summary,
} from "../proto/mod.ts";
import {
  type Disk,
  type LimitCounter,
  PEER_KEY_BYTES,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  type ServicePort,
  type SocketAddress,
  uncounted,
} from "../types/mod.ts";
import type { Core } from "./core.ts";
import { networkChange, requirePort, serviceChange } from "./core_announce.ts";
import type { Pages } from "./core_pages.ts";
import { restore, takeSnapshot } from "./core_restore.ts";
import { digestOf, mayLack, missingRecords, recordsOf, summaryOf } from "./core_sync.ts";
import { Listeners } from "./listeners.ts";
import type {
  ApplyResult,
  Authority,
  Connection,
  KnownPeer,
  NodeRecord,
  SaveUrgency,
} from "./records.ts";
import { formatSnapshot } from "./snapshot.ts";
import { StateFile } from "./state_file.ts";

/**
 * The replicated state of one node. Setters give back the events to broadcast: none when nothing
 * changed. All methods but `save` and `close` are synchronous and cannot be interleaved.
 */
export class Store implements AsyncDisposable {
  /** Entries of the state file that were left out, one sentence each: for the log. */
  readonly loadWarnings: readonly string[];
  readonly #core: Core;
  readonly #file: StateFile;
  /** As of the version of what it was made of. */
  #digest: { readonly hash: Uint8Array; readonly version: number } | null = null;
  readonly #onRevocation = new Listeners<PeerKey>();
  readonly #onDirty = new Listeners<SaveUrgency>();

  private constructor(core: Core, file: StateFile, warnings: readonly string[]) {
    this.#core = core;
    this.#file = file;
    this.loadWarnings = warnings;
  }

  /**
   * Locks the folder, reads its state file, and writes it once, so that no later run can reuse the
   * counters of this one. The folder must exist.
   *
   * @param dir Absolute path of the state folder.
   * @param local This node's key.
   * @param limits Takes what finds no room. Default: nobody does.
   * @throws {PollenError} `failed_precondition` when another process works on the folder or the file
   *   belongs to another node, `malformed` or `too_large` for a file that cannot be used (it stays
   *   as it is), what the disk throws.
   */
  static async load(
    disk: Disk,
    dir: string,
    local: PeerKey,
    authority: Authority,
    limits: LimitCounter = uncounted,
  ): Promise<Store> {
    await using cleanup = new AsyncDisposableStack();
    const file = cleanup.use(await StateFile.open(disk, dir));
    const read = await file.read(local);
    const core = restore(local, authority, read?.snapshot ?? null, limits);
    core.takeUnsaved();
    core.takeNewlyRevoked();
    const store = new Store(core, file, read?.warnings ?? []);
    await store.save();
    cleanup.move();
    return store;
  }

  /** This node's key. */
  get local(): PeerKey {
    return this.#core.local;
  }

  /** The agents of the network's registries, which go over pollen/2 alone and are not saved. */
  get agents(): Pages {
    return this.#core.pages;
  }

  // --- gossip

  /** The highest counter of every author of whom anything was heard. */
  clock(): GossipVectorClock {
    return this.#core.clock();
  }

  /**
   * The clock for the first word of a session: `clock()` without this node, so that the peer also
   * sends back what it holds in this node's name. Empty until another node was heard.
   */
  eagerSyncClock(): GossipVectorClock {
    return this.#core.eagerSyncClock();
  }

  /** The events that somebody with this clock lacks, by author and counter, deletions included. */
  missingFor(clock: GossipVectorClock): GossipEvent[] {
    return this.#core.missingFor(clock);
  }

  /** Applies a batch. Invalid, stale and excessive events are skipped singly. */
  applyEvents(events: readonly GossipEvent[]): ApplyResult {
    return this.#change((core) => core.apply(events));
  }

  // --- the same over pollen/2

  /** All that is known, by author. */
  summary(): Summary {
    return summaryOf(this.#core);
  }

  /** All that is known, in one SHA-256 hash: equal where the summaries are. */
  digest(): Uint8Array {
    const { version } = this.#core;
    if (this.#digest?.version !== version) {
      this.#digest = { hash: digestOf(this.#core), version };
    }
    return this.#digest.hash;
  }

  /** What somebody with this summary lacks, author by author until so many bytes are reached. */
  missingRecords(summary: Summary, options: { readonly bytesMax: number }): EventRecords {
    return missingRecords(this.#core, summary, options);
  }

  /** Whether somebody with this summary may have something that is lacking here. */
  mayLack(summary: Summary): boolean {
    return mayLack(this.#core, summary);
  }

  /** Those of the events that are in force, as they travel over pollen/2, with what they rest on. */
  recordsOf(events: readonly GossipEvent[]): EventRecords {
    return recordsOf(this.#core, events);
  }

  /**
   * Applies records. Invalid, stale and excessive ones are skipped singly, and so are those of
   * authors who are no members, or did not sign them.
   */
  applyRecords(records: EventRecords): ApplyResult {
    return this.#change((core) => core.applyRecords(records));
  }

  // --- what this node says about itself

  /** All of it that is in force, but for whom it reaches. */
  introduction(): GossipEvent[] {
    return [...this.#core.own.events()].filter(({ deleted, change }) =>
      !deleted && change?.kind !== "reachability"
    );
  }

  /**
   * Announces where this node listens. Addresses that no longer fit one datagram are left out.
   *
   * @throws {PollenError} `invalid_argument` for a port or an address that is none.
   */
  setLocalNetwork(ips: readonly string[], port: number): GossipEvent[] {
    const change = networkChange(this.local, ips, port);
    return this.#change((core) => core.own.publish(change));
  }

  /**
   * Announces the port others see this node at; 0 takes it back.
   *
   * @throws {PollenError} `invalid_argument` for anything else than 0…65535.
   */
  setExternalPort(externalPort: number): GossipEvent[] {
    const change = { kind: "externalPort", value: { externalPort } } as const;
    if (externalPort === 0) return this.#change((core) => core.own.retract(change));
    requirePort(externalPort);
    return this.#change((core) => core.own.publish(change));
  }

  /** Announces the end of this node's membership, seconds since 1970. */
  setLocalCertExpiry(certExpiryUnix: bigint): GossipEvent[] {
    const identityPub = peerKeyBytes(this.local);
    return this.#change((core) =>
      core.own.publish({ kind: "identityPub", value: { identityPub, certExpiryUnix } })
    );
  }

  /** Announces, or takes back, that others reach this node without help. */
  setLocalPubliclyAccessible(isAccessible: boolean): GossipEvent[] {
    const change = { kind: "publiclyAccessible", value: {} } as const;
    return this.#change(({ own }) => isAccessible ? own.publish(change) : own.retract(change));
  }

  /** Announces that there is, or is no longer, a session with a peer. Nothing when there is no room. */
  setLocalConnected(peer: PeerKey, isConnected: boolean): GossipEvent[] {
    const change = { kind: "reachability", value: { peerId: peer } } as const;
    return this.#change((core) => {
      if (peer === core.local) return [];
      if (!isConnected) return core.own.retract(change);
      return core.own.canPublish(change) ? core.own.publish(change) : [];
    });
  }

  /**
   * Announces a service, or the new port of one. Over UDP only nodes that speak pollen/2 hear of it.
   *
   * @throws {PollenError} `invalid_argument` for a bad name or port, `exhausted` without room.
   */
  upsertLocalService(port: ServicePort, name: string): GossipEvent[] {
    const change = serviceChange(name, port);
    return this.#change((core) => core.own.publish(change));
  }

  /** Takes a service back. */
  removeLocalServices(name: string): GossipEvent[] {
    return this.#change((core) => core.own.retract({ kind: "service", value: { name, port: 0 } }));
  }

  /** This node's services by name, sorted. */
  localServices(): Map<string, Service> {
    return new Map(
      [...this.#core.known.local().services].map(([name, port]) => [name, { name, port }]),
    );
  }

  // --- what is known of the network

  /** Every node that is not revoked, this one included, by key. */
  allNodes(): Map<PeerKey, NodeRecord> {
    return this.#core.known.all();
  }

  /** One node; null when unknown or revoked. */
  get(peer: PeerKey): NodeRecord | null {
    return this.#core.known.get(peer);
  }

  /** The other nodes that can be dialled, by key; revoked ones are not among them. */
  knownPeers(): KnownPeer[] {
    return this.#core.known.peers();
  }

  /** Whether `source` says that it has a session with `target`. */
  isConnected(source: PeerKey, target: PeerKey): boolean {
    return this.#core.known.isConnected(source, target);
  }

  /** Whether what is known of the node was signed by itself, so that nobody else can have said it. */
  speaksForItself(peer: PeerKey): boolean {
    return this.#core.known.isSigned(peer);
  }

  /** Whether the node announces a service on this port. */
  hasServicePort(peer: PeerKey, port: ServicePort): boolean {
    return this.#core.known.get(peer)?.services.values().some((known) => known === port) ?? false;
  }

  /** Notes where the session with an authenticated peer is; a peer unknown so far becomes known. */
  setLastAddr(peer: PeerKey, address: SocketAddress): void {
    this.#change((core) => core.setLastAddr(peer, address));
  }

  // --- forwards that should exist

  /** By peer, remote port, local port. */
  desiredConnections(): Connection[] {
    return this.#core.connections.list();
  }

  /**
   * Idempotent.
   *
   * @param localPort The port that it has here, 1…65535.
   * @param service The name that the forward follows to another port. Default: none.
   * @throws {PollenError} `invalid_argument` for a bad port, `exhausted` beyond the bound.
   */
  addDesiredConnection(
    peer: PeerKey,
    remotePort: ServicePort,
    localPort: number,
    service?: string,
  ): void {
    const follows = service === undefined ? {} : { service };
    this.#change((core) => core.addConnection({ peerId: peer, remotePort, localPort, ...follows }));
  }

  /** Removes every desired connection that matches; port 0 matches any. */
  removeDesiredConnection(peer: PeerKey, remotePort: ServicePort, localPort: number): void {
    this.#change((core) => core.removeConnections(peer, remotePort, localPort));
  }

  // --- revocations

  /** Whether the root took this key's membership away. Bytes that are no key are not revoked. */
  isSubjectRevoked(subject: PeerKey | Uint8Array): boolean {
    if (typeof subject === "string") return this.#core.isRevoked(subject);
    return subject.length === PEER_KEY_BYTES && this.#core.isRevoked(peerKeyFromBytes(subject));
  }

  /** The revoked nodes, by key. */
  revokedSubjects(): PeerKey[] {
    return this.#core.revocations().map(([subject]) => subject);
  }

  /**
   * Records a revocation for good and announces it; runs the callbacks like one that came from
   * another node. Nothing happens when the subject is revoked already.
   *
   * @throws {PollenError} `unauthenticated` when the signature does not hold.
   */
  publishRevocation(revocation: SignedRevocation): GossipEvent[] {
    return this.#change((core) => core.publishRevocation(revocation));
  }

  /**
   * Calls back with each subject the first time it is revoked, wherever that came from, once the
   * state is complete. Callbacks must not throw. The result ends it.
   */
  onRevocation(callback: (subject: PeerKey) => void): () => void {
    return this.#onRevocation.add(callback);
  }

  // --- the file

  /** Whether something changed since the last save began. */
  get isDirty(): boolean {
    return this.#file.isDirty;
  }

  /**
   * Calls back after each change that should be saved: `now` at once, `soon` when convenient.
   * Callbacks must not throw. The result ends it.
   */
  onDirty(callback: (urgency: SaveUrgency) => void): () => void {
    return this.#onDirty.add(callback);
  }

  /**
   * Writes what changed; waits for a save that runs already. After a failure the state is still
   * dirty and the file as it was.
   *
   * @throws {PollenError} `closed` after `close`; what the disk throws.
   */
  save(): Promise<void> {
    return this.#file.save(() => formatSnapshot(this.local, takeSnapshot(this.#core)));
  }

  /** Waits for a save that runs and gives the folder up. Saves nothing by itself. Idempotent. */
  close(): Promise<void> {
    return this.#file.close();
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #change<T>(change: (core: Core) => T): T {
    const result = change(this.#core);
    const urgency = this.#core.takeUnsaved();
    const revoked = this.#core.takeNewlyRevoked();
    if (urgency !== null) {
      this.#file.markDirty();
      this.#onDirty.tell(urgency);
    }
    for (const subject of revoked) {
      this.#core.pages.drop(subject);
      this.#onRevocation.tell(subject);
    }
    return result;
  }
}
