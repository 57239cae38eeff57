/**
 * Pollen as a library: for programs that embed a node instead of starting the `pollen` executable.
 *
 * ```ts
 * import { joinNetwork, runDaemon } from "./mod.ts";
 *
 * const stop = new AbortController();
 * await joinNetwork({ dir: "/srv/pollen", token, signal: stop.signal });
 * await runDaemon({
 *   dir: "/srv/pollen",
 *   signal: stop.signal,
 *   onReady: ({ port }) => console.log(`listening on UDP port ${port}`),
 * });
 * ```
 *
 * @module
 */

/** Runs a node until it is told to stop; enters a network with a token. */
export {
  type DaemonOptions,
  type Joined,
  joinNetwork,
  type JoinOptions,
  runDaemon,
} from "./lib/app/mod.ts";

/** The parts that `runDaemon` is put together from, for programs that want a node of another shape. */
export { type Config, DEFAULT_CONFIG, Node, type NodeDeps, NodeService } from "./lib/node/mod.ts";
export { Mesh, type MeshOptions, redeemInvite } from "./lib/mesh/mod.ts";
export { type ConnectionInfo, Manager, type TunnelDeps } from "./lib/tunnel/mod.ts";
export { Store } from "./lib/store/mod.ts";

/** Talks to a daemon that runs already. */
export { ControlClient, socketPathOf } from "./lib/server/mod.ts";

/** The vocabulary: keys, errors, and the ports behind which the machine stands. */
export {
  type Clock,
  type Disk,
  type Engine,
  type ErrorCode,
  type Log,
  type Mesh as MeshPort,
  parsePeerKey,
  type PeerKey,
  PollenError,
  type Random,
  shortPeerKey,
  type SocketAddress,
} from "./lib/types/mod.ts";
