// The nodes that a registry keeps, online or offline, and how many of them each caller has. Where they
// belong follows from what they are; what happens to them others decide.

import { type MonotonicMs, PollenError, type WallMs } from "../../types/mod.ts";
import { NODES_MAX, NODES_PER_TOKEN_MAX } from "../limits.ts";
import { laterOf, type NodeRecord } from "./record.ts";

/** A node with what its age is told by. */
export type Entry = { -readonly [K in keyof NodeRecord]: NodeRecord[K] } & {
  /** When it was last heard, for its age. */
  seenAt: MonotonicMs;
  isStale: boolean;
  /** Heard by another instance last, which tells with some delay. */
  isForeign: boolean;
};

export class NodeIndex {
  readonly #online = new Map<string, Entry>();
  /** In the order in which they went. */
  readonly #offline = new Map<string, Entry>();
  readonly #onlinePerOwner = new Map<string, number>();
  /** Grows with every change of who is online, in which state, and what they say; not with heartbeats. */
  revision = 0;

  /** Those that are online. */
  online(): IterableIterator<Entry> {
    return this.#online.values();
  }

  /** Those that are remembered, in the order in which they went. */
  offline(): IterableIterator<Entry> {
    return this.#offline.values();
  }

  get onlineCount(): number {
    return this.#online.size;
  }

  get offlineCount(): number {
    return this.#offline.size;
  }

  /** One node, whatever its state. */
  get(id: string): Entry | undefined {
    return this.#online.get(id) ?? this.#offline.get(id);
  }

  /** One that is online. */
  getOnline(id: string): Entry | undefined {
    return this.#online.get(id);
  }

  /** Keeps a node of whom nothing is kept. */
  put(entry: Entry): void {
    if (entry.offlineAtMs !== null) {
      this.#offline.set(entry.id, entry);
      return;
    }
    this.#online.set(entry.id, entry);
    this.#onlinePerOwner.set(entry.owner, this.#countOf(entry.owner) + 1);
  }

  /** Takes a node out, whatever its state. Null when there is none. */
  remove(id: string): Entry | null {
    const online = this.#online.get(id);
    if (online === undefined) {
      const offline = this.#offline.get(id) ?? null;
      this.#offline.delete(id);
      return offline;
    }
    this.#online.delete(id);
    const left = this.#countOf(online.owner) - 1;
    if (left === 0) this.#onlinePerOwner.delete(online.owner);
    else this.#onlinePerOwner.set(online.owner, left);
    this.revision++;
    return online;
  }

  /** Keeps a node in another's place. */
  replace(entry: Entry): void {
    this.remove(entry.id);
    this.put(entry);
    this.revision++;
  }

  /** A node is offline from now on. Null when it was not online. */
  retire(id: string, wall: WallMs): Entry | null {
    if (!this.#online.has(id)) return null;
    const entry = this.remove(id)!;
    entry.offlineAtMs = laterOf(entry.lastSeenMs, wall);
    this.put(entry);
    return entry;
  }

  /**
   * Makes sure that a caller may have one more online.
   *
   * @param isNew Whether that is one more of all.
   * @throws {PollenError} `exhausted`.
   */
  demandRoom(owner: string, isNew: boolean): void {
    if (isNew && this.#online.size >= NODES_MAX) {
      throw new PollenError("exhausted", `The registry is full with ${NODES_MAX} nodes.`, {
        fix: "Wait until some are offline, or start another registry.",
      });
    }
    if (this.#countOf(owner) < NODES_PER_TOKEN_MAX) return;
    throw new PollenError(
      "exhausted",
      `This caller has ${NODES_PER_TOKEN_MAX} nodes registered, and may have no more.`,
      { fix: "Use another token for other machines." },
    );
  }

  #countOf(owner: string): number {
    return this.#onlinePerOwner.get(owner) ?? 0;
  }
}
