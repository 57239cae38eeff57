// Nodes as JSON: the fields that clients of Orchion read, in their order and spelling, empty ones
// left out; then ours. Angle brackets and ampersands are escaped, so that no text of a node is ever
// taken for markup.

import type { Capabilities, NodeRecord, NodeState } from "../core/record.ts";
import type { NodeDetails } from "../registry.ts";

/** In the order of the field numbers but for the last, as Orchion writes them. */
const CAPABILITY_NAMES: readonly (readonly [keyof Capabilities, string])[] = [
  ["cpu", "cpu"],
  ["memory", "memory"],
  ["os", "os"],
  ["gpuType", "gpu_type"],
  ["gpuVramTotal", "gpu_vram_total"],
  ["gpuVramAvailable", "gpu_vram_available"],
  ["gpuVramUsed", "gpu_vram_used"],
  ["gpuTemperature", "gpu_temperature"],
  ["gpuPowerUsage", "gpu_power_usage"],
  ["powerUsage", "power_usage"],
];

const ESCAPES: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/** A value as JSON that is no markup. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => ESCAPES[character]!);
}

/** One node of a list. */
export function nodeJson(record: NodeRecord, state: NodeState): string {
  const [head, tail] = fragmentsOf(record);
  const seen = Math.floor(record.lastSeenMs / 1000);
  return `${head},"last_seen_unix":${seen}${tail},"lastSeenUnix":${seen},"state":"${state}"}`;
}

/** One node with all that is known of it. */
export function detailsJson({ record, state, history, heartbeats }: NodeDetails): string {
  const more = {
    registeredAt: new Date(record.registeredAtMs),
    lastSeenAt: new Date(record.lastSeenMs),
    offlineAt: record.offlineAtMs === null ? null : new Date(record.offlineAtMs),
    source: record.source,
    history: history.map(({ atMs, kind, source }) => ({ at: new Date(atMs), kind, source })),
    heartbeats: {
      bucketMs: heartbeats.bucketMs,
      from: new Date(heartbeats.fromMs),
      counts: heartbeats.counts,
    },
  };
  return `${nodeJson(record, state).slice(0, -1)},${safeJson(more).slice(1)}`;
}

/** What a node says of itself changes far more seldom than it is listed. */
const fragments = new WeakMap<NodeRecord, {
  readonly capabilities: Capabilities | null;
  readonly texts: readonly [string, string];
}>();

function fragmentsOf(record: NodeRecord): readonly [string, string] {
  const known = fragments.get(record);
  if (known !== undefined && known.capabilities === record.capabilities) return known.texts;
  const head = {
    id: record.id,
    hostname: record.hostname || undefined,
    capabilities: record.capabilities === null ? undefined : capabilitiesOf(record.capabilities),
  };
  const tail = {
    agent_address: record.agentAddress || undefined,
    kind: record.kind,
    via: record.via || undefined,
  };
  const texts = [safeJson(head).slice(0, -1), `,${safeJson(tail).slice(1, -1)}`] as const;
  fragments.set(record, { capabilities: record.capabilities, texts });
  return texts;
}

function capabilitiesOf(capabilities: Capabilities): Record<string, string> {
  return Object.fromEntries(
    CAPABILITY_NAMES.map(([name, key]) => [key, capabilities[name]] as const)
      .filter(([, text]) => text !== ""),
  );
}
