// What the command line may ask of a running node: one method for each call of ControlService. It
// checks what it is given and translates; the decisions are the node's, the store's and the tunnels'.

import type {
  BootstrapPeerInfo,
  Condition,
  ConnectPeerRequest,
  ConnectPeerResponse,
  ConnectServiceRequest,
  ConnectServiceResponse,
  DisconnectServiceRequest,
  DisconnectServiceResponse,
  GetBootstrapInfoResponse,
  GetStatusResponse,
  RegisterServiceRequest,
  RegisterServiceResponse,
  RevokePeerRequest,
  RevokePeerResponse,
  ShutdownResponse,
  UnregisterServiceRequest,
  UnregisterServiceResponse,
} from "../proto/mod.ts";
import {
  Capability,
  formatAddress,
  isUdpPort,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  PollenError,
  portNumber,
  servicePort,
} from "../types/mod.ts";
import { conditionsOf } from "./conditions.ts";
import { type ForwarderCandidate, forwardersOf } from "./forwarders.ts";
import { forwardSummary } from "./port_summaries.ts";
import { assertPort, assertServiceName } from "./service_arguments.ts";
import type { NodeServiceDeps } from "./service_deps.ts";
import { statusOf } from "./status.ts";

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
    return Promise.resolve(statusOf(this.#deps, this.conditions()));
  };

  /** What keeps this node from taking part now, with the cure; empty in good order. */
  readonly conditions = (): Condition[] => {
    const { certificate, signer, clock, signedTimes, store, local, node } = this.#deps;
    const now = clock.wallNow();
    const own = conditionsOf({
      certificate: certificate(),
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
    const { node: own, store } = this.#deps;
    const ended = await own.disconnectService(
      node === undefined ? { localPort } : {
        peer: peerKeyFromBytes(node.peerId),
        remotePort: remotePort === 0 ? 0 : servicePort(remotePort, udp),
      },
    );
    return { disconnected: ended.map((forward) => forwardSummary(forward, store)) };
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
}
