// The registry: agents come, are heard and go; everything that answers callers works on this. It
// decides by the table, lets the writer make it last, and tells the listeners.
//
// Invariant: a registration is acknowledged once it is on disk; a heartbeat as soon as it is heard.

import { type Clock, errorText, type Log, PollenError, type WallMs } from "../types/mod.ts";
import type {
  Capabilities,
  Change,
  Moment,
  NodeRecord,
  NodeState,
  Registration,
} from "./core/record.ts";
import { NodeTable } from "./core/table.ts";
import { Coalesced } from "./coalesced.ts";
import { Events } from "./events.ts";
import {
  CLEAN_UP_MS,
  HISTORY_SHOWN_MAX,
  OFFLINE_KEPT_MS,
  SWEEP_MS,
  WARNINGS_PER_SWEEP_MAX,
} from "./limits.ts";
import type { HistoryEntry, HistoryKind, Storage } from "./storage/storage.ts";
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
}

/** A registry that runs. */
export class Registry implements AsyncDisposable {
  /** What happens to nodes. */
  readonly events = new Events();
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #table: NodeTable;
  readonly #writer: Writer;
  #stopTimer = () => {};
  #nextCleanUpAtMs = 0;
  readonly #news = new Coalesced(() => this.#learn());
  #isStorageSilent = false;
  #heartbeats = 0;
  #registrations = 0;
  #closing: Promise<void> | null = null;

  private constructor({ storage, clock, log, heartbeatTimeoutMs }: RegistryDeps) {
    this.#storage = storage;
    this.#clock = clock;
    this.#log = log;
    this.#table = new NodeTable(heartbeatTimeoutMs);
    this.#writer = new Writer(storage, clock, log);
  }

  /** Begins with what is stored. Throws as the storage does. */
  static async open(deps: RegistryDeps): Promise<Registry> {
    const registry = new Registry(deps);
    const records = await deps.storage.load();
    const now = registry.#now();
    for (const record of records) registry.#table.restore(record, now);
    registry.#tick();
    return registry;
  }

  /** Whether what it is told can be made to last. */
  get isReady(): boolean {
    return !this.#writer.isFailing && !this.#isStorageSilent && this.#closing === null;
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
    if (!this.#table.isOnline(words.id)) await this.#ask();
    const { record, change, movedFrom } = this.#table.register(words, this.#now());
    this.#registrations++;
    if (movedFrom !== null) {
      this.#log.warn("audit: a node id is used from another address; the last one counts", {
        id: record.id,
        from: movedFrom,
        to: record.source,
      });
      this.#note(record, "moved", record.source);
    } else if (change?.kind === "registered") {
      this.#log.info("a node registered", { id: record.id, source: record.source });
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
    if (!this.#table.isOnline(id)) await this.#ask();
    const heard = this.#table.heartbeat(id, this.#now());
    if (heard === null) return false;
    this.#writer.touch(heard.record);
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
    if (!this.#table.isOnline(id)) await this.#ask();
    const heard = this.#table.update(id, capabilities, this.#now());
    if (heard === null) throw notFound();
    if (heard.change?.kind === "updated") this.#writer.put(heard.record);
    else this.#writer.touch(heard.record);
    this.#tell(heard.change);
  }

  /** Takes a node at its word that it goes. @throws {PollenError} `not_found`; as the storage does. */
  async unregister(id: string): Promise<void> {
    if (!this.#table.isOnline(id)) await this.#ask();
    const change = this.#table.unregister(id, this.#now());
    if (change === null) throw notFound();
    this.#log.info("a node unregistered", { id });
    this.#note(change.record, "unregistered", "");
    this.#writer.put(change.record);
    this.#tell(change);
    await this.#writer.committed();
  }

  /** Remembers a node no longer. @throws {PollenError} `not_found`; as the storage does. */
  async forget(id: string): Promise<void> {
    await this.#ask();
    const change = this.#table.forget(id);
    if (change === null) throw notFound();
    this.#log.info("audit: a node was forgotten", { id });
    this.#writer.forget(id);
    this.#tell(change);
    await this.#writer.committed();
  }

  /** Those that are online. */
  async nodes(): Promise<Iterable<NodeRecord>> {
    await this.#ask();
    return this.#table.online();
  }

  /** Those that are remembered. */
  async remembered(): Promise<Iterable<NodeRecord>> {
    await this.#ask();
    return this.#table.offline();
  }

  /** The state at the last look at the ages. */
  stateOf(record: NodeRecord): NodeState {
    return this.#table.stateOf(record);
  }

  /** One node, whatever its state. @throws {PollenError} `not_found`; as the storage does. */
  async details(id: string): Promise<NodeDetails> {
    await this.#ask();
    const record = this.#table.get(id);
    if (record === null) throw notFound();
    const history = await this.#storage.history(id, HISTORY_SHOWN_MAX);
    return { record, state: this.#table.stateOf(record), history };
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
    this.events.close();
    await this.#news.idle();
    await this.#writer.close();
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
    void this.#ask();
    if (now.monotonic >= this.#nextCleanUpAtMs) {
      this.#nextCleanUpAtMs = now.monotonic + CLEAN_UP_MS;
      this.#storage.cleanUp(before, now.wall).catch((thrown: unknown) => {
        this.#log.warn("the registry's storage was not cleaned up", { error: errorText(thrown) });
      });
    }
    this.#stopTimer = this.#clock.setTimer(SWEEP_MS, () => this.#tick());
  }

  #tellOffline(changes: readonly Change[]): void {
    let count = 0;
    for (const change of changes) {
      const { record, kind } = change;
      if (kind === "offline") {
        this.#writer.put(record);
        this.#note(record, "offline", "");
        if (++count <= WARNINGS_PER_SWEEP_MAX) {
          this.#log.warn("a node sends no heartbeats and is offline", {
            id: record.id,
            hostname: record.hostname,
            lastSeen: new Date(record.lastSeenMs).toISOString(),
          });
        }
      }
      this.#tell(change);
    }
    if (count > WARNINGS_PER_SWEEP_MAX) {
      this.#log.warn("more nodes send no heartbeats and are offline", {
        count: count - WARNINGS_PER_SWEEP_MAX,
      });
    }
  }

  /** Learns what other instances have stored. While the database is silent, what is known counts. */
  #ask(): Promise<void> {
    return this.#storage.isShared ? this.#news.run() : Promise.resolve();
  }

  async #learn(): Promise<void> {
    try {
      const { records, forgotten } = await this.#storage.news();
      const now = this.#now();
      for (const record of records) {
        if (!this.#writer.isPending(record.id)) this.#tell(this.#table.adopt(record, now));
      }
      for (const id of forgotten) {
        if (!this.#writer.isPending(id)) this.#tell(this.#table.forget(id));
      }
      this.#isStorageSilent = false;
    } catch (thrown) {
      if (!this.#isStorageSilent) {
        this.#log.error("the registry's storage does not answer; what is known goes on to count", {
          storage: this.#storage.name,
          error: errorText(thrown),
        });
      }
      this.#isStorageSilent = true;
    }
  }

  #note(record: NodeRecord, kind: HistoryKind, source: string): void {
    this.#writer.note({ nodeId: record.id, atMs: this.#clock.wallNow(), kind, source });
  }

  #tell(change: Change | null): void {
    if (change === null) return;
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
