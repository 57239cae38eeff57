// The registry: agents come, are heard and go; everything that answers callers works on this. It
// decides by the table, lets the writer make it last, and tells the listeners.
//
// Invariant: a registration is acknowledged once it is on disk; a heartbeat as soon as it is heard.

import { type Clock, errorText, type Log, PollenError, type WallMs } from "../types/mod.ts";
import { Audit } from "./audit.ts";
import type { HeartbeatHistory } from "./core/heartbeats.ts";
import type {
  Capabilities,
  Change,
  Moment,
  NodeRecord,
  NodeState,
  Registration,
} from "./core/record.ts";
import { type Heard, NodeTable } from "./core/table.ts";
import { Events } from "./events.ts";
import { HeartbeatLog } from "./heartbeat_log.ts";
import { CLEAN_UP_MS, HISTORY_SHOWN_MAX, OFFLINE_KEPT_MS, SWEEP_MS } from "./limits.ts";
import { SharedNews } from "./shared_news.ts";
import type { HistoryEntry, HistoryKind, News, Storage } from "./storage/storage.ts";
import { Writer } from "./writer.ts";

/** What a registry stands on. */
export interface RegistryDeps {
  /** It belongs to the registry from now on. */
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Log;
  /** The age of its last sign of life at which a node is offline, in milliseconds. */
  readonly heartbeatTimeoutMs: number;
}

/** One node with all that is known of it. */
export interface NodeDetails {
  readonly record: NodeRecord;
  readonly state: NodeState;
  readonly history: readonly HistoryEntry[];
  /** Of the last 24 hours. */
  readonly heartbeats: HeartbeatHistory;
}

/** A registry that runs. */
export class Registry implements AsyncDisposable {
  /** What happens to nodes. */
  readonly events = new Events();
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #audit: Audit;
  readonly #table: NodeTable;
  readonly #writer: Writer;
  readonly #watchers = new Set<(id: string) => void>();
  readonly #heartbeatLog: HeartbeatLog;
  readonly #news: SharedNews;
  #stopTimer = () => {};
  #nextCleanUpAtMs = 0;
  #heartbeats = 0;
  #registrations = 0;
  #closing: Promise<void> | null = null;

  private constructor({ storage, clock, log, heartbeatTimeoutMs }: RegistryDeps) {
    this.#storage = storage;
    this.#clock = clock;
    this.#log = log;
    this.#audit = new Audit(log, clock);
    this.#table = new NodeTable(heartbeatTimeoutMs);
    this.#writer = new Writer(storage, clock, log);
    const isKnown = (id: string) => this.#table.get(id) !== null;
    this.#heartbeatLog = new HeartbeatLog({ storage, clock, isKnown });
    this.#news = new SharedNews({ storage, log, take: (news) => this.#adopt(news) });
  }

  /** Begins with what is stored. Throws as the storage does. */
  static async open(deps: RegistryDeps): Promise<Registry> {
    const registry = new Registry(deps);
    const records = await deps.storage.load();
    const now = registry.#now();
    for (const record of records) registry.#table.restore(record, now);
    // Who went meanwhile is written with the first tick: the doors need not wait for that.
    registry.#tellOffline(registry.#table.sweep(now));
    registry.#tickLater();
    return registry;
  }

  /** Whether what it is told can be made to last. */
  get isReady(): boolean {
    return !this.#writer.isFailing && !this.#news.isSilent && this.#closing === null;
  }

