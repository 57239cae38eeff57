// What a registry takes from others: from its own earlier run, from instances on the same database, and
// from registries of other machines. Each tells of nodes that somebody else has heard, so none of it
// counts for more than the ear of this one. Pure.

import { addMs } from "../../types/mod.ts";
import { NODES_MAX } from "../limits.ts";
import type { Entry, NodeIndex } from "./node_index.ts";
import {
  type Change,
  type ChangeKind,
  hasOtherFacts,
  laterOf,
  type Moment,
  type NodeRecord,
} from "./record.ts";

/** What the word of another machine's registry led to. */
export interface Learned {
  readonly record: NodeRecord;
  readonly change: Change | null;
  /** Whether this one held the node until now. */
  readonly wasHeldHere: boolean;
}

/**
 * Takes what is stored of a node. Its age is that of the wall clock, as nothing else has outlived
 * the process that stored it; who is too old by it goes with the next look at the ages. What another
 * machine's registry held is as young as can be: its word does not come with the first look.
 */
export function restore(nodes: NodeIndex, record: NodeRecord, now: Moment): void {
  const ageMs = record.via === "" ? Math.max(0, now.wall - record.lastSeenMs) : 0;
  const seenAt = addMs(now.monotonic, -ageMs);
  nodes.replace({ ...record, seenAt, isStale: false, isForeign: false });
}

/**
 * Takes what another instance has stored of a node. Null when it is nothing new.
 *
 * Whether the node is online is as stored, as heartbeats bring nobody back. A newer sign of life
 * counts from now on: the moment by the other instance's clock may not fit ours.
 */
export function adopt(nodes: NodeIndex, stored: NodeRecord, now: Moment): Change | null {
  const online = nodes.getOnline(stored.id);
  const before = nodes.get(stored.id);
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
  nodes.replace(adopted);
  return kind === null ? null : { kind, record: adopted };
}

/**
 * Takes what another machine's registry says of a node that it holds. Null when it is nothing that
 * has to be stored, and when the node was heard here later than there.
 *
 * @param isPresent Whether that machine is there: then its word is a sign of life.
 */
export function learn(
  nodes: NodeIndex,
  told: NodeRecord,
  isPresent: boolean,
  now: Moment,
): Learned | null {
  const online = nodes.getOnline(told.id);
  const before = nodes.get(told.id);
  const isOnline = told.offlineAtMs === null;
  if (before?.via === "" && !isBetterThanOurs(told, before, online !== undefined)) return null;
  if (online === undefined && isOnline && nodes.onlineCount >= NODES_MAX) return null;
  const toldMs = isPresent || told.lastSeenMs > now.wall ? now.wall : told.lastSeenMs;
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
    nodes.revision++;
    return { record: before, change: { kind, record: before }, wasHeldHere: false };
  }
  nodes.replace(entry);
  const change: Change | null = kind === null ? null : { kind, record: entry };
  return { record: entry, change, wasHeldHere: before?.via === "" };
}

/** Whether a registry that tells of a node that is held here has heard it later. */
function isBetterThanOurs(
  told: NodeRecord,
  { kind, lastSeenMs }: NodeRecord,
  isOnlineHere: boolean,
): boolean {
  const isOurs = isOnlineHere && (kind === "member" || told.offlineAtMs !== null);
  return !isOurs && told.lastSeenMs > lastSeenMs;
}

/** What is new for those who listen; null when it is nothing to them. */
function newsOf(online: Entry | undefined, adopted: Entry): ChangeKind | null {
  if (adopted.offlineAtMs !== null) return online === undefined ? null : "offline";
  if (online === undefined) return "registered";
  if (hasOtherFacts(online, adopted)) return "updated";
  return online.isStale && !adopted.isStale ? "active" : null;
}
