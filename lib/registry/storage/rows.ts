// Between a node in memory and its row.

import { orchion } from "../../proto/mod.ts";
import type { WallMs } from "../../types/mod.ts";
import type { HeartbeatSeries } from "../core/heartbeats.ts";
import type { Capabilities, NodeRecord } from "../core/record.ts";
import { HEARTBEAT_BUCKETS_MAX } from "../limits.ts";
import type { HeartbeatsTable, NodesTable } from "./schema.ts";

/** The row of a node. */
export function toRow(record: NodeRecord, version: number): NodesTable {
  return {
    id: record.id,
    kind: record.kind,
    hostname: record.hostname,
    agent_address: record.agentAddress,
    capabilities: record.capabilities === null ? null : JSON.stringify(record.capabilities),
    registered_at_ms: record.registeredAtMs,
    last_seen_ms: record.lastSeenMs,
    offline_at_ms: record.offlineAtMs,
    source: record.source,
    owner: record.owner,
    via: record.via,
    forgotten_at_ms: null,
    version,
  };
}

/** The node of a row. */
export function fromRow(row: NodesTable): NodeRecord {
  return {
    id: row.id,
    kind: row.kind === "member" ? "member" : "agent",
    hostname: row.hostname,
    agentAddress: row.agent_address,
    capabilities: row.capabilities === null ? null : readCapabilities(row.capabilities),
    registeredAtMs: row.registered_at_ms as WallMs,
    lastSeenMs: row.last_seen_ms as WallMs,
    offlineAtMs: row.offline_at_ms as WallMs | null,
    source: row.source,
    owner: row.owner,
    via: row.via,
  };
}

/** How often the node of a row was heard. */
export function toSeries({ bucket, counts }: HeartbeatsTable): HeartbeatSeries {
  const parsed: unknown = JSON.parse(counts);
  const numbers = Array.isArray(parsed) ? parsed.slice(0, HEARTBEAT_BUCKETS_MAX) : [];
  return { newest: bucket, counts: numbers.map((count) => Number.isInteger(count) ? count : 0) };
}

const NO_CAPABILITIES = orchion.Capabilities.create();
const NAMES = Object.keys(NO_CAPABILITIES) as (keyof Capabilities)[];

/** Only texts under names that this version knows; what else there is another version wrote. */
function readCapabilities(json: string): Capabilities | null {
  const parsed: unknown = JSON.parse(json);
  if (typeof parsed !== "object" || parsed === null) return null;
  const capabilities: { -readonly [K in keyof Capabilities]: Capabilities[K] } = {
    ...NO_CAPABILITIES,
  };
  // A loop, because a start reads them of every node that is remembered.
  for (const name of NAMES) {
    const text = (parsed as Record<string, unknown>)[name];
    if (typeof text === "string") capabilities[name] = text;
  }
  return capabilities;
}
