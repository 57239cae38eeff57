// What the command line may ask of a running node: one method for each call of ControlService. It
// checks what it is given and translates; the decisions are the node's, the store's and the tunnels'.

import type { AdminSigner, SignedTimes } from "../auth/mod.ts";
import {
  type BootstrapPeerInfo,
  CertHealth,
  type CertInfo,
  type Condition,
  type ConnectionSummary,
  type ConnectPeerRequest,
  type ConnectPeerResponse,
  type ConnectServiceRequest,
  type ConnectServiceResponse,
  type DisconnectServiceRequest,
  type DisconnectServiceResponse,
  type GetBootstrapInfoResponse,
  GetStatusResponse,
  type LinkInfo,
  type MembershipCert,
  NetworkInfo,
  NodeStatus,
  NodeSummary,
  type RegisterServiceRequest,
  type RegisterServiceResponse,
  type RevokePeerRequest,
  type RevokePeerResponse,
  type ServiceSummary,
  type ShutdownResponse,
  SocketInfo,
  type UnregisterServiceRequest,
  type UnregisterServiceResponse,
} from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import type { ConnectionInfo, Manager } from "../tunnel/mod.ts";
import {
  Capability,
  type Clock,
  CLOCK_SKEW_SECONDS,
  formatAddress,
  isPort,
  isUdpPort,
  type Mesh,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  type PeerPath,
  PollenError,
  portNumber,
  SERVICE_NAME_LENGTH_MAX,
  SERVICE_NAME_LENGTH_MIN,
  type ServicePort,
  servicePort,
  type SocketAddress,
  unixSeconds,
} from "../types/mod.ts";
import { addressesOf } from "./addresses.ts";
import { conditionsOf } from "./conditions.ts";
import { type ForwarderCandidate, forwardersOf } from "./forwarders.ts";
import type { Node } from "./node.ts";

/** A certificate that ends within this time is worth a word. */
const EXPIRING_SOON_SECONDS = 7n * 24n * 60n * 60n;

/** What the calls are answered from. */
export interface NodeServiceDeps {
  /** Carries the commands out. */
  readonly node: Node;
  /** This node's own key. */
  readonly local: PeerKey;
  /** Says which peers are connected, and where. */
  readonly mesh: Mesh<unknown, unknown>;
  /** Says which nodes and services there are. */
  readonly store: Store;
  /** Says which forwards there are. */
  readonly tunnels: Manager;
  /** This node's membership, whose dates the status tells. */
  readonly certificate: MembershipCert;
  /** Tells whether the clock is behind. Default: nobody does. */
  readonly signedTimes?: SignedTimes;
  /** What signs revocations; null when this node holds no admin key. */
  readonly signer: AdminSigner | null;
  /** Its wall clock judges whether the membership ends soon, and dates revocations. */
  readonly clock: Clock;
  /** Ends the daemon; returns at once. */
  shutdown(): void;
  /** What is wrong with that which runs beside the node. Default: nothing. */
  readonly otherConditions?: () => readonly Condition[];
}

/** The answers to the calls of ControlService, to be served by `GrpcServer` or called directly. */
export class NodeService {
  readonly #deps: NodeServiceDeps;

  private constructor(deps: NodeServiceDeps) {
    this.#deps = deps;
  }

  /** The answers of a node; they are meaningful once it is ready. */
  static create(deps: NodeServiceDeps): NodeService {
    return new NodeService(deps);
  }

  /** Asks for the end of the node; answers before that has come. */
  readonly shutdown = (): Promise<ShutdownResponse> => {
    this.#deps.shutdown();
    return Promise.resolve({});
  };

  /**
   * The addresses (`host:port`) at which this node can be found, as an invite carries them, and those
   * of others that pass an invite's redemption on to it, the best first.
   */
  readonly getBootstrapInfo = (): Promise<GetBootstrapInfoResponse> => {
    const self = this.#bootstrapInfo(this.#deps.local, this.#deps.node.reachableAt);
    const forwarders = forwardersOf(this.#forwarderCandidates()).map(({ peer, addresses }) =>
      this.#bootstrapInfo(peer, addresses.map(formatAddress))
    );
    return Promise.resolve({ self, recommended: self, forwarders });
  };