  /** How many there are, and how much was done since the start. */
  get counts(): Readonly<
    Record<"active" | "stale" | "offline" | "heartbeats" | "registrations", number>
  > {
    let active = 0;
    for (const record of this.#table.online()) {
      if (this.#table.stateOf(record) === "active") active++;
    }
    return {
      active,
      stale: this.#table.onlineCount - active,
      offline: this.#table.offlineCount,
      heartbeats: this.#heartbeats,
      registrations: this.#registrations,
    };
  }

  /** Grows with every change of what a list shows, heartbeats excepted. */
  get revision(): number {
    return this.#table.revision;
  }

  /**
   * Takes a node in. What it leaves empty stays as it was.
   *
   * @throws {PollenError} `exhausted` when there are too many; as the storage does.
   */
  async register(words: Registration): Promise<void> {
    if (!this.#table.isOnline(words.id)) await this.#news.ask();
    const registered = this.#table.register(words, this.#now());
    const { record, change, movedFrom } = registered;
    this.#registrations++;
    if (this.#noteTaken(registered)) {
      // That is told, and is more than another address.
    } else if (movedFrom !== null) {
      this.#audit.moved(record, movedFrom);
      this.#note(record, "moved", record.source);
    } else if (change?.kind === "registered") {
      this.#audit.registered(record);
      this.#note(record, "registered", record.source);
    }
    this.#writer.put(record);
    this.#tell(change);
    await this.#writer.committed();
  }

  /** Whether the id is that of a machine of the network that is online, for which no agent speaks. */
  isMember(id: string): boolean {
    return this.#table.isOnline(id) && this.#table.get(id)?.kind === "member";
  }

  /** A sign of life of a node that somebody else watches. False when no such node is online. */
  async heard(id: string): Promise<boolean> {
    if (!this.#table.isOnline(id)) await this.#news.ask();
    const heard = this.#table.heartbeat(id, this.#now());
    if (heard === null) return false;
    if (this.#noteTaken(heard)) this.#writer.put(heard.record);
    else this.#writer.touch(heard.record);
    this.#heartbeatLog.add(id);
    this.#tell(heard.change);
    return true;
  }

  /** A sign of life. @throws {PollenError} `not_found` when no such node is online. */
  async heartbeat(id: string): Promise<void> {
    if (!await this.heard(id)) throw notFound();
    this.#heartbeats++;
  }

  /** What a node has now. @throws {PollenError} `not_found` when no such node is online. */
  async update(id: string, capabilities: Capabilities): Promise<void> {
    if (!this.#table.isOnline(id)) await this.#news.ask();
    const heard = this.#table.update(id, capabilities, this.#now());
    if (heard === null) throw notFound();
    this.#noteTaken(heard);
    if (heard.change?.kind === "updated") this.#writer.put(heard.record);
    else this.#writer.touch(heard.record);
    this.#tell(heard.change);
  }

  /** Takes a node at its word that it goes. @throws {PollenError} `not_found`; as the storage does. */
  async unregister(id: string): Promise<void> {
    if (!this.#table.isOnline(id)) await this.#news.ask();
    // Whoever held it until now does not know that it goes, and is told by this one.
    const heard = this.#table.heartbeat(id, this.#now());
    if (heard !== null) this.#noteTaken(heard);
    const change = this.#table.unregister(id, this.#now());
    if (change === null) throw notFound();
    this.#audit.unregistered(id);
    this.#note(change.record, "unregistered", "");
    this.#writer.put(change.record);
    this.#tell(change);
    await this.#writer.committed();
  }

  /** Remembers a node no longer. @throws {PollenError} `not_found`; as the storage does. */
  async forget(id: string): Promise<void> {
    await this.#news.ask();
    const change = this.#table.forget(id);
    if (change === null) throw notFound();
    this.#audit.forgotten(id);
    this.#writer.forget(id);
    this.#tell(change);
    await this.#writer.committed();
  }

  /** Whether several registries work on one storage: then it tells them of each other's nodes. */
  get isShared(): boolean {
    return this.#storage.isShared;
  }

  /** The agents that this registry holds, those included that are offline. */
  *held(): Iterable<NodeRecord> {
    for (const records of [this.#table.online(), this.#table.offline()]) {
      for (const record of records) if (record.kind === "agent" && record.via === "") yield record;
    }
  }

  /** One node as it is known now, whoever holds it; null where there is none. */
  find(id: string): NodeRecord | null {
    return this.#table.get(id);
  }

  /** Calls back with the id of each node that changes. Callbacks must not throw. The result ends it. */
  watch(callback: (id: string) => void): () => void {
    this.#watchers.add(callback);
    return () => this.#watchers.delete(callback);
  }

  /**
   * Takes what another machine's registry says of an agent that it holds.
   *
   * @param isPresent Whether that machine is there: then its word is a sign of life.
   */
  learn(told: NodeRecord, isPresent: boolean): void {
    const learned = this.#table.learn(told, isPresent, this.#now());
    if (learned === null) return;
    const { record, change, wasHeldHere } = learned;
    if (wasHeldHere) this.#audit.lost(record);
    this.#writer.put(record);
    this.#tell(change);
  }

  /** Remembers an agent no longer that another machine's registry held, and forgot. */
  unlearn(id: string, via: string): void {
    if (this.#table.get(id)?.via !== via) return;
    const change = this.#table.forget(id);
    this.#writer.forget(id);
    this.#tell(change);
  }

  /** Those that are online. */
  async nodes(): Promise<Iterable<NodeRecord>> {
    await this.#news.ask();
    return this.#table.online();
  }

  /** Those that are remembered. */
  async remembered(): Promise<Iterable<NodeRecord>> {
    await this.#news.ask();
    return this.#table.offline();
  }

  /** The state at the last look at the ages. */
  stateOf(record: NodeRecord): NodeState {
    return this.#table.stateOf(record);
  }

  /** One node, whatever its state. @throws {PollenError} `not_found`; as the storage does. */
  async details(id: string): Promise<NodeDetails> {
    await this.#news.ask();
    const record = this.#table.get(id);
    if (record === null) throw notFound();
    const history = await this.#storage.history(id, HISTORY_SHOWN_MAX);
    const heartbeats = await this.#heartbeatLog.historyOf(id);
    return { record, state: this.#table.stateOf(record), history, heartbeats };
  }

  /** Stores what is not stored yet, ends all listening and gives the storage back. Idempotent. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#stopTimer();
    this.#audit[Symbol.dispose]();
    this.events.close();
    await this.#news.idle();
    await this.#writer.close();
    await this.#heartbeatLog.close();
    await this.#storage[Symbol.asyncDispose]();
  }

  /** Looks at the ages, writes what waits, asks what others wrote; again and again. */
  #tick(): void {
    const now = this.#now();
    this.#tellOffline(this.#table.sweep(now));
    const before = now.wall - OFFLINE_KEPT_MS as WallMs;
    for (const change of this.#table.cleanUp(before)) {
      this.#writer.forget(change.record.id);
      this.#tell(change);
    }
    this.#writer.flush();
    this.#heartbeatLog.flush();
    void this.#news.ask();
    if (now.monotonic >= this.#nextCleanUpAtMs) {
      this.#nextCleanUpAtMs = now.monotonic + CLEAN_UP_MS;
      this.#storage.cleanUp(before, now.wall).catch((thrown: unknown) => {
        this.#log.warn("the registry's storage was not cleaned up", { error: errorText(thrown) });
      });
    }
    this.#tickLater();
  }

  #tickLater(): void {
    this.#stopTimer = this.#clock.setTimer(SWEEP_MS, () => this.#tick());
  }

  #tellOffline(changes: readonly Change[]): void {
    const gone = changes.filter(({ kind }) => kind === "offline").map(({ record }) => record);
    for (const record of gone) {
      this.#writer.put(record);
      this.#note(record, "offline", "");
    }
    this.#audit.offline(gone);
    for (const change of changes) this.#tell(change);
  }

  /** Takes what other instances have stored. */
  #adopt({ records, forgotten }: News): void {
    const now = this.#now();
    for (const record of records) {
      if (!this.#writer.isPending(record.id)) this.#tell(this.#table.adopt(record, now));
    }
    for (const id of forgotten) {
      if (!this.#writer.isPending(id)) this.#tell(this.#table.forget(id));
    }
  }

  #note(record: NodeRecord, kind: HistoryKind, source: string): void {
    this.#writer.note({ nodeId: record.id, atMs: this.#clock.wallNow(), kind, source });
  }

  /** Whether the node was held by another machine's registry, and is by this one from now on. */
  #noteTaken({ record, takenFrom }: Heard): boolean {
    if (takenFrom === null) return false;
    this.#audit.taken(record, takenFrom);
    this.#note(record, "moved", record.source);
    return true;
  }

  #tell(change: Change | null): void {
    if (change === null) return;
    for (const watcher of this.#watchers) watcher(change.record.id);
    this.events.tell(change, this.#table.stateOf(change.record), this.#clock.wallNow());
  }

  #now(): Moment {
    return { monotonic: this.#clock.monotonicNow(), wall: this.#clock.wallNow() };
  }
}

/** The words are those that agents know. */
function notFound(): PollenError {
  return new PollenError("not_found", "node not found");
}
