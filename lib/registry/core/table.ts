// The nodes and their states. Pure: every step takes its moment as an argument.
//
// Invariants: the moment a node was last seen never goes back; ages are told by the monotonic clock,
// so that no jump of the other one makes a node old or immortal; a node is either online or offline,
// and only online ones are listed and may send heartbeats.

import { addMs, type MonotonicMs, PollenError, type WallMs } from "../../types/mod.ts";
import {
  ACTIVE_MS,
  FOREIGN_DELAY_MS,
  NODES_MAX,
  NODES_PER_TOKEN_MAX,
  OFFLINE_MAX,
} from "../limits.ts";
import {
  type Capabilities,
  type Change,
  type ChangeKind,
  isEmpty,
  isSame,
  type Moment,
  type NodeRecord,
  type NodeState,
  type Registration,
} from "./record.ts";

type Entry = { -readonly [K in keyof NodeRecord]: NodeRecord[K] } & {
  /** When it was last heard, for its age. */
  seenAt: MonotonicMs;
  isStale: boolean;
  /** Heard by another instance last, which tells with some delay. */
  isForeign: boolean;
};

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

/** What the word of another machine's registry led to. */
export interface Learned {
  readonly record: NodeRecord;
  readonly change: Change | null;
  /** Whether this one held the node until now. */
  readonly wasHeldHere: boolean;
}

/** All nodes that are known. */
export class NodeTable {
  readonly #timeoutMs: number;
  readonly #online = new Map<string, Entry>();
  /** In the order in which they went. */
  readonly #offline = new Map<string, Entry>();
  readonly #onlinePerOwner = new Map<string, number>();
  #revision = 0;

  /** @param timeoutMs The age at which a node is offline. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Grows with every change of who is online, in which state, and what they say; not with heartbeats. */
  get revision(): number {
    return this.#revision;
  }

  /** Those that are online. */
  online(): IterableIterator<NodeRecord> {
    return this.#online.values();
  }

  /** Those that are remembered. */
  offline(): IterableIterator<NodeRecord> {
    return this.#offline.values();
  }

  get onlineCount(): number {
    return this.#online.size;
  }

  get offlineCount(): number {
    return this.#offline.size;
  }

  /** One node, whatever its state. */
  get(id: string): NodeRecord | null {
    return this.#online.get(id) ?? this.#offline.get(id) ?? null;
  }

  isOnline(id: string): boolean {
    return this.#online.has(id);
  }

  /** The state at its last look at the ages. */
  stateOf({ id }: NodeRecord): NodeState {
    const entry = this.#online.get(id);
    if (entry === undefined) return "offline";
    return entry.isStale ? "stale" : "active";
  }

  /**
   * Takes a node in, or takes what it says anew.
   *
   * @throws {PollenError} `exhausted` when there are too many already.
   */
  register(words: Registration, now: Moment): Registered {
    const known = this.#online.get(words.id);
    const before = known ?? this.#offline.get(words.id);
    if (known?.owner !== words.owner) this.#demandRoom(words.owner, known === undefined);
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
    this.#remove(words.id);
    this.#put(entry);
    if (isNews) this.#revision++;
    const kind = isNew ? "registered" : "updated";
    const takenFrom = holderOf(known);
    const change: Change | null = isNews ? { kind, record: entry } : null;
    return { record: entry, change, movedFrom, takenFrom };
  }

  /** A sign of life, which makes this one the holder. Null when no such node is online. */
  heartbeat(id: string, now: Moment): Heard | null {
    const entry = this.#online.get(id);
    if (entry === undefined) return null;
    if (entry.via !== "") return this.#takeOver(entry, now);
    entry.seenAt = now.monotonic;
    entry.isForeign = false;
    entry.lastSeenMs = laterOf(entry.lastSeenMs, now.wall);
    if (!entry.isStale) return { record: entry, change: null, takenFrom: null };
    entry.isStale = false;
    this.#revision++;
    return { record: entry, change: { kind: "active", record: entry }, takenFrom: null };
  }

