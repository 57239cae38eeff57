// The registry: which agents there are, how they are, and the doors through which they come. It is a
// room that only those load who run one.

export { makeToken, type NewToken, type Scope, type TokenWishes } from "./access.ts";
export type { HeartbeatHistory } from "./core/heartbeats.ts";
export type {
  Capabilities,
  ChangeKind,
  NodeKind,
  NodeRecord,
  NodeState,
  Registration,
} from "./core/record.ts";
export type { Heard, RegistryEvent } from "./events.ts";
export { type Machine, machineOf } from "./cluster/machine.ts";
export type { ClusterPage, ClusterPages } from "./cluster/pages.ts";
export { Replication, type ReplicationDeps } from "./cluster/replication.ts";
export {
  HEARTBEAT_TIMEOUT_MS,
  HEARTBEAT_TIMEOUT_MS_MAX,
  HEARTBEAT_TIMEOUT_MS_MIN,
} from "./limits.ts";
export type {
  NetworkBounds,
  NetworkLink,
  NetworkMachine,
  NetworkService,
  NetworkSource,
  NetworkView,
} from "./network.ts";
export { type NodeDetails, Registry, type RegistryDeps } from "./registry.ts";
export { openRegistryServer, type RegistryServer, type RegistryServerOptions } from "./server.ts";
export { openStorage, type OpenStorageOptions } from "./storage/open.ts";
export type { Storage, StoredToken } from "./storage/storage.ts";