  /**
   * This node, the others (reachable ones first), all services, the forwards, and the membership's
   * dates. A membership that ends within 7 days counts as expiring soon. Last, what is wrong.
   */
  readonly getStatus = (): Promise<GetStatusResponse> => {
    return Promise.resolve(GetStatusResponse.create({
      self: this.#selfSummary(),
      nodes: this.#nodeSummaries(),
      services: this.#serviceSummaries(),
      connections: this.#connectionSummaries(),
      certificates: [this.#certInfo()],
      socket: this.#socketInfo(),
      conditions: this.conditions(),
      network: this.#networkInfo(),
    }));
  };

  /** What keeps this node from taking part now, with the cure; empty in good order. */
  readonly conditions = (): Condition[] => {
    const { certificate, signer, clock, signedTimes, store, local, node } = this.#deps;
    const now = clock.wallNow();
    const own = conditionsOf({
      certificate,
      isRoot: signer?.isRoot ?? false,
      now,
      aheadUnix: signedTimes?.aheadOf(now) ?? null,
      isRevoked: store.isSubjectRevoked(local),
      refusals: node.refusals(),
      isUnanswered: node.isUnanswered(),
    });
    return [...own, ...this.#deps.otherConditions?.() ?? []];
  };

  /**
   * Offers a local port under a name of 1…64 printable characters; without one, the port in decimal.
   *
   * @throws {PollenError} `invalid_argument` for the port or the name, else as `Node.registerService`.
   */
  readonly registerService = async (
    { port, name = String(port), udp = false }: RegisterServiceRequest,
  ): Promise<RegisterServiceResponse> => {
    assertPort(port, "The port");
    assertServiceName(name);
    await this.#deps.node.registerService(servicePort(port, udp), name);
    return {};
  };

  /**
   * Forwards a local port (0: the remote port's number if it is free, else any) to a port of a peer.
   *
   * @throws {PollenError} `invalid_argument` for a port or key that is none, else as
   *   `Node.connectService`.
   */
  readonly connectService = async (
    { node, remotePort, localPort, serviceName, udp = false }: ConnectServiceRequest,
  ): Promise<ConnectServiceResponse> => {
    assertPort(remotePort, "The remote port");
    if (localPort !== 0) assertPort(localPort, "The local port");
    if (serviceName !== undefined) assertServiceName(serviceName);
    const peer = peerKeyFromBytes(node?.peerId ?? new Uint8Array(0));
    const port = servicePort(remotePort, udp);
    const service = this.#deps.node.connectService(peer, port, localPort, serviceName);
    return { localPort: await service };
  };

  /**
   * Takes back one name, or, without a name, every name of the port.
   *
   * @throws {PollenError} `invalid_argument` for a port that is none, else as `Node.unregisterService`.
   */
  readonly unregisterService = async (
    { port, name }: UnregisterServiceRequest,
  ): Promise<UnregisterServiceResponse> => {
    if (name === undefined) assertPort(port, "The port");
    const which = name === undefined ? { port } : { name };
    const ended = await this.#deps.node.unregisterService(which);
    const udp = isUdpPort(ended.port) ? { udp: true } : {};
    return { names: ended.names, port: portNumber(ended.port), ...udp };
  };

  /**
   * Ends the forward of a local port, or those to a peer (remote port 0: all of them).
   *
   * @throws {PollenError} `invalid_argument` for a port or key that is none, else as
   *   `Node.disconnectService`.
   */
  readonly disconnectService = async (
    { localPort, node, remotePort, udp = false }: DisconnectServiceRequest,
  ): Promise<DisconnectServiceResponse> => {
    if (node === undefined) assertPort(localPort, "The local port");
    if (remotePort !== 0) assertPort(remotePort, "The remote port");
    const ended = await this.#deps.node.disconnectService(
      node === undefined ? { localPort } : {
        peer: peerKeyFromBytes(node.peerId),
        remotePort: remotePort === 0 ? 0 : servicePort(remotePort, udp),
      },
    );
    return { disconnected: ended.map((forward) => this.#connectionSummary(forward)) };
  };

  /**
   * Connects with a peer at these addresses (`host:port`) now.
   *
   * @throws {PollenError} `invalid_argument` for a key that is none, else as `Node.connectPeer`.
   */
  readonly connectPeer = async (
    { peerId, addrs }: ConnectPeerRequest,
  ): Promise<ConnectPeerResponse> => {
    await this.#deps.node.connectPeer(peerKeyFromBytes(peerId), addrs);
    return {};
  };

  /**
   * Takes a peer's membership away for good.
   *
   * @throws {PollenError} `failed_precondition` without an admin key here, `refused` when it is not
   *   the root's, `invalid_argument` for this very node, else as `Node.revokePeer`.
   */
  readonly revokePeer = async ({ peerId }: RevokePeerRequest): Promise<RevokePeerResponse> => {
    const { signer, node, clock, local } = this.#deps;
    const subject = peerKeyFromBytes(peerId);
    if (signer === null) {
      throw new PollenError(
        "failed_precondition",
        "admin signer not available; this node cannot revoke peers.",
        { fix: "Revoke on the node where `pollen init` was run." },
      );
    }
    if (!signer.isRoot) {
      throw new PollenError("refused", "only the root admin can revoke peers.", {
        fix: "Revoke on the node where `pollen init` was run.",
      });
    }
    if (subject === local) {
      throw new PollenError(
        "invalid_argument",
        "This is the root's own node; it cannot revoke itself.",
      );
    }
    await node.revokePeer(signer.issueRevocation(subject, clock.wallNow()));
    return {};
  };

  #forwarderCandidates(): ForwarderCandidate[] {
    const { mesh, store } = this.#deps;
    return mesh.connectedPeers().flatMap((peer) => {
      const told = store.get(peer);
      const link = mesh.peerLink(peer);
      if (told === null || !link?.capabilities.includes(Capability.forwardInvites)) return [];
      return [{ peer, told, active: mesh.getActivePeerAddress(peer) }];
    });
  }

  #bootstrapInfo(peer: PeerKey, addrs: readonly string[]): BootstrapPeerInfo {
    return { peer: { peerId: peerKeyBytes(peer) }, addrs };
  }

  #selfSummary(): NodeSummary {
    return NodeSummary.create({
      node: { peerId: peerKeyBytes(this.#deps.local) },
      status: NodeStatus.ONLINE,
      addr: this.#deps.node.reachableAt[0] ?? "",
    });
  }

  /** All other nodes: the reachable ones first, then by key. */
  #nodeSummaries(): NodeSummary[] {
    const { store, mesh, local } = this.#deps;
    const summaries = [...store.allNodes()].filter(([peer]) => peer !== local).map(
      ([peer, record]) => {
        const path = mesh.peerPath(peer);
        const address = path === null ? addressesOf(record)[0] : this.#firstStop(path);
        return NodeSummary.create({
          node: { peerId: peerKeyBytes(peer) },
          status: statusOf(path),
          addr: address == null ? "" : formatAddress(address),
          publiclyAccessible: record.publiclyAccessible,
          ...this.#link(peer, path),
        });
      },
    );
    return summaries.sort((a, b) => a.status - b.status || compareNodes(a, b));
  }

  /** Where packets that take this way really go: to the peer, or to who carries them. */
  #firstStop({ address, carrier }: PeerPath): SocketAddress | null {
    return carrier === null ? address : this.#deps.mesh.getActivePeerAddress(carrier);
  }

