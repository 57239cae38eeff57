// The room of the replicated state: what each node says about itself, merged, queried and saved.

export { connectionKey } from "./core_connections.ts";
export { recordBytes } from "./core_sync.ts";
export {
  ATTRIBUTES_PER_AUTHOR_MAX,
  AUTHORS_MAX,
  CONNECTIONS_MAX,
  COUNTER_FIRST_MAX,
  COUNTER_JUMP_MAX,
  COUNTER_RESERVE,
  STATE_FILE_BYTES_MAX,
} from "./limits.ts";
export type {
  ApplyResult,
  Authority,
  Connection,
  KnownPeer,
  NodeRecord,
  SaveUrgency,
} from "./records.ts";
export { Store } from "./store.ts";
