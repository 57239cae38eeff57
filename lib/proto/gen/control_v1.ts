// Generated from proto/pollen/control/v1/control.proto by scripts/generate_proto.ts. Do not edit.
// deno-lint-ignore-file

import { codec, finish, readBytes, readInt64, readString, readUint64, skip, spend, subEnd, type Budget, type Codec, type Method, type Reader, type Writer, writeUint64 } from "../wire.ts";

/** A node, by its 32-byte key. */
export interface NodeRef {
  readonly peerId: Uint8Array;
}

export function writeNodeRef(writer: Writer, message: NodeRef): void {
  if (message.peerId.length > 0) {
    writer.uint32(10); writer.bytes(message.peerId);
  }
}

export function readNodeRef(reader: Reader, end: number, budget: Budget): NodeRef {
  const message: { -readonly [K in keyof NodeRef]: NodeRef[K] } = { peerId: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.peerId = readBytes(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const NodeRef: Codec<NodeRef> = codec(
  "pollen.control.v1.NodeRef",
  () => ({ peerId: new Uint8Array(0) }),
  writeNodeRef,
  readNodeRef,
);

/** Whether this node has a session with the other one. */
export const NodeStatus = {
  UNSPECIFIED: 0,
  ONLINE: 1,
  OFFLINE: 2,
  RELAY: 3,
} as const;
/** One of the constants above, or a number that this version does not know. */
export type NodeStatus = number;

/** How this node speaks with another one. */
export interface LinkInfo {
  /** pollen/1 or pollen/2 */
  readonly protocol: string;
  /** of the other one's program; empty when it does not say */
  readonly version: string;
  /** which way it goes */
  readonly path?: PathInfo | undefined;
}

export function writeLinkInfo(writer: Writer, message: LinkInfo): void {
  if (message.protocol !== "") {
    writer.uint32(10); writer.string(message.protocol);
  }
  if (message.version !== "") {
    writer.uint32(18); writer.string(message.version);
  }
  if (message.path !== undefined) {
    writer.uint32(26).fork(); writePathInfo(writer, message.path); writer.ldelim();
  }
}

export function readLinkInfo(reader: Reader, end: number, budget: Budget): LinkInfo {
  const message: { -readonly [K in keyof LinkInfo]: LinkInfo[K] } = { protocol: "", version: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.protocol = readString(reader);
        break;
      case 18:
        message.version = readString(reader);
        break;
      case 26:
        message.path = readPathInfo(reader, subEnd(reader), budget);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const LinkInfo: Codec<LinkInfo> = codec(
  "pollen.control.v1.LinkInfo",
  () => ({ protocol: "", version: "" }),
  writeLinkInfo,
  readLinkInfo,
);

/** Which way packets to another node go, and how they fare. */
export interface PathInfo {
  /** who carries them; absent where nobody does */
  readonly carrier?: NodeRef | undefined;
  /** since when they go this way */
  readonly sinceUnix: bigint;
  /** the estimated round trip, in microseconds */
  readonly rttUs: number;
  /** of the session */
  readonly packetsLost: bigint;
  /** of the session, those that were lost included */
  readonly packetsSent: bigint;
}

export function writePathInfo(writer: Writer, message: PathInfo): void {
  if (message.carrier !== undefined) {
    writer.uint32(10).fork(); writeNodeRef(writer, message.carrier); writer.ldelim();
  }
  if (message.sinceUnix !== 0n) {
    writer.uint32(16); writeUint64(writer, message.sinceUnix);
  }
  if (message.rttUs !== 0) {
    writer.uint32(24); writer.uint32(message.rttUs);
  }
  if (message.packetsLost !== 0n) {
    writer.uint32(32); writeUint64(writer, message.packetsLost);
  }
  if (message.packetsSent !== 0n) {
    writer.uint32(40); writeUint64(writer, message.packetsSent);
  }
}

export function readPathInfo(reader: Reader, end: number, budget: Budget): PathInfo {
  const message: { -readonly [K in keyof PathInfo]: PathInfo[K] } = { sinceUnix: 0n, rttUs: 0, packetsLost: 0n, packetsSent: 0n };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.carrier = readNodeRef(reader, subEnd(reader), budget);
        break;
      case 16:
        message.sinceUnix = readInt64(reader);
        break;
      case 24:
        message.rttUs = reader.uint32();
        break;
      case 32:
        message.packetsLost = readUint64(reader);
        break;
      case 40:
        message.packetsSent = readUint64(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const PathInfo: Codec<PathInfo> = codec(
  "pollen.control.v1.PathInfo",
  () => ({ sinceUnix: 0n, rttUs: 0, packetsLost: 0n, packetsSent: 0n }),
  writePathInfo,
  readPathInfo,
);

/** One node as this one sees it. */
export interface NodeSummary {
  readonly node?: NodeRef | undefined;
  readonly status: NodeStatus;
  readonly addr: string;
  readonly publiclyAccessible: boolean;
  /** the session with it; absent without one */
  readonly link?: LinkInfo | undefined;
}

export function writeNodeSummary(writer: Writer, message: NodeSummary): void {
  if (message.node !== undefined) {
    writer.uint32(10).fork(); writeNodeRef(writer, message.node); writer.ldelim();
  }
  if (message.status !== 0) {
    writer.uint32(16); writer.int32(message.status);
  }
  if (message.addr !== "") {
    writer.uint32(26); writer.string(message.addr);
  }
  if (message.publiclyAccessible) {
    writer.uint32(32); writer.bool(message.publiclyAccessible);
  }
  if (message.link !== undefined) {
    writer.uint32(42).fork(); writeLinkInfo(writer, message.link); writer.ldelim();
  }
}

export function readNodeSummary(reader: Reader, end: number, budget: Budget): NodeSummary {
  const message: { -readonly [K in keyof NodeSummary]: NodeSummary[K] } = { status: 0, addr: "", publiclyAccessible: false };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.node = readNodeRef(reader, subEnd(reader), budget);
        break;
      case 16:
        message.status = reader.int32();
        break;
      case 26:
        message.addr = readString(reader);
        break;
      case 32:
        message.publiclyAccessible = readUint64(reader) !== 0n;
        break;
      case 42:
        message.link = readLinkInfo(reader, subEnd(reader), budget);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const NodeSummary: Codec<NodeSummary> = codec(
  "pollen.control.v1.NodeSummary",
  () => ({ status: 0, addr: "", publiclyAccessible: false }),
  writeNodeSummary,
  readNodeSummary,
);

/** One service of one node. */
export interface ServiceSummary {
  readonly name: string;
  readonly provider?: NodeRef | undefined;
  readonly port: number;
  /** of UDP, not of TCP */
  readonly udp?: boolean | undefined;
  /** given up here since the port is served; 0 for those of other nodes */
  readonly droppedPackets?: bigint | undefined;
}

export function writeServiceSummary(writer: Writer, message: ServiceSummary): void {
  if (message.name !== "") {
    writer.uint32(10); writer.string(message.name);
  }
  if (message.provider !== undefined) {
    writer.uint32(18).fork(); writeNodeRef(writer, message.provider); writer.ldelim();
  }
  if (message.port !== 0) {
    writer.uint32(24); writer.uint32(message.port);
  }
  if (message.udp !== undefined) {
    writer.uint32(32); writer.bool(message.udp);
  }
  if (message.droppedPackets !== undefined) {
    writer.uint32(40); writeUint64(writer, message.droppedPackets);
  }
}

export function readServiceSummary(reader: Reader, end: number, budget: Budget): ServiceSummary {
  const message: { -readonly [K in keyof ServiceSummary]: ServiceSummary[K] } = { name: "", port: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.name = readString(reader);
        break;
      case 18:
        message.provider = readNodeRef(reader, subEnd(reader), budget);
        break;
      case 24:
        message.port = reader.uint32();
        break;
      case 32:
        message.udp = readUint64(reader) !== 0n;
        break;
      case 40:
        message.droppedPackets = readUint64(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ServiceSummary: Codec<ServiceSummary> = codec(
  "pollen.control.v1.ServiceSummary",
  () => ({ name: "", port: 0 }),
  writeServiceSummary,
  readServiceSummary,
);

/** One forward of this node. */
export interface ConnectionSummary {
  readonly peer?: NodeRef | undefined;
  readonly remotePort: number;
  readonly localPort: number;
  readonly serviceName: string;
  /** what was asked for; differs from local_port when that was taken */
  readonly requestedLocalPort: number;
  /** over UDP: sources that sent within the last minute */
  readonly activeTunnels: number;
  /** why the newest failed tunnel ended; empty when none failed */
  readonly lastFailure: string;
  /** over UDP, not over TCP */
  readonly udp?: boolean | undefined;
  /** given up since the forward is there */
  readonly droppedPackets?: bigint | undefined;
}

export function writeConnectionSummary(writer: Writer, message: ConnectionSummary): void {
  if (message.peer !== undefined) {
    writer.uint32(10).fork(); writeNodeRef(writer, message.peer); writer.ldelim();
  }
  if (message.remotePort !== 0) {
    writer.uint32(16); writer.uint32(message.remotePort);
  }
  if (message.localPort !== 0) {
    writer.uint32(24); writer.uint32(message.localPort);
  }
  if (message.serviceName !== "") {
    writer.uint32(34); writer.string(message.serviceName);
  }
  if (message.requestedLocalPort !== 0) {
    writer.uint32(40); writer.uint32(message.requestedLocalPort);
  }
  if (message.activeTunnels !== 0) {
    writer.uint32(48); writer.uint32(message.activeTunnels);
  }
  if (message.lastFailure !== "") {
    writer.uint32(58); writer.string(message.lastFailure);
  }
  if (message.udp !== undefined) {
    writer.uint32(64); writer.bool(message.udp);
  }
  if (message.droppedPackets !== undefined) {
    writer.uint32(72); writeUint64(writer, message.droppedPackets);
  }
}

export function readConnectionSummary(reader: Reader, end: number, budget: Budget): ConnectionSummary {
  const message: { -readonly [K in keyof ConnectionSummary]: ConnectionSummary[K] } = { remotePort: 0, localPort: 0, serviceName: "", requestedLocalPort: 0, activeTunnels: 0, lastFailure: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.peer = readNodeRef(reader, subEnd(reader), budget);
        break;
      case 16:
        message.remotePort = reader.uint32();
        break;
      case 24:
        message.localPort = reader.uint32();
        break;
      case 34:
        message.serviceName = readString(reader);
        break;
      case 40:
        message.requestedLocalPort = reader.uint32();
        break;
      case 48:
        message.activeTunnels = reader.uint32();
        break;
      case 58:
        message.lastFailure = readString(reader);
        break;
      case 64:
        message.udp = readUint64(reader) !== 0n;
        break;
      case 72:
        message.droppedPackets = readUint64(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ConnectionSummary: Codec<ConnectionSummary> = codec(
  "pollen.control.v1.ConnectionSummary",
  () => ({ remotePort: 0, localPort: 0, serviceName: "", requestedLocalPort: 0, activeTunnels: 0, lastFailure: "" }),
  writeConnectionSummary,
  readConnectionSummary,
);

/** How far off the end of a certificate is. */
export const CertHealth = {
  UNSPECIFIED: 0,
  OK: 1,
  EXPIRING_SOON: 2,
  EXPIRED: 3,
  RENEWING: 4,
} as const;
/** One of the constants above, or a number that this version does not know. */
export type CertHealth = number;

/** This node's membership; moments in seconds since 1970. */
export interface CertInfo {
  readonly notBeforeUnix: bigint;
  readonly notAfterUnix: bigint;
  readonly serial: bigint;
  readonly health: CertHealth;
  readonly nonRenewable: boolean;
}

export function writeCertInfo(writer: Writer, message: CertInfo): void {
  if (message.notBeforeUnix !== 0n) {
    writer.uint32(8); writeUint64(writer, message.notBeforeUnix);
  }
  if (message.notAfterUnix !== 0n) {
    writer.uint32(16); writeUint64(writer, message.notAfterUnix);
  }
  if (message.serial !== 0n) {
    writer.uint32(24); writeUint64(writer, message.serial);
  }
  if (message.health !== 0) {
    writer.uint32(32); writer.int32(message.health);
  }
  if (message.nonRenewable) {
    writer.uint32(40); writer.bool(message.nonRenewable);
  }
}

export function readCertInfo(reader: Reader, end: number, budget: Budget): CertInfo {
  const message: { -readonly [K in keyof CertInfo]: CertInfo[K] } = { notBeforeUnix: 0n, notAfterUnix: 0n, serial: 0n, health: 0, nonRenewable: false };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 8:
        message.notBeforeUnix = readInt64(reader);
        break;
      case 16:
        message.notAfterUnix = readInt64(reader);
        break;
      case 24:
        message.serial = readUint64(reader);
        break;
      case 32:
        message.health = reader.int32();
        break;
      case 40:
        message.nonRenewable = readUint64(reader) !== 0n;
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const CertInfo: Codec<CertInfo> = codec(
  "pollen.control.v1.CertInfo",
  () => ({ notBeforeUnix: 0n, notAfterUnix: 0n, serial: 0n, health: 0, nonRenewable: false }),
  writeCertInfo,
  readCertInfo,
);

/** How often the system did this to the sockets; kinds as FaultKind names them. */
export interface FaultCount {
  readonly kind: string;
  readonly count: bigint;
}

export function writeFaultCount(writer: Writer, message: FaultCount): void {
  if (message.kind !== "") {
    writer.uint32(10); writer.string(message.kind);
  }
  if (message.count !== 0n) {
    writer.uint32(16); writeUint64(writer, message.count);
  }
}

export function readFaultCount(reader: Reader, end: number, budget: Budget): FaultCount {
  const message: { -readonly [K in keyof FaultCount]: FaultCount[K] } = { kind: "", count: 0n };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.kind = readString(reader);
        break;
      case 16:
        message.count = readUint64(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const FaultCount: Codec<FaultCount> = codec(
  "pollen.control.v1.FaultCount",
  () => ({ kind: "", count: 0n }),
  writeFaultCount,
  readFaultCount,
);

/** The UDP socket of this node, as the system grants it. */
export interface SocketInfo {
  /** 0 while there is no socket */
  readonly receiveBufferBytes: bigint;
  readonly sendBufferBytes: bigint;
  /** packets that one send may carry; 1 where the system does not segment */
  readonly segmentsMax: number;
  /** whether packets that follow each other arrive in one piece */
  readonly coalesces: boolean;
  /** how often it broke and was replaced */
  readonly rebinds: bigint;
  /** those that happened */
  readonly faults: readonly FaultCount[];
}

export function writeSocketInfo(writer: Writer, message: SocketInfo): void {
  if (message.receiveBufferBytes !== 0n) {
    writer.uint32(8); writeUint64(writer, message.receiveBufferBytes);
  }
  if (message.sendBufferBytes !== 0n) {
    writer.uint32(16); writeUint64(writer, message.sendBufferBytes);
  }
  if (message.segmentsMax !== 0) {
    writer.uint32(24); writer.uint32(message.segmentsMax);
  }
  if (message.coalesces) {
    writer.uint32(32); writer.bool(message.coalesces);
  }
  if (message.rebinds !== 0n) {
    writer.uint32(40); writeUint64(writer, message.rebinds);
  }
  for (const item of message.faults) {
    writer.uint32(50).fork(); writeFaultCount(writer, item); writer.ldelim();
  }
}

export function readSocketInfo(reader: Reader, end: number, budget: Budget): SocketInfo {
  const message: { -readonly [K in keyof SocketInfo]: SocketInfo[K] } = { receiveBufferBytes: 0n, sendBufferBytes: 0n, segmentsMax: 0, coalesces: false, rebinds: 0n, faults: [] };
  const faults: FaultCount[] = [];
  message.faults = faults;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 8:
        message.receiveBufferBytes = readUint64(reader);
        break;
      case 16:
        message.sendBufferBytes = readUint64(reader);
        break;
      case 24:
        message.segmentsMax = reader.uint32();
        break;
      case 32:
        message.coalesces = readUint64(reader) !== 0n;
        break;
      case 40:
        message.rebinds = readUint64(reader);
        break;
      case 50:
        spend(budget);
        faults.push(readFaultCount(reader, subEnd(reader), budget));
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const SocketInfo: Codec<SocketInfo> = codec(
  "pollen.control.v1.SocketInfo",
  () => ({ receiveBufferBytes: 0n, sendBufferBytes: 0n, segmentsMax: 0, coalesces: false, rebinds: 0n, faults: [] }),
  writeSocketInfo,
  readSocketInfo,
);

/** A port of the router that leads to this node's. */
export interface PortMapping {
  /** pcp, nat_pmp, upnp */
  readonly protocol: string;
  /** the router's address on our side */
  readonly gateway: string;
  /** ip:port on the other side; not always public */
  readonly address: string;
}

export function writePortMapping(writer: Writer, message: PortMapping): void {
  if (message.protocol !== "") {
    writer.uint32(10); writer.string(message.protocol);
  }
  if (message.gateway !== "") {
    writer.uint32(18); writer.string(message.gateway);
  }
  if (message.address !== "") {
    writer.uint32(26); writer.string(message.address);
  }
}

export function readPortMapping(reader: Reader, end: number, budget: Budget): PortMapping {
  const message: { -readonly [K in keyof PortMapping]: PortMapping[K] } = { protocol: "", gateway: "", address: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.protocol = readString(reader);
        break;
      case 18:
        message.gateway = readString(reader);
        break;
      case 26:
        message.address = readString(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const PortMapping: Codec<PortMapping> = codec(
  "pollen.control.v1.PortMapping",
  () => ({ protocol: "", gateway: "", address: "" }),
  writePortMapping,
  readPortMapping,
);

/** What lies between this node and the Internet. */
export interface NetworkInfo {
  /** unknown, none, endpoint_independent, per_destination */
  readonly natKind: string;
  /** off, searching, none, mapped */
  readonly portMapping: string;
  /** where there is one */
  readonly mapping?: PortMapping | undefined;
}

export function writeNetworkInfo(writer: Writer, message: NetworkInfo): void {
  if (message.natKind !== "") {
    writer.uint32(10); writer.string(message.natKind);
  }
  if (message.portMapping !== "") {
    writer.uint32(18); writer.string(message.portMapping);
  }
  if (message.mapping !== undefined) {
    writer.uint32(26).fork(); writePortMapping(writer, message.mapping); writer.ldelim();
  }
}

export function readNetworkInfo(reader: Reader, end: number, budget: Budget): NetworkInfo {
  const message: { -readonly [K in keyof NetworkInfo]: NetworkInfo[K] } = { natKind: "", portMapping: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.natKind = readString(reader);
        break;
      case 18:
        message.portMapping = readString(reader);
        break;
      case 26:
        message.mapping = readPortMapping(reader, subEnd(reader), budget);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const NetworkInfo: Codec<NetworkInfo> = codec(
  "pollen.control.v1.NetworkInfo",
  () => ({ natKind: "", portMapping: "" }),
  writeNetworkInfo,
  readNetworkInfo,
);

/** Something that keeps this node from taking part in its network. */
export interface Condition {
  /** membership_expired, clock_behind, revoked, refused_by_peer, registry_not_served */
  readonly kind: string;
  /** what is wrong, and why */
  readonly message: string;
  /** what to do */
  readonly fix: string;
}

export function writeCondition(writer: Writer, message: Condition): void {
  if (message.kind !== "") {
    writer.uint32(10); writer.string(message.kind);
  }
  if (message.message !== "") {
    writer.uint32(18); writer.string(message.message);
  }
  if (message.fix !== "") {
    writer.uint32(26); writer.string(message.fix);
  }
}

export function readCondition(reader: Reader, end: number, budget: Budget): Condition {
  const message: { -readonly [K in keyof Condition]: Condition[K] } = { kind: "", message: "", fix: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.kind = readString(reader);
        break;
      case 18:
        message.message = readString(reader);
        break;
      case 26:
        message.fix = readString(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const Condition: Codec<Condition> = codec(
  "pollen.control.v1.Condition",
  () => ({ kind: "", message: "", fix: "" }),
  writeCondition,
  readCondition,
);

/** A node to enter the network through, and where it listens. */
export interface BootstrapPeerInfo {
  readonly peer?: NodeRef | undefined;
  readonly addrs: readonly string[];
}

export function writeBootstrapPeerInfo(writer: Writer, message: BootstrapPeerInfo): void {
  if (message.peer !== undefined) {
    writer.uint32(10).fork(); writeNodeRef(writer, message.peer); writer.ldelim();
  }
  for (const item of message.addrs) {
    writer.uint32(18); writer.string(item);
  }
}

export function readBootstrapPeerInfo(reader: Reader, end: number, budget: Budget): BootstrapPeerInfo {
  const message: { -readonly [K in keyof BootstrapPeerInfo]: BootstrapPeerInfo[K] } = { addrs: [] };
  const addrs: string[] = [];
  message.addrs = addrs;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.peer = readNodeRef(reader, subEnd(reader), budget);
        break;
      case 18:
        spend(budget);
        addrs.push(readString(reader));
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const BootstrapPeerInfo: Codec<BootstrapPeerInfo> = codec(
  "pollen.control.v1.BootstrapPeerInfo",
  () => ({ addrs: [] }),
  writeBootstrapPeerInfo,
  readBootstrapPeerInfo,
);

/** Stop the daemon. */
export interface ShutdownRequest {
}

export function writeShutdownRequest(writer: Writer, message: ShutdownRequest): void {
}

export function readShutdownRequest(reader: Reader, end: number, budget: Budget): ShutdownRequest {
  const message: { -readonly [K in keyof ShutdownRequest]: ShutdownRequest[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ShutdownRequest: Codec<ShutdownRequest> = codec(
  "pollen.control.v1.ShutdownRequest",
  () => ({  }),
  writeShutdownRequest,
  readShutdownRequest,
);

/** It stops now. */
export interface ShutdownResponse {
}

export function writeShutdownResponse(writer: Writer, message: ShutdownResponse): void {
}

export function readShutdownResponse(reader: Reader, end: number, budget: Budget): ShutdownResponse {
  const message: { -readonly [K in keyof ShutdownResponse]: ShutdownResponse[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ShutdownResponse: Codec<ShutdownResponse> = codec(
  "pollen.control.v1.ShutdownResponse",
  () => ({  }),
  writeShutdownResponse,
  readShutdownResponse,
);

/** Where can a newcomer enter? */
export interface GetBootstrapInfoRequest {
}

export function writeGetBootstrapInfoRequest(writer: Writer, message: GetBootstrapInfoRequest): void {
}

export function readGetBootstrapInfoRequest(reader: Reader, end: number, budget: Budget): GetBootstrapInfoRequest {
  const message: { -readonly [K in keyof GetBootstrapInfoRequest]: GetBootstrapInfoRequest[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const GetBootstrapInfoRequest: Codec<GetBootstrapInfoRequest> = codec(
  "pollen.control.v1.GetBootstrapInfoRequest",
  () => ({  }),
  writeGetBootstrapInfoRequest,
  readGetBootstrapInfoRequest,
);

/** This node, and the ones to recommend. */
export interface GetBootstrapInfoResponse {
  readonly self?: BootstrapPeerInfo | undefined;
  readonly recommended?: BootstrapPeerInfo | undefined;
  /** others that pass an invite's redemption on to this one, the best first */
  readonly forwarders: readonly BootstrapPeerInfo[];
}

export function writeGetBootstrapInfoResponse(writer: Writer, message: GetBootstrapInfoResponse): void {
  if (message.self !== undefined) {
    writer.uint32(10).fork(); writeBootstrapPeerInfo(writer, message.self); writer.ldelim();
  }
  if (message.recommended !== undefined) {
    writer.uint32(18).fork(); writeBootstrapPeerInfo(writer, message.recommended); writer.ldelim();
  }
  for (const item of message.forwarders) {
    writer.uint32(26).fork(); writeBootstrapPeerInfo(writer, item); writer.ldelim();
  }
}

export function readGetBootstrapInfoResponse(reader: Reader, end: number, budget: Budget): GetBootstrapInfoResponse {
  const message: { -readonly [K in keyof GetBootstrapInfoResponse]: GetBootstrapInfoResponse[K] } = { forwarders: [] };
  const forwarders: BootstrapPeerInfo[] = [];
  message.forwarders = forwarders;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.self = readBootstrapPeerInfo(reader, subEnd(reader), budget);
        break;
      case 18:
        message.recommended = readBootstrapPeerInfo(reader, subEnd(reader), budget);
        break;
      case 26:
        spend(budget);
        forwarders.push(readBootstrapPeerInfo(reader, subEnd(reader), budget));
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const GetBootstrapInfoResponse: Codec<GetBootstrapInfoResponse> = codec(
  "pollen.control.v1.GetBootstrapInfoResponse",
  () => ({ forwarders: [] }),
  writeGetBootstrapInfoResponse,
  readGetBootstrapInfoResponse,
);

/** What is known? */
export interface GetStatusRequest {
}

export function writeGetStatusRequest(writer: Writer, message: GetStatusRequest): void {
}

export function readGetStatusRequest(reader: Reader, end: number, budget: Budget): GetStatusRequest {
  const message: { -readonly [K in keyof GetStatusRequest]: GetStatusRequest[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const GetStatusRequest: Codec<GetStatusRequest> = codec(
  "pollen.control.v1.GetStatusRequest",
  () => ({  }),
  writeGetStatusRequest,
  readGetStatusRequest,
);

/** What this node knows of itself and the others. */
export interface GetStatusResponse {
  readonly self?: NodeSummary | undefined;
  readonly nodes: readonly NodeSummary[];
  readonly services: readonly ServiceSummary[];
  readonly connections: readonly ConnectionSummary[];
  readonly certificates: readonly CertInfo[];
  readonly socket?: SocketInfo | undefined;
  /** those that hold now */
  readonly conditions: readonly Condition[];
  readonly network?: NetworkInfo | undefined;
  /** by limit, how often it refused something; those that did */
  readonly limitsReached: ReadonlyMap<string, bigint>;
}

export function writeGetStatusResponse(writer: Writer, message: GetStatusResponse): void {
  if (message.self !== undefined) {
    writer.uint32(10).fork(); writeNodeSummary(writer, message.self); writer.ldelim();
  }
  for (const item of message.nodes) {
    writer.uint32(18).fork(); writeNodeSummary(writer, item); writer.ldelim();
  }
  for (const item of message.services) {
    writer.uint32(26).fork(); writeServiceSummary(writer, item); writer.ldelim();
  }
  for (const item of message.connections) {
    writer.uint32(34).fork(); writeConnectionSummary(writer, item); writer.ldelim();
  }
  for (const item of message.certificates) {
    writer.uint32(42).fork(); writeCertInfo(writer, item); writer.ldelim();
  }
  if (message.socket !== undefined) {
    writer.uint32(50).fork(); writeSocketInfo(writer, message.socket); writer.ldelim();
  }
  for (const item of message.conditions) {
    writer.uint32(58).fork(); writeCondition(writer, item); writer.ldelim();
  }
  if (message.network !== undefined) {
    writer.uint32(66).fork(); writeNetworkInfo(writer, message.network); writer.ldelim();
  }
  for (const key of [...message.limitsReached.keys()].sort()) {
    writer.uint32(74).fork();
    writer.uint32(10).string(key);
    writer.uint32(16); writeUint64(writer, message.limitsReached.get(key)!);
    writer.ldelim();
  }
}

export function readGetStatusResponse(reader: Reader, end: number, budget: Budget): GetStatusResponse {
  const message: { -readonly [K in keyof GetStatusResponse]: GetStatusResponse[K] } = { nodes: [], services: [], connections: [], certificates: [], conditions: [], limitsReached: new Map() };
  const nodes: NodeSummary[] = [];
  message.nodes = nodes;
  const services: ServiceSummary[] = [];
  message.services = services;
  const connections: ConnectionSummary[] = [];
  message.connections = connections;
  const certificates: CertInfo[] = [];
  message.certificates = certificates;
  const conditions: Condition[] = [];
  message.conditions = conditions;
  const limitsReached: Map<string, bigint> = new Map();
  message.limitsReached = limitsReached;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.self = readNodeSummary(reader, subEnd(reader), budget);
        break;
      case 18:
        spend(budget);
        nodes.push(readNodeSummary(reader, subEnd(reader), budget));
        break;
      case 26:
        spend(budget);
        services.push(readServiceSummary(reader, subEnd(reader), budget));
        break;
      case 34:
        spend(budget);
        connections.push(readConnectionSummary(reader, subEnd(reader), budget));
        break;
      case 42:
        spend(budget);
        certificates.push(readCertInfo(reader, subEnd(reader), budget));
        break;
      case 50:
        message.socket = readSocketInfo(reader, subEnd(reader), budget);
        break;
      case 58:
        spend(budget);
        conditions.push(readCondition(reader, subEnd(reader), budget));
        break;
      case 66:
        message.network = readNetworkInfo(reader, subEnd(reader), budget);
        break;
      case 74: {
        spend(budget);
        const entryEnd = subEnd(reader);
        let key = "";
        let value: bigint = 0n;
        while (reader.pos < entryEnd) {
          const entryTag = reader.uint32();
          if (entryTag === 10) key = readString(reader);
          else if (entryTag === 16) value = readUint64(reader);
          else skip(reader, entryTag);
        }
        finish(reader, entryEnd);
        limitsReached.set(key, value);
        break;
      }
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const GetStatusResponse: Codec<GetStatusResponse> = codec(
  "pollen.control.v1.GetStatusResponse",
  () => ({ nodes: [], services: [], connections: [], certificates: [], conditions: [], limitsReached: new Map() }),
  writeGetStatusResponse,
  readGetStatusResponse,
);

/** Offer a port of this machine. */
export interface RegisterServiceRequest {
  /** 1…65535 */
  readonly port: number;
  /** 1…64 characters; without it the port in decimal */
  readonly name?: string | undefined;
  /** a port of UDP; without it one of TCP */
  readonly udp?: boolean | undefined;
}

export function writeRegisterServiceRequest(writer: Writer, message: RegisterServiceRequest): void {
  if (message.port !== 0) {
    writer.uint32(8); writer.uint32(message.port);
  }
  if (message.name !== undefined) {
    writer.uint32(18); writer.string(message.name);
  }
  if (message.udp !== undefined) {
    writer.uint32(24); writer.bool(message.udp);
  }
}

export function readRegisterServiceRequest(reader: Reader, end: number, budget: Budget): RegisterServiceRequest {
  const message: { -readonly [K in keyof RegisterServiceRequest]: RegisterServiceRequest[K] } = { port: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 8:
        message.port = reader.uint32();
        break;
      case 18:
        message.name = readString(reader);
        break;
      case 24:
        message.udp = readUint64(reader) !== 0n;
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const RegisterServiceRequest: Codec<RegisterServiceRequest> = codec(
  "pollen.control.v1.RegisterServiceRequest",
  () => ({ port: 0 }),
  writeRegisterServiceRequest,
  readRegisterServiceRequest,
);

/** It is offered. */
export interface RegisterServiceResponse {
}

export function writeRegisterServiceResponse(writer: Writer, message: RegisterServiceResponse): void {
}

export function readRegisterServiceResponse(reader: Reader, end: number, budget: Budget): RegisterServiceResponse {
  const message: { -readonly [K in keyof RegisterServiceResponse]: RegisterServiceResponse[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const RegisterServiceResponse: Codec<RegisterServiceResponse> = codec(
  "pollen.control.v1.RegisterServiceResponse",
  () => ({  }),
  writeRegisterServiceResponse,
  readRegisterServiceResponse,
);

/** Take an offered port back, by name or by port. */
export interface UnregisterServiceRequest {
  /** 0 where the name says it */
  readonly port: number;
  readonly name?: string | undefined;
}

export function writeUnregisterServiceRequest(writer: Writer, message: UnregisterServiceRequest): void {
  if (message.port !== 0) {
    writer.uint32(8); writer.uint32(message.port);
  }
  if (message.name !== undefined) {
    writer.uint32(18); writer.string(message.name);
  }
}

export function readUnregisterServiceRequest(reader: Reader, end: number, budget: Budget): UnregisterServiceRequest {
  const message: { -readonly [K in keyof UnregisterServiceRequest]: UnregisterServiceRequest[K] } = { port: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 8:
        message.port = reader.uint32();
        break;
      case 18:
        message.name = readString(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const UnregisterServiceRequest: Codec<UnregisterServiceRequest> = codec(
  "pollen.control.v1.UnregisterServiceRequest",
  () => ({ port: 0 }),
  writeUnregisterServiceRequest,
  readUnregisterServiceRequest,
);

/** What was taken back. A port may carry several names, and goes with the last of them. */
export interface UnregisterServiceResponse {
  readonly names: readonly string[];
  readonly port: number;
  /** whether that of the first name was a port of UDP */
  readonly udp?: boolean | undefined;
}

export function writeUnregisterServiceResponse(writer: Writer, message: UnregisterServiceResponse): void {
  for (const item of message.names) {
    writer.uint32(10); writer.string(item);
  }
  if (message.port !== 0) {
    writer.uint32(16); writer.uint32(message.port);
  }
  if (message.udp !== undefined) {
    writer.uint32(24); writer.bool(message.udp);
  }
}

export function readUnregisterServiceResponse(reader: Reader, end: number, budget: Budget): UnregisterServiceResponse {
  const message: { -readonly [K in keyof UnregisterServiceResponse]: UnregisterServiceResponse[K] } = { names: [], port: 0 };
  const names: string[] = [];
  message.names = names;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        spend(budget);
        names.push(readString(reader));
        break;
      case 16:
        message.port = reader.uint32();
        break;
      case 24:
        message.udp = readUint64(reader) !== 0n;
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const UnregisterServiceResponse: Codec<UnregisterServiceResponse> = codec(
  "pollen.control.v1.UnregisterServiceResponse",
  () => ({ names: [], port: 0 }),
  writeUnregisterServiceResponse,
  readUnregisterServiceResponse,
);

/** Forward a local port to a port of a peer. */
export interface ConnectServiceRequest {
  readonly node?: NodeRef | undefined;
  /** 1…65535 */
  readonly remotePort: number;
  /** 0: the remote port if it is free, else any */
  readonly localPort: number;
  /** what the forward follows to another port; without it, it stays */
  readonly serviceName?: string | undefined;
  /** the remote port is one of UDP */
  readonly udp?: boolean | undefined;
}

export function writeConnectServiceRequest(writer: Writer, message: ConnectServiceRequest): void {
  if (message.node !== undefined) {
    writer.uint32(10).fork(); writeNodeRef(writer, message.node); writer.ldelim();
  }
  if (message.remotePort !== 0) {
    writer.uint32(16); writer.uint32(message.remotePort);
  }
  if (message.localPort !== 0) {
    writer.uint32(24); writer.uint32(message.localPort);
  }
  if (message.serviceName !== undefined) {
    writer.uint32(34); writer.string(message.serviceName);
  }
  if (message.udp !== undefined) {
    writer.uint32(40); writer.bool(message.udp);
  }
}

export function readConnectServiceRequest(reader: Reader, end: number, budget: Budget): ConnectServiceRequest {
  const message: { -readonly [K in keyof ConnectServiceRequest]: ConnectServiceRequest[K] } = { remotePort: 0, localPort: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.node = readNodeRef(reader, subEnd(reader), budget);
        break;
      case 16:
        message.remotePort = reader.uint32();
        break;
      case 24:
        message.localPort = reader.uint32();
        break;
      case 34:
        message.serviceName = readString(reader);
        break;
      case 40:
        message.udp = readUint64(reader) !== 0n;
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ConnectServiceRequest: Codec<ConnectServiceRequest> = codec(
  "pollen.control.v1.ConnectServiceRequest",
  () => ({ remotePort: 0, localPort: 0 }),
  writeConnectServiceRequest,
  readConnectServiceRequest,
);

/** It is forwarded. */
export interface ConnectServiceResponse {
  /** the port that was bound */
  readonly localPort: number;
}

export function writeConnectServiceResponse(writer: Writer, message: ConnectServiceResponse): void {
  if (message.localPort !== 0) {
    writer.uint32(8); writer.uint32(message.localPort);
  }
}

export function readConnectServiceResponse(reader: Reader, end: number, budget: Budget): ConnectServiceResponse {
  const message: { -readonly [K in keyof ConnectServiceResponse]: ConnectServiceResponse[K] } = { localPort: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 8:
        message.localPort = reader.uint32();
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ConnectServiceResponse: Codec<ConnectServiceResponse> = codec(
  "pollen.control.v1.ConnectServiceResponse",
  () => ({ localPort: 0 }),
  writeConnectServiceResponse,
  readConnectServiceResponse,
);

/** Which forwards: those of the local port, or those to the node (to one of its ports, unless that is 0). */
export interface DisconnectServiceRequest {
  readonly localPort: number;
  readonly node?: NodeRef | undefined;
  readonly remotePort: number;
  /** the remote port is one of UDP */
  readonly udp?: boolean | undefined;
}

export function writeDisconnectServiceRequest(writer: Writer, message: DisconnectServiceRequest): void {
  if (message.localPort !== 0) {
    writer.uint32(8); writer.uint32(message.localPort);
  }
  if (message.node !== undefined) {
    writer.uint32(18).fork(); writeNodeRef(writer, message.node); writer.ldelim();
  }
  if (message.remotePort !== 0) {
    writer.uint32(24); writer.uint32(message.remotePort);
  }
  if (message.udp !== undefined) {
    writer.uint32(32); writer.bool(message.udp);
  }
}

export function readDisconnectServiceRequest(reader: Reader, end: number, budget: Budget): DisconnectServiceRequest {
  const message: { -readonly [K in keyof DisconnectServiceRequest]: DisconnectServiceRequest[K] } = { localPort: 0, remotePort: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 8:
        message.localPort = reader.uint32();
        break;
      case 18:
        message.node = readNodeRef(reader, subEnd(reader), budget);
        break;
      case 24:
        message.remotePort = reader.uint32();
        break;
      case 32:
        message.udp = readUint64(reader) !== 0n;
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const DisconnectServiceRequest: Codec<DisconnectServiceRequest> = codec(
  "pollen.control.v1.DisconnectServiceRequest",
  () => ({ localPort: 0, remotePort: 0 }),
  writeDisconnectServiceRequest,
  readDisconnectServiceRequest,
);

/** What was ended. */
export interface DisconnectServiceResponse {
  readonly disconnected: readonly ConnectionSummary[];
}

export function writeDisconnectServiceResponse(writer: Writer, message: DisconnectServiceResponse): void {
  for (const item of message.disconnected) {
    writer.uint32(10).fork(); writeConnectionSummary(writer, item); writer.ldelim();
  }
}

export function readDisconnectServiceResponse(reader: Reader, end: number, budget: Budget): DisconnectServiceResponse {
  const message: { -readonly [K in keyof DisconnectServiceResponse]: DisconnectServiceResponse[K] } = { disconnected: [] };
  const disconnected: ConnectionSummary[] = [];
  message.disconnected = disconnected;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        spend(budget);
        disconnected.push(readConnectionSummary(reader, subEnd(reader), budget));
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const DisconnectServiceResponse: Codec<DisconnectServiceResponse> = codec(
  "pollen.control.v1.DisconnectServiceResponse",
  () => ({ disconnected: [] }),
  writeDisconnectServiceResponse,
  readDisconnectServiceResponse,
);

/** Connect with a peer now. */
export interface ConnectPeerRequest {
  /** 32 bytes */
  readonly peerId: Uint8Array;
  /** host:port */
  readonly addrs: readonly string[];
}

export function writeConnectPeerRequest(writer: Writer, message: ConnectPeerRequest): void {
  if (message.peerId.length > 0) {
    writer.uint32(10); writer.bytes(message.peerId);
  }
  for (const item of message.addrs) {
    writer.uint32(18); writer.string(item);
  }
}

export function readConnectPeerRequest(reader: Reader, end: number, budget: Budget): ConnectPeerRequest {
  const message: { -readonly [K in keyof ConnectPeerRequest]: ConnectPeerRequest[K] } = { peerId: new Uint8Array(0), addrs: [] };
  const addrs: string[] = [];
  message.addrs = addrs;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.peerId = readBytes(reader);
        break;
      case 18:
        spend(budget);
        addrs.push(readString(reader));
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ConnectPeerRequest: Codec<ConnectPeerRequest> = codec(
  "pollen.control.v1.ConnectPeerRequest",
  () => ({ peerId: new Uint8Array(0), addrs: [] }),
  writeConnectPeerRequest,
  readConnectPeerRequest,
);

/** There is a session. */
export interface ConnectPeerResponse {
}

export function writeConnectPeerResponse(writer: Writer, message: ConnectPeerResponse): void {
}

export function readConnectPeerResponse(reader: Reader, end: number, budget: Budget): ConnectPeerResponse {
  const message: { -readonly [K in keyof ConnectPeerResponse]: ConnectPeerResponse[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ConnectPeerResponse: Codec<ConnectPeerResponse> = codec(
  "pollen.control.v1.ConnectPeerResponse",
  () => ({  }),
  writeConnectPeerResponse,
  readConnectPeerResponse,
);

/** Take a node's membership away, for good. */
export interface RevokePeerRequest {
  /** 32 bytes */
  readonly peerId: Uint8Array;
}

export function writeRevokePeerRequest(writer: Writer, message: RevokePeerRequest): void {
  if (message.peerId.length > 0) {
    writer.uint32(10); writer.bytes(message.peerId);
  }
}

export function readRevokePeerRequest(reader: Reader, end: number, budget: Budget): RevokePeerRequest {
  const message: { -readonly [K in keyof RevokePeerRequest]: RevokePeerRequest[K] } = { peerId: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.peerId = readBytes(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const RevokePeerRequest: Codec<RevokePeerRequest> = codec(
  "pollen.control.v1.RevokePeerRequest",
  () => ({ peerId: new Uint8Array(0) }),
  writeRevokePeerRequest,
  readRevokePeerRequest,
);

/** It is revoked. */
export interface RevokePeerResponse {
}

export function writeRevokePeerResponse(writer: Writer, message: RevokePeerResponse): void {
}

export function readRevokePeerResponse(reader: Reader, end: number, budget: Budget): RevokePeerResponse {
  const message: { -readonly [K in keyof RevokePeerResponse]: RevokePeerResponse[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const RevokePeerResponse: Codec<RevokePeerResponse> = codec(
  "pollen.control.v1.RevokePeerResponse",
  () => ({  }),
  writeRevokePeerResponse,
  readRevokePeerResponse,
);

export const ControlService: {
  readonly typeName: string;
  readonly methods: {
    readonly shutdown: Method<ShutdownRequest, ShutdownResponse>;
    readonly getBootstrapInfo: Method<GetBootstrapInfoRequest, GetBootstrapInfoResponse>;
    readonly getStatus: Method<GetStatusRequest, GetStatusResponse>;
    readonly registerService: Method<RegisterServiceRequest, RegisterServiceResponse>;
    readonly unregisterService: Method<UnregisterServiceRequest, UnregisterServiceResponse>;
    readonly connectService: Method<ConnectServiceRequest, ConnectServiceResponse>;
    readonly disconnectService: Method<DisconnectServiceRequest, DisconnectServiceResponse>;
    readonly connectPeer: Method<ConnectPeerRequest, ConnectPeerResponse>;
    readonly revokePeer: Method<RevokePeerRequest, RevokePeerResponse>;
  };
} = {
  typeName: "pollen.control.v1.ControlService",
  methods: {
    shutdown: { path: "/pollen.control.v1.ControlService/Shutdown", request: ShutdownRequest, response: ShutdownResponse, requestStream: false, responseStream: false },
    getBootstrapInfo: { path: "/pollen.control.v1.ControlService/GetBootstrapInfo", request: GetBootstrapInfoRequest, response: GetBootstrapInfoResponse, requestStream: false, responseStream: false },
    getStatus: { path: "/pollen.control.v1.ControlService/GetStatus", request: GetStatusRequest, response: GetStatusResponse, requestStream: false, responseStream: false },
    registerService: { path: "/pollen.control.v1.ControlService/RegisterService", request: RegisterServiceRequest, response: RegisterServiceResponse, requestStream: false, responseStream: false },
    unregisterService: { path: "/pollen.control.v1.ControlService/UnregisterService", request: UnregisterServiceRequest, response: UnregisterServiceResponse, requestStream: false, responseStream: false },
    connectService: { path: "/pollen.control.v1.ControlService/ConnectService", request: ConnectServiceRequest, response: ConnectServiceResponse, requestStream: false, responseStream: false },
    disconnectService: { path: "/pollen.control.v1.ControlService/DisconnectService", request: DisconnectServiceRequest, response: DisconnectServiceResponse, requestStream: false, responseStream: false },
    connectPeer: { path: "/pollen.control.v1.ControlService/ConnectPeer", request: ConnectPeerRequest, response: ConnectPeerResponse, requestStream: false, responseStream: false },
    revokePeer: { path: "/pollen.control.v1.ControlService/RevokePeer", request: RevokePeerRequest, response: RevokePeerResponse, requestStream: false, responseStream: false },
  },
};
