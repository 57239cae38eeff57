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
export { type Congestion, CONGESTIONS, StreamCode } from "./engine.ts";
export type {
  AttemptVerdict,
  Bridge,
  BridgeEnd,
  BridgeEndKind,
  ConnectionAttempt,
  DatagramOutcome,
  DialOptions,
  Engine,
  EngineNotice,
  EngineStats,
  FaultKind,
  Forwarder,
  Protocol,
  RawPacket,
  Rule,
  RuleOwner,
  ServeRule,
  Session,
  SessionEnd,
  SessionStats,
  Stream,
  TcpConnection,
  TcpListener,
  TcpTarget,
  TlsIdentity,
} from "./engine.ts";
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
export * from "./limits.ts";
export { type Log, type LogFields, silentLog } from "./log.ts";
export type {
  DisconnectReason,
  IncomingStream,
  Mesh,
  Packet,
  PeerEvent,
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
export { BoundedQueue } from "./queue.ts";
