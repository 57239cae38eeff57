// What the registry knows of one node, in the words of all its doors.

import type { orchion } from "../../proto/mod.ts";
import type { MonotonicMs, WallMs } from "../../types/mod.ts";

/** What a machine has: each a text for people, empty where nothing is known. */
export type Capabilities = orchion.Capabilities;

/** An agent registers itself; a member is a machine of this private network. */
export type NodeKind = "agent" | "member";

/** By the age of its last sign of life: below 10 s, below the timeout, beyond. */
export type NodeState = "active" | "stale" | "offline";

/** One node. Moments are milliseconds since 1970 by the clock of a registry. */
export interface NodeRecord {
  readonly id: string;
  readonly kind: NodeKind;
  readonly hostname: string;
  /** `host:port` of the agent's own service; empty where it has told none. */
  readonly agentAddress: string;
  readonly capabilities: Capabilities | null;
  /** When it registered for the first time. */
  readonly registeredAtMs: WallMs;
  /** Never goes back, whatever the clock does. */
  readonly lastSeenMs: WallMs;
  /** Since when it is offline; null while it is not. */
  readonly offlineAtMs: WallMs | null;
  /** The IP address from which it registered last. */
  readonly source: string;
  /** The token it registered with; empty without one. */
  readonly owner: string;
  /** The machine of the network whose registry holds it, by its key; empty when this one does. */
  readonly via: string;
}

/** A node's words about itself. What is empty or absent leaves what was known. */
export interface Registration {
  readonly id: string;
  readonly kind: NodeKind;
  readonly hostname: string;
  readonly agentAddress: string;
  readonly capabilities: Capabilities | null;
  readonly source: string;
  readonly owner: string;
}

/** A moment by both clocks: ages go by the first, what people read is the second. */
export interface Moment {
  readonly monotonic: MonotonicMs;
  readonly wall: WallMs;
}

/** What can happen to a node. A heartbeat alone is nothing. */
export type ChangeKind =
  /** It came, or came back. */
  | "registered"
  /** It told something new about itself. */
  | "updated"
  /** It was stale and is heard again. */
  | "active"
  /** It has not been heard for 10 s. */
  | "stale"
  /** It has not been heard until the timeout. */
  | "offline"
  /** It said that it goes. */
  | "unregistered"
  /** It is remembered no longer. */
  | "forgotten";

/** What happened to which node. */
export interface Change {
  readonly kind: ChangeKind;
  readonly record: NodeRecord;
}

/** Whether every text of them is empty. */
export function isEmpty(capabilities: Capabilities): boolean {
  return Object.values(capabilities).every((text) => text === "");
}

/** Whether both say the same. */
export function isSame(a: Capabilities | null, b: Capabilities | null): boolean {
  if (a === null || b === null) return a === b;
  return (Object.keys(a) as (keyof Capabilities)[]).every((name) => a[name] === b[name]);
}

/** Whether one is told otherwise than the other, whenever they were heard. */
export function hasOtherFacts(before: NodeRecord, after: NodeRecord): boolean {
  return before.kind !== after.kind || before.hostname !== after.hostname ||
    before.agentAddress !== after.agentAddress || before.source !== after.source ||
    before.owner !== after.owner || before.via !== after.via ||
    !isSame(before.capabilities, after.capabilities);
}

/** The later one of two moments, so that a clock that goes back takes nothing with it. */
export function laterOf(before: WallMs | undefined, now: WallMs): WallMs {
  return before === undefined || now > before ? now : before;
}
