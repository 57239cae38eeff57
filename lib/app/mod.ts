// Where everything is put together: a node and a running daemon, the exchange of a token for a
// membership, a running registry and a running agent.

export { runAgent, type RunAgentOptions } from "./agent.ts";
export { type DaemonOptions, runDaemon } from "./daemon.ts";
export { type Joined, joinNetwork, type JoinOptions } from "./join.ts";
export { type NodeOptions, type OpenedNode, openNode } from "./node.ts";
export {
  openRegistryTokens,
  type RegistryTokens,
  runRegistry,
  type RunRegistryOptions,
} from "./registry.ts";
export type { RegistryBesideOptions } from "./registry_beside.ts";
export { resolveAddresses } from "./resolve.ts";
export { engineVersion } from "../quic/mod.ts";
