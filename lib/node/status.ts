// What the status of a node tells: the node itself, the others and how they are reached, what there is
// to use, and how things stand with its membership, its socket and its network.

import {
  CertHealth,
  type CertInfo,
  type Condition,
  GetStatusResponse,
  type LinkInfo,
  NetworkInfo,
  NodeStatus,
  NodeSummary,
  SocketInfo,
} from "../proto/mod.ts";
import {
  CLOCK_SKEW_SECONDS,
  comparePeerKeys,
  formatAddress,
  type Mesh,
  type PeerKey,
  peerKeyBytes,
  type PeerPath,
  type SocketAddress,
  unixSeconds,
} from "../types/mod.ts";
import { addressesOf } from "./addresses.ts";
import { forwardSummary, serviceSummaries } from "./port_summaries.ts";
import type { NodeServiceDeps } from "./service_deps.ts";

/** A membership is renewed in its last month, or sixth where it is short. */
const RENEWING_SECONDS_MAX = 30n * 24n * 60n * 60n;
const RENEWING_PART = 6n;
/** In its last week, or so small a part of it, nobody seems to renew it. */
const EXPIRING_SOON_SECONDS_MAX = 7n * 24n * 60n * 60n;
const EXPIRING_SOON_PART = 24n;

type AnyMesh = Mesh<unknown, unknown>;

/** As `NodeService.getStatus`; `conditions` is what is wrong. */
export function statusOf(
  deps: NodeServiceDeps,
  conditions: readonly Condition[],
): GetStatusResponse {
  const { tunnels, store } = deps;
  return GetStatusResponse.create({
    self: selfSummary(deps),
    nodes: nodeSummaries(deps),
    services: serviceSummaries(deps),
    connections: tunnels.listConnections().map((forward) => forwardSummary(forward, store)),
    certificates: [certInfo(deps)],
    socket: socketInfo(deps),
    conditions,
    network: networkInfo(deps),
    limitsReached: new Map(
      [...deps.limits?.totals() ?? []].map(([limit, n]) => [limit, BigInt(n)]),
    ),
  });
}

function selfSummary({ local, node }: NodeServiceDeps): NodeSummary {
  return NodeSummary.create({
    node: { peerId: peerKeyBytes(local) },
    status: NodeStatus.ONLINE,
    addr: node.reachableAt[0] ?? "",
  });
}

/** All other nodes: the reachable ones first, then by key. */
function nodeSummaries({ store, mesh, local }: NodeServiceDeps): NodeSummary[] {
  const others = [...store.allNodes()].filter(([peer]) => peer !== local)
    .sort(([a], [b]) => comparePeerKeys(a, b));
  const summaries = others.map(([peer, record]) => {
    const path = mesh.peerPath(peer);
    const address = path === null ? addressesOf(record)[0] : firstStop(path, mesh);
    return NodeSummary.create({
      node: { peerId: peerKeyBytes(peer) },
      status: nodeStatusOf(path),
      addr: address == null ? "" : formatAddress(address),
      publiclyAccessible: record.publiclyAccessible,
      ...linkOf(peer, path, mesh),
    });
  });
  // Those of one status stay in their order.
  return summaries.sort((a, b) => a.status - b.status);
}

/** Where packets that take this way really go: to the peer, or to who carries them. */
function firstStop({ address, carrier }: PeerPath, mesh: AnyMesh): SocketAddress | null {
  return carrier === null ? address : mesh.getActivePeerAddress(carrier);
}

/** How the session with the peer goes; nothing without one. */
function linkOf(peer: PeerKey, path: PeerPath | null, mesh: AnyMesh): { link?: LinkInfo } {
  const link = mesh.peerLink(peer);
  if (link === null || path === null) return {};
  const { carrier, since, rttMs, packetsSent, packetsLost } = path;
  return {
    link: {
      protocol: link.protocol,
      version: link.version,
      path: {
        ...(carrier === null ? {} : { carrier: { peerId: peerKeyBytes(carrier) } }),
        sinceUnix: unixSeconds(since),
        rttUs: Math.round(rttMs * 1_000),
        packetsSent: BigInt(packetsSent),
        packetsLost: BigInt(packetsLost),
      },
    },
  };
}

function nodeStatusOf(path: PeerPath | null): NodeStatus {
  if (path === null) return NodeStatus.OFFLINE;
  return path.address === null ? NodeStatus.RELAY : NodeStatus.ONLINE;
}

function socketInfo({ mesh }: NodeServiceDeps): SocketInfo {
  const stats = mesh.engineStats();
  return SocketInfo.create({
    receiveBufferBytes: BigInt(stats.receiveBufferBytes),
    sendBufferBytes: BigInt(stats.sendBufferBytes),
    segmentsMax: stats.udpSegmentsMax,
    coalesces: stats.udpCoalesces,
    rebinds: BigInt(stats.udpRebinds),
    faults: Object.entries(stats.faults).filter(([, count]) => count > 0)
      .map(([kind, count]) => ({ kind, count: BigInt(count) })),
  });
}

function networkInfo({ node }: NodeServiceDeps): NetworkInfo {
  const mapped = node.portMapping?.mapping ?? null;
  return NetworkInfo.create({
    natKind: node.natKind(),
    portMapping: node.portMapping?.state ?? "off",
    ...(mapped === null ? {} : {
      mapping: {
        protocol: mapped.protocol,
        gateway: mapped.gateway.ip,
        address: formatAddress(mapped.external),
      },
    }),
  });
}

function certInfo({ certificate, clock }: NodeServiceDeps): CertInfo {
  const { claims } = certificate();
  const notBeforeUnix = claims?.notBeforeUnix ?? 0n;
  const notAfterUnix = claims?.notAfterUnix ?? 0n;
  const nonRenewable = claims?.nonRenewable ?? false;
  const left = notAfterUnix + BigInt(CLOCK_SKEW_SECONDS) - unixSeconds(clock.wallNow());
  const life = notAfterUnix - notBeforeUnix;
  return {
    notBeforeUnix,
    notAfterUnix,
    serial: claims?.serial ?? 0n,
    health: healthOf(left, life, nonRenewable),
    nonRenewable,
  };
}

function healthOf(left: bigint, life: bigint, nonRenewable: boolean): CertHealth {
  const isWithin = (max: bigint, part: bigint) => left <= max && left <= life / part;
  if (left <= 0n) return CertHealth.EXPIRED;
  if (isWithin(EXPIRING_SOON_SECONDS_MAX, nonRenewable ? 1n : EXPIRING_SOON_PART)) {
    return CertHealth.EXPIRING_SOON;
  }
  if (!nonRenewable && isWithin(RENEWING_SECONDS_MAX, RENEWING_PART)) return CertHealth.RENEWING;
  return CertHealth.OK;
}
