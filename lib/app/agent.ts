// A running agent: this machine's clock, log and capabilities, and an id that stays the same from
// start to start.

import { hostname as machineName } from "node:os";
import { AGENT_ID_FILE } from "../config/mod.ts";
import { systemClock, systemDisk, systemRandom } from "../host/mod.ts";
import { AGENT_ID_BYTES_MAX, PollenError } from "../types/mod.ts";
import { openLog } from "./log.ts";

const ID_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
const INTERVAL_MS = 5_000;
/** Below it a registry would be asked without a pause; above it no timeout of one would be met. */
const INTERVAL_MS_MIN = 100;
const INTERVAL_MS_MAX = 3_600_000;

/** What to run. Absent settings are at their defaults. */
export interface RunAgentOptions {
  /** The state folder, absolute. */
  readonly dir: string;
  /** Addresses of registries, `host:port`, at least one. */
  readonly registries: readonly string[];
  /** Default: one made at the first start and kept in the state folder. */
  readonly id?: string;
  /** Default: that of this machine. */
  readonly hostname?: string;
  readonly agentAddress?: string;
  /** Milliseconds between two heartbeats. Default 5 000. */
  readonly intervalMs?: number;
  readonly token?: string;
  /** As in `ClientOptions`: certificates (PEM) that sign the registries', null for the system's. */
  readonly trust?: string | null;
  /** Ends the agent. */
  readonly signal: AbortSignal;
  /** Called whenever it has registered. */
  onRegistered(info: { readonly id: string; readonly registry: string }): void;
}

/**
 * Runs an agent until the signal is aborted. Throws as `Agent.run` does.
 *
 * @throws {PollenError} `invalid_argument` for an interval that makes no sense.
 */
export async function runAgent(options: RunAgentOptions): Promise<void> {
  const { token, trust, intervalMs = INTERVAL_MS } = options;
  if (intervalMs < INTERVAL_MS_MIN || intervalMs > INTERVAL_MS_MAX) {
    throw new PollenError(
      "invalid_argument",
      "Heartbeats that often, or that seldom, make no sense.",
      {
        fix: "Choose from 100ms to 1h; 5s is usual.",
      },
    );
  }
  using log = openLog(Deno.env.get("POLLEN_LOG"));
  const [{ Agent, gatherCapabilities }, { client }, { orchion }] = await Promise.all([
    import("../agent/mod.ts"),
    import("../rpc/mod.ts"),
    import("../proto/mod.ts"),
  ]);
  const id = options.id ?? await keptId(options.dir);
  const agent = new Agent({
    registries: options.registries,
    id,
    hostname: options.hostname ?? machineName(),
    agentAddress: options.agentAddress ?? "",
    intervalMs,
    gather: gatherCapabilities,
    open: (address) =>
      client(orchion.Orchestrator, {
        address,
        ...(token === undefined ? {} : { token }),
        ...(trust === undefined ? {} : { trust }),
      }),
    clock: systemClock,
    random: systemRandom,
    log,
    onRegistered: (registry) => options.onRegistered({ id, registry }),
  });
  await agent.run(options.signal);
}

async function keptId(dir: string): Promise<string> {
  const path = `${dir}/${AGENT_ID_FILE}`;
  const kept = await systemDisk.read(path, AGENT_ID_BYTES_MAX);
  const text = kept === null ? "" : new TextDecoder().decode(kept).trim();
  if (text !== "") return text;
  const id = crypto.randomUUID();
  await systemDisk.makeDirectory(dir, DIRECTORY_MODE);
  await systemDisk.writeAtomic(path, new TextEncoder().encode(`${id}\n`), ID_MODE);
  return id;
}