  /** Replaces what a node has; a sign of life as well. Null when no such node is online. */
  update(
    id: string,
    capabilities: Capabilities,
    now: Moment,
  ): Heard | null {
    const heard = this.heartbeat(id, now);
    const entry = this.#online.get(id);
    if (heard === null || entry === undefined) return null;
    if (isSame(entry.capabilities, capabilities)) return heard;
    entry.capabilities = capabilities;
    this.#revision++;
    return { ...heard, record: entry, change: { kind: "updated", record: entry } };
  }

  /** Takes a node at its word that it goes. Null when no such node is online. */
  unregister(id: string, now: Moment): Change | null {
    const record = this.#retire(id, now.wall);
    return record === null ? null : { kind: "unregistered", record };
  }

  /** Takes a node out, whatever its state. Null when there is none. */
  forget(id: string): Change | null {
    const entry = this.#remove(id);
    return entry === null ? null : { kind: "forgotten", record: entry };
  }

  /** Looks at all ages: who has become stale, and who is offline from now on. */
  sweep(now: Moment): Change[] {
    const changes: Change[] = [];
    const activeMs = Math.min(ACTIVE_MS, this.#timeoutMs);
    for (const entry of this.#online.values()) {
      const ageMs = now.monotonic - entry.seenAt;
      if (ageMs < activeMs) continue;
      if (ageMs >= this.#timeoutMs + (entry.isForeign ? FOREIGN_DELAY_MS : 0)) {
        this.#retire(entry.id, now.wall);
        changes.push({ kind: "offline", record: entry });
      } else if (!entry.isStale) {
        entry.isStale = true;
        this.#revision++;
        changes.push({ kind: "stale", record: entry });
      }
    }
    return changes;
  }

  /** Forgets who went before `wall`, and the oldest of too many. */
  cleanUp(wall: WallMs): Change[] {
    const changes: Change[] = [];
    for (const entry of this.#offline.values()) {
      const isOld = entry.offlineAtMs! < wall;
      if (!isOld && this.#offline.size <= OFFLINE_MAX) break;
      this.#offline.delete(entry.id);
      changes.push({ kind: "forgotten", record: entry });
    }
    return changes;
  }

  /**
   * Takes what another machine's registry says of a node that it holds. Null when it is nothing that
   * has to be stored, and when the node was heard here later than there.
   *
   * @param isPresent Whether that machine is there: then its word is a sign of life.
   */
  learn(told: NodeRecord, isPresent: boolean, now: Moment): Learned | null {
    const online = this.#online.get(told.id);
    const before = online ?? this.#offline.get(told.id);
    const isOnline = told.offlineAtMs === null;
    const toldMs = isPresent || told.lastSeenMs > now.wall ? now.wall : told.lastSeenMs;
    if (before !== undefined && before.via === "") {
      const isMine = online !== undefined && (online.kind === "member" || !isOnline);
      if (isMine || told.lastSeenMs <= before.lastSeenMs) return null;
    }
    if (online === undefined && isOnline && this.#online.size >= NODES_MAX) return null;
    const entry: Entry = {
      ...told,
      registeredAtMs: before === undefined || told.registeredAtMs < before.registeredAtMs
        ? told.registeredAtMs
        : before.registeredAtMs,
      lastSeenMs: laterOf(before?.lastSeenMs, toldMs),
      seenAt: now.monotonic,
      isStale: false,
      isForeign: false,
    };
    const kind = newsOf(online, entry);
    const isKnown = before?.via === told.via && (online !== undefined) === isOnline;
    if (kind === null && isKnown) {
      const { lastSeenMs, seenAt } = entry;
      Object.assign(before, { lastSeenMs, seenAt });
      return null;
    }
    if (kind === "active" && isKnown) {
      Object.assign(before, { lastSeenMs: entry.lastSeenMs, seenAt: entry.seenAt, isStale: false });
      this.#revision++;
      return { record: before, change: { kind, record: before }, wasHeldHere: false };
    }
    this.#remove(told.id);
    this.#put(entry);
    this.#revision++;
    const change: Change | null = kind === null ? null : { kind, record: entry };
    return { record: entry, change, wasHeldHere: before?.via === "" };
  }

  /**
   * Takes what is stored of a node. Its age is that of the wall clock, as nothing else has outlived
   * the process that stored it; who is too old by it goes with the next look at the ages. What another
   * machine's registry held is as young as can be: its word does not come with the first look.
   */
  restore(record: NodeRecord, now: Moment): void {
    const ageMs = record.via === "" ? Math.max(0, now.wall - record.lastSeenMs) : 0;
    this.#remove(record.id);
    this.#put({
      ...record,
      seenAt: addMs(now.monotonic, -ageMs),
      isStale: false,
      isForeign: false,
    });
    this.#revision++;
  }

  /**
   * Takes what another instance has stored of a node. Null when it is nothing new.
   *
   * Whether the node is online is as stored, as heartbeats bring nobody back. A newer sign of life
   * counts from now on: the moment by the other instance's clock may not fit ours.
   */
  adopt(stored: NodeRecord, now: Moment): Change | null {
    const online = this.#online.get(stored.id);
    const before = online ?? this.#offline.get(stored.id);
    const isNewer = before === undefined || stored.lastSeenMs > before.lastSeenMs;
    const adopted: Entry = {
      ...stored,
      lastSeenMs: laterOf(before?.lastSeenMs, stored.lastSeenMs),
      seenAt: isNewer ? now.monotonic : before.seenAt,
      isStale: !isNewer && before.isStale,
      isForeign: isNewer || before.isForeign,
    };
    const kind = newsOf(online, adopted);
    if (kind === null && online !== undefined) {
      const { lastSeenMs, seenAt, isForeign } = adopted;
      Object.assign(online, { lastSeenMs, seenAt, isForeign });
      return null;
    }
    this.#remove(stored.id);
    this.#put(adopted);
    this.#revision++;
    return kind === null ? null : { kind, record: adopted };
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
    this.#remove(entry.id);
    this.#put(taken);
    this.#revision++;
    const change: Change = { kind: "updated", record: taken };
    return { record: taken, change, takenFrom: entry.via };
  }

  #put(entry: Entry): void {
    if (entry.offlineAtMs !== null) {
      this.#offline.set(entry.id, entry);
      return;
    }
    this.#online.set(entry.id, entry);
    this.#onlinePerOwner.set(entry.owner, this.#countOf(entry.owner) + 1);
  }

