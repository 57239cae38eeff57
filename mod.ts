/**
 * Pollen as a library: for programs that embed a node instead of starting the `pollen` executable.
 *
 * This program founds a network in a folder of its own, runs its first node for a moment, and
 * leaves nothing behind:
 *
 * ```ts
 * import {
 *   genIdentityKey,
 *   initRoot,
 *   openNode,
 *   systemClock,
 *   systemDisk,
 *   systemRandom,
 * } from "./mod.ts";
 *
 * const dir = await Deno.makeTempDir({ prefix: "pollen-" });
 * const identity = await genIdentityKey(systemDisk, dir, systemRandom);
 * await initRoot(systemDisk, dir, identity, { now: systemClock.wallNow(), random: systemRandom });
 *
 * const { node } = await openNode({ dir, listenIp: "127.0.0.1", port: 0, ips: ["127.0.0.1"] });
 * const stop = new AbortController();
 * const ended = node.start(stop.signal);
 * await node.ready;
 * console.log(`listening on UDP port ${node.listenPort}`);
 * console.log(`connected with ${node.getConnectedPeers().length} peers`);
 *
 * stop.abort();
 * await ended;
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * A node that belongs to a network of others calls {@linkcode joinNetwork} with their token in place
 * of `genIdentityKey` and `initRoot`. {@linkcode runDaemon} runs a node as `pollen up` does: with a
 * log, and a control socket for the command line and {@linkcode ControlClient}.
 *
 * Every failure is a {@linkcode PollenError}, whose `code` is from a closed list. Times and
 * durations are in milliseconds unless a name says otherwise, keys are 32 bytes or their 64
 * hexadecimal characters, paths are absolute.
 *
 * @module
 */

// A whole node: opened, run, brought into a network.
export {
  type DaemonOptions,
  type Joined,
  joinNetwork,
  type JoinOptions,
  type NodeOptions,
  type OpenedNode,
  openNode,
  resolveAddresses,
  runDaemon,
  runRegistry,
  type RunRegistryOptions,
} from "./lib/app/mod.ts";

// Orchestration: the event loop, the tunnels, the control socket.
export {
  type BootstrapPeer,
  type Config as NodeConfig,
  DEFAULT_CONFIG as DEFAULT_NODE_CONFIG,
  Node,
  type NodeDeps,
  NodeService,
  type NodeServiceDeps,
  type WhichForwards,
} from "./lib/node/mod.ts";
export { type ConnectionInfo, Manager, type TunnelDeps } from "./lib/tunnel/mod.ts";
export {
  ControlClient,
  type ControlHandlers,
  GrpcServer,
  type GrpcServerOptions,
  type GrpcServerState,
  socketPathOf,
} from "./lib/server/mod.ts";
export type {
  CallContext,
  CallOptions,
  Handler,
  Handlers,
  Service as RpcService,
} from "./lib/rpc/mod.ts";

// Transport: sessions with members, invites, the state machine of peers, the engine.
export {
  getAdvertisableAddrs,
  type IdentityOptions,
  type InterfaceAddress,
  inviteProtocols,
  memberProtocols,
  Mesh,
  type MeshOptions,
  type RedeemDeps,
  type Redeemer,
  redeemInvite,
} from "./lib/mesh/mod.ts";
export {
  type ConnectStage,
  type Peer,
  type PeerInput,
  type PeerOutput,
  type PeerState,
  type PeerStateKind,
  PeerStore,
} from "./lib/peer/mod.ts";
export { Conn, SockStore, type SockStoreDeps } from "./lib/sock/mod.ts";
export { type EngineOptions, openEngine } from "./lib/quic/mod.ts";

// State: what nodes tell each other, and what a node is told by its owner.
export {
  type ApplyResult,
  type Authority,
  type Connection,
  connectionKey,
  type KnownPeer,
  type NodeRecord,
  type SaveUrgency,
  Store,
} from "./lib/store/mod.ts";
export {
  CertTtls,
  type CertTtlsFields,
  Config,
  type ConfigFields,
  type ConfiguredPeer,
  ConsumedInvites,
  normalizeRelayAddr,
} from "./lib/config/mod.ts";

