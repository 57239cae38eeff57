// The room of the peer state machine: which peer to try when, and how. Pure.

export type {
  ConnectStage,
  Peer,
  PeerInput,
  PeerOutput,
  PeerState,
  PeerStateKind,
} from "./peer.ts";
export { PeerStore } from "./store.ts";
export {
  BACKOFF_BASE_MS,
  BACKOFF_FIRST_MS,
  BACKOFF_MAX_MS,
  backoffMs,
  CONNECTING_DEADLINE_MS,
  RECONNECT_DELAY_MS,
  STAGE_ATTEMPTS,
  UNREACHABLE_PAUSE_MS,
} from "./timing.ts";