  #remove(id: string): Entry | null {
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
    this.#revision++;
    return online;
  }

  #retire(id: string, wall: WallMs): NodeRecord | null {
    if (!this.#online.has(id)) return null;
    const entry = this.#remove(id)!;
    entry.offlineAtMs = laterOf(entry.lastSeenMs, wall);
    this.#put(entry);
    return entry;
  }

  #countOf(owner: string): number {
    return this.#onlinePerOwner.get(owner) ?? 0;
  }

  #demandRoom(owner: string, isNew: boolean): void {
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
}

/** What is new for those who listen; null when it is nothing to them. */
function newsOf(online: Entry | undefined, adopted: Entry): ChangeKind | null {
  if (adopted.offlineAtMs !== null) return online === undefined ? null : "offline";
  if (online === undefined) return "registered";
  if (hasOtherFacts(online, adopted)) return "updated";
  return online.isStale && !adopted.isStale ? "active" : null;
}

function holderOf(entry: Entry | undefined): string | null {
  return entry === undefined || entry.via === "" ? null : entry.via;
}

/** Later than what another registry said of it: the last one that hears a node holds it. */
function seenHere(before: Entry | undefined, wall: WallMs): WallMs {
  if (before === undefined || before.via === "") return laterOf(before?.lastSeenMs, wall);
  return laterOf(before.lastSeenMs + 1 as WallMs, wall);
}

function laterOf(before: WallMs | undefined, now: WallMs): WallMs {
  return before === undefined || now > before ? now : before;
}

function hasOtherFacts(before: NodeRecord, after: NodeRecord): boolean {
  return before.kind !== after.kind || before.hostname !== after.hostname ||
    before.agentAddress !== after.agentAddress || before.source !== after.source ||
    before.owner !== after.owner || before.via !== after.via ||
    !isSame(before.capabilities, after.capabilities);
}