  #link(peer: PeerKey, path: PeerPath | null): { link?: LinkInfo } {
    const link = this.#deps.mesh.peerLink(peer);
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

  #serviceSummaries(): ServiceSummary[] {
    const { store, tunnels, local } = this.#deps;
    const services = [...store.allNodes()].flatMap(([peer, record]) =>
      [...record.services].map(([name, port]) => ({
        name,
        port: portNumber(port),
        ...udpFields(port, peer === local ? tunnels.droppedAt(port) : 0),
        provider: { peerId: peerKeyBytes(peer) },
      }))
    );
    return services.sort((a, b) =>
      compare(a.name, b.name) || a.port - b.port ||
      Number(a.udp ?? false) - Number(b.udp ?? false) ||
      compare(a.provider.peerId.toHex(), b.provider.peerId.toHex())
    );
  }

  #connectionSummaries(): ConnectionSummary[] {
    return this.#deps.tunnels.listConnections().map((forward) => this.#connectionSummary(forward));
  }

  #connectionSummary(forward: ConnectionInfo): ConnectionSummary {
    const { store } = this.#deps;
    const services = [...(store.get(forward.peerId)?.services ?? [])];
    const names = services.filter(([, port]) => port === forward.remotePort).map(([name]) => name);
    const wanted = store.desiredConnections().find(({ peerId, remotePort }) =>
      peerId === forward.peerId && remotePort === forward.remotePort
    );
    return {
      peer: { peerId: peerKeyBytes(forward.peerId) },
      remotePort: portNumber(forward.remotePort),
      localPort: forward.localPort,
      // What was asked for, also when the port has other names, or none any more.
      serviceName: wanted?.service ?? names.sort()[0] ?? "",
      requestedLocalPort: forward.requestedPort,
      activeTunnels: forward.activeTunnels,
      lastFailure: forward.lastFailure,
      ...udpFields(forward.remotePort, forward.droppedPackets),
    };
  }

  #socketInfo(): SocketInfo {
    const stats = this.#deps.mesh.engineStats();
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

  #networkInfo(): NetworkInfo {
    const { node } = this.#deps;
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

  #certInfo(): CertInfo {
    const { certificate, clock } = this.#deps;
    const claims = certificate.claims;
    const notAfter = claims?.notAfterUnix ?? 0n;
    const left = notAfter + BigInt(CLOCK_SKEW_SECONDS) - unixSeconds(clock.wallNow());
    return {
      notBeforeUnix: claims?.notBeforeUnix ?? 0n,
      notAfterUnix: notAfter,
      serial: claims?.serial ?? 0n,
      health: left <= 0n
        ? CertHealth.EXPIRED
        : left <= EXPIRING_SOON_SECONDS
        ? CertHealth.EXPIRING_SOON
        : CertHealth.OK,
      nonRenewable: claims?.nonRenewable ?? false,
    };
  }
}