// Trust: keys, memberships, invites and what signs them.
export {
  AdminSigner,
  clusterIdHex,
  decodeToken,
  encodeInviteToken,
  encodeJoinToken,
  enrol,
  genIdentityKey,
  type IdentityKey,
  initRoot,
  type InitRootOptions,
  type InitRootResult,
  InviteRedeemer,
  type InviteRequest,
  type JoinTokenRequest,
  loadAdminSigner,
  loadIdentityKey,
  loadNodeCredentials,
  type MembershipRequest,
  type NodeCredentials,
  readIdentityPub,
  type RedeemerOptions,
  renewMembership,
  type SignerOptions,
  type SigningKey,
  type Token,
  verifyInviteToken,
  verifyJoinToken,
  verifyMembershipCert,
  verifyRevocation,
} from "./lib/auth/mod.ts";

// The messages that the signatures above mention: what nodes tell each other, what admins sign, what a
// control socket is asked. Moments in them are seconds since 1970, where the name ends in `Unix`.
export {
  type AdminCert,
  type AdminCertClaims,
  type BootstrapPeer as BootstrapPeerMessage,
  type BootstrapPeerInfo,
  type CertHealth,
  type CertInfo,
  type CertRenewalRequest,
  type CertRenewalResponse,
  type Codec,
  type ConnectionSummary,
  type ConnectPeerRequest,
  type ConnectPeerResponse,
  type ConnectServiceRequest,
  type ConnectServiceResponse,
  type ControlService,
  type DecodeLimits,
  type DisconnectServiceRequest,
  type DisconnectServiceResponse,
  type Envelope,
  type ExternalPortChange,
  type GetBootstrapInfoRequest,
  type GetBootstrapInfoResponse,
  type GetStatusRequest,
  type GetStatusResponse,
  type GossipEvent,
  type GossipEventBatch,
  type GossipVectorClock,
  type IdentityChange,
  type InviteRedeemRequest,
  type InviteRedeemResponse,
  type InviteToken,
  type InviteTokenClaims,
  type JoinToken,
  type JoinTokenClaims,
  type MembershipCert,
  type MembershipCertClaims,
  type Method,
  type NetworkChange,
  type NodeRef,
  type NodeStatus,
  type NodeSummary,
  type ObservedAddress,
  type PubliclyAccessibleChange,
  type PunchCoordRequest,
  type PunchCoordTrigger,
  type ReachabilityChange,
  type RegisterServiceRequest,
  type RegisterServiceResponse,
  type RevocationChange,
  type RevocationEntry,
  type RevokePeerRequest,
  type RevokePeerResponse,
  type Service,
  type ServiceChange,
  type ServiceSummary,
  type ShutdownRequest,
  type ShutdownResponse,
  type SignedRevocation,
  type TrustBundle,
  type UnregisterServiceRequest,
  type UnregisterServiceResponse,
} from "./lib/proto/mod.ts";

// This machine behind the ports `Clock`, `Disk` and `Random`.
export { systemClock, systemDisk, systemRandom } from "./lib/host/mod.ts";

// The vocabulary: keys, addresses, errors, and the ports that a program may stand something else behind.
export {
  type Bridge,
  type BridgeEnd,
  type BridgeEndKind,
  type Clock,
  comparePeerKeys,
  type Congestion,
  CONGESTIONS,
  type DatagramOutcome,
  type DialOptions,
  type DisconnectReason,
  type Disk,
  type DiskLock,
  type Engine,
  type EngineStats,
  type ErrorCode,
  type ErrorOptions,
  type ExtraSocket,
  formatAddress,
  type Forwarder,
  type IncomingStream,
  type Log,
  type LogFields,
  type Mesh as MeshPort,
  type MonotonicMs,
  type Packet,
  parsePeerKey,
  type PeerEvent,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  PollenError,
  type Protocol,
  type Punched,
  type PunchOptions,
  type PunchPart,
  type Random,
  type RawPacket,
  type Session,
  type SessionEnd,
  type SessionStats,
  shortPeerKey,
  silentLog,
  type SocketAddress,
  type Stream,
  type StreamTransport,
  type TcpConnection,
  type TcpListener,
  type TcpTarget,
  type TlsIdentity,
  tryParsePeerKey,
  type WallMs,
} from "./lib/types/mod.ts";
