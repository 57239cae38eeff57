// What a member says of its own machine, on its page 0.

import type { AgentEntry } from "../../proto/mod.ts";
import type { Capabilities } from "../core/record.ts";
import { textProblem } from "../core/texts.ts";
import { decodeCapabilities } from "./entries.ts";

/** A machine in words for people. */
export interface Machine {
  readonly hostname: string;
  readonly capabilities: Capabilities | null;
}

/** What a page 0 says; null for nothing that a registry would show. */
export function machineOf(entries: readonly AgentEntry[] | null): Machine | null {
  const entry = entries?.[0];
  if (entry === undefined || textProblem(entry.hostname) !== null) return null;
  const capabilities = decodeCapabilities(entry.capabilities);
  return capabilities === undefined ? null : { hostname: entry.hostname, capabilities };
}