function statusOf(path: PeerPath | null): NodeStatus {
  if (path === null) return NodeStatus.OFFLINE;
  return path.address === null ? NodeStatus.RELAY : NodeStatus.ONLINE;
}

/** What is said of a port of UDP alone. */
function udpFields(
  port: ServicePort,
  dropped: number,
): { readonly udp?: boolean; readonly droppedPackets?: bigint } {
  return isUdpPort(port) ? { udp: true, droppedPackets: BigInt(dropped) } : {};
}

function assertPort(port: number, what: string): void {
  if (isPort(port)) return;
  throw new PollenError("invalid_argument", `${what} ${port} is not a port.`, {
    fix: "Give a number from 1 to 65535.",
  });
}

function assertServiceName(name: string): void {
  // deno-lint-ignore no-control-regex
  const isPrintable = !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(name);
  const length = [...name].length;
  if (isPrintable && length >= SERVICE_NAME_LENGTH_MIN && length <= SERVICE_NAME_LENGTH_MAX) return;
  throw new PollenError("invalid_argument", "That name cannot name a service.", {
    fix: `Use ${SERVICE_NAME_LENGTH_MIN} to ${SERVICE_NAME_LENGTH_MAX} printable characters.`,
  });
}

function compareNodes(a: NodeSummary, b: NodeSummary): number {
  return compare(a.node?.peerId.toHex() ?? "", b.node?.peerId.toHex() ?? "");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
