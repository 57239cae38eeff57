// The vocabulary of the whole program: ports, records, errors, limits. It imports nothing, and
// every room may import it.

export {
  formatAddress,
  isIpLiteral,
  isPort,
  joinHostPort,
  type SocketAddress,
  splitHostPort,
} from "./address.ts";
export { assert, AssertionError, assertNever } from "./assert.ts";
export { LogThrottle } from "./log_throttle.ts";
export {
  addMs,
  type Clock,
  type MonotonicMs,
  type Random,
  unixSeconds,
  type WallMs,
} from "./clock.ts";
export type { Disk, DiskLock } from "./disk.ts";
export type { AttemptVerdict, ConnectionAttempt } from "./attempt.ts";
export { type Congestion, CONGESTIONS } from "./congestion.ts";
export type { Engine, ExtraSocket, RawPacket } from "./engine.ts";
export type { EngineNotice, EngineStats, FaultKind } from "./engine_report.ts";
export type { DialOptions, Protocol, TlsIdentity } from "./protocol.ts";
export type { Carried, CarriedLimit, RelayedWay, RelayLeg, RelayStats } from "./relay.ts";
export type { DatagramOutcome, Session, SessionEnd, SessionStats } from "./session.ts";
export type { Stream } from "./stream.ts";
export type { FlowForwarder, FlowPort, FlowService, FlowStats, UdpTarget } from "./flows.ts";
export { StreamCode } from "./forwarder.ts";
export type {
  Bridge,
  BridgeEnd,
  BridgeEndKind,
  Forwarder,
  Rule,
  RuleOwner,
  ServeRule,
  TcpConnection,
  TcpListener,
  TcpTarget,
} from "./forwarder.ts";
export {
  type ErrorCode,
  type ErrorOptions,
  errorText,
  EXIT_CODE_OF,
  GRPC_STATUS_OF,
  isErrorCode,
  PollenError,
  toPollenError,
} from "./errors.ts";
export { ExceededLimits, type LimitCounter, type LimitName, uncounted } from "./exceeded.ts";
export { FairQueue } from "./fair_queue.ts";
export * from "./limits.ts";
export {
  ALPN_MEMBER_1,
  ALPN_MEMBER_2,
  Capability,
  type LinkProtocol,
  MEMBER_ALPNS,
  redeemingFor,
  STREAM_HEAD_BYTES,
  streamHead,
  StreamKind,
  streamKind,
  tunnelHead,
  tunnelPort,
} from "./link.ts";
export { type Log, type LogFields, silentLog } from "./log.ts";
export type {
  DisconnectReason,
  IncomingStream,
  Mesh,
  Packet,
  PeerEvent,
  PeerFrame,
  PeerLink,
  PeerPath,
  Punched,
  PunchOptions,
  PunchPart,
  RelayPeer,
  SessionWatcher,
  StreamTransport,
} from "./mesh.ts";
export {
  comparePeerKeys,
  parsePeerKey,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  shortPeerKey,
  tryParsePeerKey,
} from "./peer_key.ts";
export { PeerRateLimiter } from "./peer_rate_limiter.ts";
export type { MappedPort, PortMapping } from "./port_mapping.ts";
export { BoundedQueue } from "./queue.ts";
export {
  isServicePort,
  isUdpPort,
  portNumber,
  type ServicePort,
  servicePort,
  showServicePort,
} from "./service_port.ts";
export { Tasks } from "./tasks.ts";
export { VERSION } from "./version.ts";
export { isWay, readWay, realAddress, relayWay, showAddress, socketWay, type Way } from "./ways.ts";
