// Between a node of this registry and an entry of a page. What comes from another machine is checked
// as if an agent had said it.

import { type AgentEntry, orchion } from "../../proto/mod.ts";
import type { WallMs } from "../../types/mod.ts";
import { type Capabilities, isEmpty, type NodeRecord } from "../core/record.ts";
import { idProblem, textProblem } from "../core/texts.ts";

/** What is told of a node. */
export function entryOf(record: NodeRecord): AgentEntry {
  return {
    id: record.id,
    hostname: record.hostname,
    agentAddress: record.agentAddress,
    capabilities: encodeCapabilities(record.capabilities),
    registeredAtMs: BigInt(record.registeredAtMs),
    lastSeenMs: BigInt(record.lastSeenMs),
    offlineAtMs: BigInt(record.offlineAtMs ?? 0),
    source: record.source,
  };
}

/** Capabilities as an entry has them. */
export function encodeCapabilities(capabilities: Capabilities | null): Uint8Array {
  return capabilities === null ? new Uint8Array() : orchion.Capabilities.encode(capabilities);
}

/** The node that another machine's registry tells of; null for what no registry would have taken. */
export function recordOf(entry: AgentEntry, via: string): NodeRecord | null {
  const { id, hostname, agentAddress, source } = entry;
  if (idProblem(id) !== null) return null;
  if ([hostname, agentAddress, source].some((text) => textProblem(text) !== null)) return null;
  const capabilities = decodeCapabilities(entry.capabilities);
  if (capabilities === undefined) return null;
  return {
    id,
    kind: "agent",
    hostname,
    agentAddress,
    capabilities,
    registeredAtMs: moment(entry.registeredAtMs),
    lastSeenMs: moment(entry.lastSeenMs),
    offlineAtMs: entry.offlineAtMs === 0n ? null : moment(entry.offlineAtMs),
    source,
    // Bounded like a token's: nobody else's agents are crowded out.
    owner: `@${via}`,
    via,
  };
}

/** Null where nothing is told, undefined for what no registry would have taken. */
export function decodeCapabilities(bytes: Uint8Array): Capabilities | null | undefined {
  let capabilities: Capabilities;
  try {
    capabilities = orchion.Capabilities.decode(bytes);
  } catch {
    return undefined;
  }
  if (Object.values(capabilities).some((text) => textProblem(text) !== null)) return undefined;
  return isEmpty(capabilities) ? null : capabilities;
}

/** The last moment that a date can show (ECMA-262, section 21.4.1.1). */
const MOMENT_MAX = 8_640_000_000_000_000n;

function moment(ms: bigint): WallMs {
  return Number(ms < MOMENT_MAX ? ms : MOMENT_MAX) as WallMs;
}

/** Whether both tell the same, whenever they were made. */
export function tellSame(a: AgentEntry | null, b: AgentEntry | null): boolean {
  if (a === null || b === null) return a === b;
  return a.id === b.id && a.hostname === b.hostname && a.agentAddress === b.agentAddress &&
    a.source === b.source && a.registeredAtMs === b.registeredAtMs &&
    a.offlineAtMs === b.offlineAtMs && areSame(a.capabilities, b.capabilities);
}

function areSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
