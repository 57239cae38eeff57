// The nodes and their states. Pure: every step takes its moment as an argument.
//
// Invariants: the moment a node was last seen never goes back; ages are told by the monotonic clock,
// so that no jump of the other one makes a node old or immortal; a node is either online or offline,
// and only online ones are listed and may send heartbeats.

import type { WallMs } from "../../types/mod.ts";
import { ACTIVE_MS, FOREIGN_DELAY_MS, OFFLINE_MAX } from "../limits.ts";
import { adopt, learn, type Learned, restore } from "./hearsay.ts";
import { type Entry, NodeIndex } from "./node_index.ts";
import {
  type Capabilities,
  type Change,
  hasOtherFacts,
  isEmpty,
  isSame,
  laterOf,
  type Moment,
  type NodeRecord,
  type NodeState,
  type Registration,
} from "./record.ts";

/** What a sign of life led to. */
export interface Heard {
  readonly record: NodeRecord;
  /** Null when it told nothing new. */
  readonly change: Change | null;
  /** The machine whose registry held the node until now; null when this one did. */
  readonly takenFrom: string | null;
}

/** What a registration led to. */
export interface Registered extends Heard {
  /** Another address that the same node was heard from, while it was online. */
  readonly movedFrom: string | null;
}

/** All nodes that are known. */
export class NodeTable {
  readonly #timeoutMs: number;
  readonly #nodes = new NodeIndex();

  /** @param timeoutMs The age at which a node is offline. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Grows with every change of who is online, in which state, and what they say; not with heartbeats. */
  get revision(): number {
    return this.#nodes.revision;
  }

  /** Those that are online. */
  online(): IterableIterator<NodeRecord> {
    return this.#nodes.online();
  }

  /** Those that are remembered. */
  offline(): IterableIterator<NodeRecord> {
    return this.#nodes.offline();
  }

  get onlineCount(): number {
    return this.#nodes.onlineCount;
  }

  get offlineCount(): number {
    return this.#nodes.offlineCount;
  }

  /** One node, whatever its state. */
  get(id: string): NodeRecord | null {
    return this.#nodes.get(id) ?? null;
  }

  isOnline(id: string): boolean {
    return this.#nodes.getOnline(id) !== undefined;
  }

  /** The state at its last look at the ages. */
  stateOf({ id }: NodeRecord): NodeState {
    const entry = this.#nodes.getOnline(id);
    if (entry === undefined) return "offline";
    return entry.isStale ? "stale" : "active";
  }

  /**
   * Takes a node in, or takes what it says anew.
   *
   * @throws {PollenError} `exhausted` when there are too many already.
   */
  register(words: Registration, now: Moment): Registered {
    const known = this.#nodes.getOnline(words.id);
    const before = this.#nodes.get(words.id);
    if (known?.owner !== words.owner) this.#nodes.demandRoom(words.owner, known === undefined);
    const movedFrom = known !== undefined && known.source !== words.source ? known.source : null;
    const capabilities = words.capabilities === null || isEmpty(words.capabilities)
      ? before?.capabilities ?? null
      : words.capabilities;
    const entry: Entry = {
      ...words,
      hostname: words.hostname || (before?.hostname ?? ""),
      agentAddress: words.agentAddress || (before?.agentAddress ?? ""),
      capabilities,
      registeredAtMs: before?.registeredAtMs ?? now.wall,
      lastSeenMs: seenHere(before, now.wall),
      offlineAtMs: null,
      via: "",
      seenAt: now.monotonic,
      isStale: false,
      isForeign: false,
    };
    const isNew = known === undefined;
    const isNews = isNew || known.isStale || hasOtherFacts(known, entry);
    this.#nodes.remove(words.id);
    this.#nodes.put(entry);
    if (isNews) this.#nodes.revision++;
    const kind = isNew ? "registered" : "updated";
    const takenFrom = holderOf(known);
    const change: Change | null = isNews ? { kind, record: entry } : null;
    return { record: entry, change, movedFrom, takenFrom };
  }

