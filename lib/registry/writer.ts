// What is to last, gathered until it is written: registrations of one moment share a commit, and
// heartbeats a write now and then. One write at a time.
//
// Invariants: `committed` resolves only when all that was put before is on disk; what failed is kept
// and tried again, the newest state of each node, never an older one over it.

import type { Clock, Log } from "../types/mod.ts";
import { addMs, errorText, type MonotonicMs } from "../types/mod.ts";
import type { NodeRecord } from "./core/record.ts";
import { COMMIT_MS, HISTORY_WAITING_MAX, RECORDS_PER_COMMIT_MAX, RETRY_MS } from "./limits.ts";
import type { Batch, HistoryEntry, Storage } from "./storage/storage.ts";

/** Takes what is to last and writes it. */
export class Writer {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #log: Log;
  // Nodes are held by themselves, not as copies: written is what they are at that moment.
  readonly #records = new Map<string, NodeRecord>();
  readonly #forgotten = new Set<string>();
  readonly #touched = new Map<string, NodeRecord>();
  #history: HistoryEntry[] = [];
  /** What is being written. */
  #underWay: ReadonlySet<string> = new Set();
  #waiting: PromiseWithResolvers<void>[] = [];
  #nextCommitAt = -Infinity as MonotonicMs;
  #retryAt = -Infinity as MonotonicMs;
  #running: Promise<void> | null = null;
  #stopTimer: (() => void) | null = null;
  #isFailing = false;

  constructor(storage: Storage, clock: Clock, log: Log) {
    this.#storage = storage;
    this.#clock = clock;
    this.#log = log;
  }

  /** Whether the last write failed. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Whether a node's state here is not stored yet, so that what is stored is older. */
  isPending(id: string): boolean {
    return this.#records.has(id) || this.#forgotten.has(id) || this.#underWay.has(id);
  }

  /** A node's facts or state have changed. */
  put(record: NodeRecord): void {
    this.#forgotten.delete(record.id);
    this.#touched.delete(record.id);
    this.#records.set(record.id, record);
  }

  /** A node was heard. */
  touch(record: NodeRecord): void {
    if (!this.#records.has(record.id)) this.#touched.set(record.id, record);
  }

  /** A node is to be remembered no longer. */
  forget(id: string): void {
    this.#records.delete(id);
    this.#touched.delete(id);
    this.#forgotten.add(id);
  }

  /** Something for a node's history. */
  note(entry: HistoryEntry): void {
    this.#history.push(entry);
    if (this.#history.length > HISTORY_WAITING_MAX) this.#history.shift();
  }

  /**
   * Waits until all that was put is on disk.
   *
   * @throws {PollenError} as the storage says. It is tried again all the same.
   */
  committed(): Promise<void> {
    const waiter = Promise.withResolvers<void>();
    this.#waiting.push(waiter);
    if (this.#running === null && this.#stopTimer === null) {
      const delayMs = Math.max(0, this.#nextCommitAt - this.#clock.monotonicNow());
      this.#stopTimer = this.#clock.setTimer(delayMs, () => {
        this.#stopTimer = null;
        this.#run(false);
      });
    }
    return waiter.promise;
  }

  /** Begins to write all there is, heartbeats included, unless a failure is to be rested from. */
  flush(): void {
    if (this.#running === null && this.#clock.monotonicNow() >= this.#retryAt) this.#run(true);
  }

  /** Writes all there is, once. Nothing is written afterwards. */
  async close(): Promise<void> {
    this.#stopTimer?.();
    await this.#running;
    this.#stopTimer?.();
    this.#run(true);
    await this.#running;
  }

  #run(withTouches: boolean): void {
    const work = this.#write(withTouches).then(
      () => this.#isFailing = false,
      (thrown: unknown) => {
        if (!this.#isFailing) {
          this.#log.error("the registry's storage fails; it is tried again", {
            storage: this.#storage.name,
            error: errorText(thrown),
          });
        }
        this.#isFailing = true;
        this.#retryAt = addMs(this.#clock.monotonicNow(), RETRY_MS);
      },
    ).then(() => {
      this.#running = null;
      // Whoever came meanwhile gets the next commit.
      if (this.#waiting.length > 0) void this.committed().catch(() => {});
    });
    this.#running = work;
  }

  async #write(withTouches: boolean): Promise<void> {
    this.#nextCommitAt = addMs(this.#clock.monotonicNow(), COMMIT_MS);
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      while (this.#records.size + this.#forgotten.size + this.#history.length > 0) {
        await this.#writeSome();
      }
      waiting.forEach(({ resolve }) => resolve());
    } catch (thrown) {
      waiting.forEach(({ reject }) => reject(thrown));
      throw thrown;
    }
    if (withTouches) await this.#writeTouches();
  }

  async #writeSome(): Promise<void> {
    const records = [...this.#records.values().take(RECORDS_PER_COMMIT_MAX)];
    const forgotten = [...this.#forgotten];
    const history = this.#history;
    for (const { id } of records) this.#records.delete(id);
    this.#underWay = new Set([...records.map(({ id }) => id), ...forgotten]);
    this.#forgotten.clear();
    this.#history = [];
    const batch: Batch = { records, forgotten, history, now: this.#clock.wallNow() };
    try {
      await this.#storage.write(batch);
    } catch (thrown) {
      for (const record of records) {
        const isNewer = this.#records.has(record.id) || this.#forgotten.has(record.id);
        if (!isNewer) this.put(record);
      }
      for (const id of forgotten) if (!this.#records.has(id)) this.#forgotten.add(id);
      this.#history = [...history, ...this.#history].slice(-HISTORY_WAITING_MAX);
      throw thrown;
    } finally {
      this.#underWay = new Set();
    }
  }

  async #writeTouches(): Promise<void> {
    if (this.#touched.size === 0) return;
    const touched = [...this.#touched.values()];
    this.#touched.clear();
    try {
      await this.#storage.touch(touched);
    } catch (thrown) {
      for (const record of touched) if (!this.#forgotten.has(record.id)) this.touch(record);
      throw thrown;
    }
  }
}
