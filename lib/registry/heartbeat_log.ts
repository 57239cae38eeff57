// How often each node was heard, for a day: counted as it happens, stored when its time is over.

import type { Clock } from "../types/mod.ts";
import { addCounts, HeartbeatCounts, type HeartbeatHistory, historyOf } from "./core/heartbeats.ts";
import { HEARTBEATS_PER_WRITE_MAX } from "./limits.ts";
import type { Storage } from "./storage/storage.ts";

export interface HeartbeatLogDeps {
  readonly storage: Pick<Storage, "addHeartbeats" | "heartbeats">;
  readonly clock: Pick<Clock, "wallNow">;
  /** Whether there is such a node; of others nothing is stored. */
  isKnown(id: string): boolean;
}

export class HeartbeatLog {
  readonly #deps: HeartbeatLogDeps;
  readonly #counts = new HeartbeatCounts();
  #underWay: Promise<unknown> | null = null;

  constructor(deps: HeartbeatLogDeps) {
    this.#deps = deps;
  }

  /** A node was heard. */
  add(id: string): void {
    this.#counts.add(id, this.#deps.clock.wallNow());
  }

  /** Of the last 24 hours. Throws as the storage does. */
  async historyOf(id: string): Promise<HeartbeatHistory> {
    const { storage, clock } = this.#deps;
    const series = addCounts(await storage.heartbeats(id), this.#counts.of(id));
    return historyOf(series, clock.wallNow());
  }

  /** Begins to store some of what is over, unless that is under way: all at once would hold up heartbeats. */
  flush(): void {
    this.#underWay ??= this.#write().finally(() => this.#underWay = null);
  }

  /** Stores everything; nothing is added any more. */
  async close(): Promise<void> {
    await this.#underWay;
    this.#counts.finish();
    while (await this.#write() > 0);
  }

  async #write(): Promise<number> {
    const { storage, clock, isKnown } = this.#deps;
    const taken = this.#counts.take(HEARTBEATS_PER_WRITE_MAX, clock.wallNow());
    const counts = taken.filter(({ nodeId }) => isKnown(nodeId));
    try {
      if (counts.length > 0) await storage.addHeartbeats(counts);
      return taken.length;
    } catch {
      // The writer says that the storage fails.
      this.#counts.putBack(counts);
      return 0;
    }
  }
}