  /** A sign of life, which makes this one the holder. Null when no such node is online. */
  heartbeat(id: string, now: Moment): Heard | null {
    const entry = this.#nodes.getOnline(id);
    if (entry === undefined) return null;
    if (entry.via !== "") return this.#takeOver(entry, now);
    entry.seenAt = now.monotonic;
    entry.isForeign = false;
    entry.lastSeenMs = laterOf(entry.lastSeenMs, now.wall);
    if (!entry.isStale) return { record: entry, change: null, takenFrom: null };
    entry.isStale = false;
    this.#nodes.revision++;
    return { record: entry, change: { kind: "active", record: entry }, takenFrom: null };
  }

  /** Replaces what a node has; a sign of life as well. Null when no such node is online. */
  update(
    id: string,
    capabilities: Capabilities,
    now: Moment,
  ): Heard | null {
    const heard = this.heartbeat(id, now);
    const entry = this.#nodes.getOnline(id);
    if (heard === null || entry === undefined) return null;
    if (isSame(entry.capabilities, capabilities)) return heard;
    entry.capabilities = capabilities;
    this.#nodes.revision++;
    return { ...heard, record: entry, change: { kind: "updated", record: entry } };
  }

  /** Takes a node at its word that it goes. Null when no such node is online. */
  unregister(id: string, now: Moment): Change | null {
    const record = this.#nodes.retire(id, now.wall);
    return record === null ? null : { kind: "unregistered", record };
  }

  /** Takes a node out, whatever its state. Null when there is none. */
  forget(id: string): Change | null {
    const entry = this.#nodes.remove(id);
    return entry === null ? null : { kind: "forgotten", record: entry };
  }

  /** Looks at all ages: who has become stale, and who is offline from now on. */
  sweep(now: Moment): Change[] {
    const changes: Change[] = [];
    const activeMs = Math.min(ACTIVE_MS, this.#timeoutMs);
    for (const entry of this.#nodes.online()) {
      const ageMs = now.monotonic - entry.seenAt;
      if (ageMs < activeMs) continue;
      if (ageMs >= this.#timeoutMs + (entry.isForeign ? FOREIGN_DELAY_MS : 0)) {
        this.#nodes.retire(entry.id, now.wall);
        changes.push({ kind: "offline", record: entry });
      } else if (!entry.isStale) {
        entry.isStale = true;
        this.#nodes.revision++;
        changes.push({ kind: "stale", record: entry });
      }
    }
    return changes;
  }

  /** Forgets who went before `wall`, and the oldest of too many. */
  cleanUp(wall: WallMs): Change[] {
    const changes: Change[] = [];
    for (const entry of this.#nodes.offline()) {
      const isOld = entry.offlineAtMs! < wall;
      if (!isOld && this.#nodes.offlineCount <= OFFLINE_MAX) break;
      this.#nodes.remove(entry.id);
      changes.push({ kind: "forgotten", record: entry });
    }
    return changes;
  }

  /** See `learn` of hearsay.ts. */
  learn(told: NodeRecord, isPresent: boolean, now: Moment): Learned | null {
    return learn(this.#nodes, told, isPresent, now);
  }

  /** See `restore` of hearsay.ts. */
  restore(record: NodeRecord, now: Moment): void {
    restore(this.#nodes, record, now);
  }

  /** See `adopt` of hearsay.ts. */
  adopt(stored: NodeRecord, now: Moment): Change | null {
    return adopt(this.#nodes, stored, now);
  }

  #takeOver(entry: Entry, now: Moment): Heard {
    const taken: Entry = {
      ...entry,
      via: "",
      owner: "",
      lastSeenMs: seenHere(entry, now.wall),
      seenAt: now.monotonic,
      isStale: false,
      isForeign: false,
    };
    this.#nodes.replace(taken);
    const change: Change = { kind: "updated", record: taken };
    return { record: taken, change, takenFrom: entry.via };
  }
}

function holderOf(entry: Entry | undefined): string | null {
  return entry === undefined || entry.via === "" ? null : entry.via;
}

/** Later than what another registry said of it: the last one that hears a node holds it. */
export function seenHere(before: Entry | undefined, wall: WallMs): WallMs {
  if (before === undefined || before.via === "") return laterOf(before?.lastSeenMs, wall);
  return laterOf(before.lastSeenMs + 1 as WallMs, wall);
}
