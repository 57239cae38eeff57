// The daemon's answer to `status` in the words of the command line: keys as text, every service
// with whether its provider is there. Pure. What cannot be read (a key of a wrong length) is left
// out rather than failing the rest.

import {
  type GetStatusResponse,
  type NodeRef,
  NodeStatus,
  type PathInfo,
} from "../proto/control.ts";
import { comparePeerKeys, type PeerKey, peerKeyFromBytes } from "../types/mod.ts";

/** How a machine is seen from here. */
export type MachineStatus = "online" | "relay" | "offline" | "unknown";

/** One machine of the network. */
export interface Machine {
  readonly key: PeerKey;
  readonly isSelf: boolean;
  readonly status: MachineStatus;
  /** `ip:port`, or empty. */
  readonly address: string;
  readonly isPublic: boolean;
  /** What the session with it speaks; null without one. */
  readonly protocol: string | null;
  /** The version of its program; null when it does not say. */
  readonly version: string | null;
  /** Which way packets to it go; null without a session. */
  readonly path: Path | null;
}

/** Which way packets to a machine go, and how they fare. */
export interface Path {
  /** Who carries them; null where nobody does. */
  readonly carrier: PeerKey | null;
  /** Since when they go this way, in seconds since 1970. */
  readonly sinceUnix: bigint;
  /** The estimated round trip, in milliseconds. */
  readonly rttMs: number;
  /** Packets that were sent on the session. */
  readonly packetsSent: number;
  /** Those of them that were lost. */
  readonly packetsLost: number;
}

/** What a service is reached over. */
export type Transport = "tcp" | "udp";

/** One service of a machine. */
export interface Service {
  readonly name: string;
  readonly provider: PeerKey;
  readonly port: number;
  readonly transport: Transport;
  /** Packets given up here since the port is served; 0 for TCP and for those of other machines. */
  readonly droppedPackets: number;
  /** Whether its provider is this machine or can be reached from it. */
  readonly isOnline: boolean;
}

/** One local port that leads to a service. */
export interface Forward {
  readonly localPort: number;
  /** What was asked for; 0 when nothing was. */
  readonly requestedLocalPort: number;
  readonly service: string;
  readonly provider: PeerKey;
  readonly remotePort: number;
  readonly transport: Transport;
  /** Connections; over UDP sources that sent within the last minute. */
  readonly activeTunnels: number;
  /** Packets given up since the forward is there; 0 for TCP. */
  readonly droppedPackets: number;
  /** Why the newest failed connection failed; empty when none has. */
  readonly lastFailure: string;
}

/** All of it, in the order in which it is shown. */
export interface Network {
  readonly self: Machine | null;
  readonly peers: readonly Machine[];
  readonly services: readonly Service[];
  readonly forwards: readonly Forward[];
}

/** Reads the answer of the daemon. */
export function networkOf(response: GetStatusResponse): Network {
  const self = response.self === undefined ? null : machineOf(response.self, true);
  const peers = response.nodes.map((node) => machineOf(node, false))
    .filter((machine) => machine !== null && machine.key !== self?.key) as Machine[];
  peers.sort((a, b) => RANK[a.status] - RANK[b.status] || comparePeerKeys(a.key, b.key));
  const reachable = new Set(
    [...(self === null ? [] : [self]), ...peers].filter(isReachable).map(({ key }) => key),
  );
  return { self, peers, services: servicesOf(response, reachable), forwards: forwardsOf(response) };
}

const RANK: Readonly<Record<MachineStatus, number>> = {
  online: 0,
  relay: 1,
  offline: 2,
  unknown: 3,
};

const STATUS_NAMES: Readonly<Record<number, MachineStatus>> = {
  [NodeStatus.ONLINE]: "online",
  [NodeStatus.RELAY]: "relay",
  [NodeStatus.OFFLINE]: "offline",
};

/** Whether services of the machine can be used. */
export function isReachable(machine: Machine): boolean {
  return machine.isSelf || machine.status === "online" || machine.status === "relay";
}

function machineOf(
  node: NonNullable<GetStatusResponse["self"]>,
  isSelf: boolean,
): Machine | null {
  const key = keyOf(node.node);
  if (key === null) return null;
  return {
    key,
    isSelf,
    status: STATUS_NAMES[node.status] ?? "unknown",
    address: node.addr,
    isPublic: node.publiclyAccessible,
    protocol: node.link?.protocol ?? null,
    version: node.link?.version || null,
    path: pathOf(node.link?.path),
  };
}

function pathOf(path: PathInfo | undefined): Path | null {
  if (path === undefined) return null;
  const { carrier, sinceUnix, rttUs, packetsSent, packetsLost } = path;
  return {
    carrier: keyOf(carrier),
    sinceUnix,
    rttMs: rttUs / 1_000,
    packetsSent: Number(packetsSent),
    packetsLost: Number(packetsLost),
  };
}

function servicesOf(response: GetStatusResponse, reachable: ReadonlySet<PeerKey>): Service[] {
  const services = response.services.flatMap((service) => {
    const { name, provider, port, udp = false, droppedPackets = 0n } = service;
    const key = keyOf(provider);
    return key === null ? [] : [{
      name,
      provider: key,
      port,
      transport: transportOf(udp),
      droppedPackets: Number(droppedPackets),
      isOnline: reachable.has(key),
    }];
  });
  return services.sort((a, b) =>
    compareText(a.name, b.name) || a.port - b.port || compareText(a.transport, b.transport) ||
    comparePeerKeys(a.provider, b.provider)
  );
}

function forwardsOf(response: GetStatusResponse): Forward[] {
  const forwards = response.connections.flatMap((connection) => {
    const key = keyOf(connection.peer);
    if (key === null) return [];
    const { localPort, requestedLocalPort, serviceName, remotePort } = connection;
    const { activeTunnels, lastFailure, udp = false, droppedPackets = 0n } = connection;
    return [{
      localPort,
      requestedLocalPort,
      service: serviceName,
      provider: key,
      remotePort,
      transport: transportOf(udp),
      activeTunnels,
      droppedPackets: Number(droppedPackets),
      lastFailure,
    }];
  });
  return forwards.sort((a, b) =>
    a.localPort - b.localPort || compareText(a.transport, b.transport) ||
    comparePeerKeys(a.provider, b.provider)
  );
}

function transportOf(udp: boolean): Transport {
  return udp ? "udp" : "tcp";
}

/** A port as people read it: `53`, or `53/udp`. */
export function portText(port: number, transport: Transport): string {
  return transport === "udp" ? `${port}/udp` : String(port);
}

function keyOf(node: NodeRef | undefined): PeerKey | null {
  try {
    return node === undefined ? null : peerKeyFromBytes(node.peerId);
  } catch {
    return null;
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Characters that tell every one of these keys from the others: 8 unless two share them. */
export function distinctLength(keys: Iterable<PeerKey>): number {
  const distinct = new Set(keys);
  let length = 8;
  while (new Set([...distinct].map((key) => key.slice(0, length))).size < distinct.size) length++;
  return length;
}

/** Shows keys in the shortest form that tells these from each other. */
export function shortener(keys: Iterable<PeerKey>): (key: PeerKey) => string {
  const length = distinctLength(keys);
  return (key) => key.slice(0, length);
}
