// Policy of tunnels: which ports are served, which forwards exist, and what their ends mean. It
// moves no byte: the forwarder does.

import {
  FORWARDS_MAX,
  isServicePort,
  isUdpPort,
  type Log,
  LogThrottle,
  type PeerKey,
  PollenError,
  portNumber,
  type ServicePort,
  servicePort,
  type Session,
  shortPeerKey,
  showServicePort,
  type SocketAddress,
} from "../types/mod.ts";
import { Forward, type ForwardDeps } from "./forward.ts";
import { ServedPorts } from "./served.ts";
import { ServedUdpPorts } from "./served_udp.ts";
import { carriesUdp, NO_UDP, UdpForward } from "./udp_forward.ts";

/** Forwards listen here and nowhere else: the network is this machine's, not its neighbours'. */
const LISTEN_IP = "127.0.0.1";

/** One forward as others see it. */
export interface ConnectionInfo {
  /** The peer that serves. */
  readonly peerId: PeerKey;
  /** The port there, and its transport. */
  readonly remotePort: ServicePort;
  /** The port of 127.0.0.1 that listens here, 1…65535. */
  readonly localPort: number;
  /** What was asked for; 0 when any port would do. */
  readonly requestedPort: number;
  /** TCP connections through it now; over UDP sources that sent within the last minute. */
  readonly activeTunnels: number;
  /** Why the newest failed tunnel ended, or packets are dropped; empty when none are. */
  readonly lastFailure: string;
  /** Packets given up since the forward is there; 0 for TCP. */
  readonly droppedPackets: number;
}

/**
 * The served ports and the forwards of one node, at most 1024 forwards. Forwards listen on
 * 127.0.0.1.
 */
export class Manager implements AsyncDisposable {
  readonly #deps: ForwardDeps;
  readonly #throttle: LogThrottle;
  readonly #served: ServedPorts;
  readonly #servedUdp: ServedUdpPorts;
  /** By local port and transport. */
  readonly #forwards = new Map<ServicePort, Forward | UdpForward>();
  /** The sessions that lead to peers now. */
  readonly #sessions = new Map<PeerKey, Session>();
  readonly #tasks = new Set<Promise<void>>();
  #isClosed = false;

  private constructor(deps: ForwardDeps) {
    // Every tunnel that fails is worth a line, but a peer can make them fail by the thousand.
    this.#throttle = new LogThrottle(deps.log, deps.clock);
    const log: Log = {
      debug: (message, fields) => deps.log.debug(message, fields),
      info: (message, fields) => deps.log.info(message, fields),
      warn: (message, fields = {}) => this.#throttle.warn(message, fields),
      error: (message, fields) => deps.log.error(message, fields),
    };
    this.#deps = { ...deps, log };
    this.#served = new ServedPorts(deps.forwarder, log);
    this.#servedUdp = new ServedUdpPorts(deps.flows);
  }

  /** Tunnels of which nothing is served or accepted before `start`. */
  static create(deps: ForwardDeps): Manager {
    return new Manager(deps);
  }

  /** Begins to accept the peers' streams and to follow their sessions. */
  start(): void {
    this.#deps.transport.watch({
      admitted: (peer, session) => {
        this.#served.admit(peer, session);
        this.#servedUdp.admit(session);
      },
      changed: (peer, session) => this.#lead(peer, session),
    });
    this.#run(this.#acceptStreams());
  }

  /** Lets peers reach a port of this machine. Idempotent. */
  registerService(port: ServicePort): void {
    this.#portsOf(port).register(port);
  }

  /** Shuts a port to peers and cuts the tunnels to it; false when it was not served. */
  unregisterService(port: ServicePort): boolean {
    return this.#portsOf(port).unregister(port);
  }

  /** Packets given up at a served port; 0 for TCP. */
  droppedAt(port: ServicePort): number {
    return this.#servedUdp.stats(port)?.packetsDropped ?? 0;
  }

  /**
   * Forwards a local port to a port of the peer, whether or not the peer is there now. The
   * requested local port (0: the remote port's number) is tried first, then any free one. A port
   * that this node serves is not taken, or peers would reach the forward in the service's place.
   *
   * @returns The local port that listens.
   * @throws {PollenError} `already_exists` when that forward is there (its `localPort` in the
   *   details), `invalid_argument`, `exhausted`, `permission_denied`, `io`, `unsupported` for a port of
   *   UDP while the session with the peer carries none.
   */
  async connectService(
    peerId: PeerKey,
    remotePort: ServicePort,
    requestedPort: number,
  ): Promise<number> {
    if (!isServicePort(remotePort)) {
      throw new PollenError("invalid_argument", "remote port missing.");
    }
    const existing = this.#find(peerId, remotePort);
    if (existing !== undefined) throw alreadyConnected(existing);
    if (this.#forwards.size >= FORWARDS_MAX) {
      throw new PollenError("exhausted", `There are ${FORWARDS_MAX} forwards already.`, {
        fix: "Disconnect one that is no longer needed.",
      });
    }
    const isUdp = isUdpPort(remotePort);
    const session = this.#sessions.get(peerId);
    if (isUdp && session !== undefined && !carriesUdp(session)) throw noUdp();
    const near = servicePort(requestedPort || portNumber(remotePort), isUdp);
    const wanted = this.#portsOf(near).has(near) ? 0 : portNumber(near);
    const options = { peer: peerId, remotePort, requestedPort };
    const forward = isUdp
      ? new UdpForward({ ...options, listener: await listenNear(this.#deps.flows, wanted) })
      : new Forward(this.#deps, {
        ...options,
        listener: await listenNear(this.#deps.forwarder, wanted),
      });
    // Another call may have been faster while this one waited for its listener.
    const rival = this.#find(peerId, remotePort);
    if (rival !== undefined || this.#isClosed) {
      forward.close();
      throw rival === undefined
        ? new PollenError("closed", "This node is shutting down.")
        : alreadyConnected(rival);
    }
    this.#forwards.set(servicePort(forward.localPort, isUdp), forward);
    forward.lead(this.#sessions.get(peerId) ?? null);
    this.#run(forward.run());
    return forward.localPort;
  }

  /** All forwards, sorted by local port. */
  listConnections(): ConnectionInfo[] {
    return [...this.#forwards.values()]
      .map((forward) => ({
        peerId: forward.peer,
        remotePort: forward.remotePort,
        localPort: forward.localPort,
        requestedPort: forward.requestedPort,
        activeTunnels: forward.activeTunnels,
        lastFailure: forward.lastFailure,
        droppedPackets: forward instanceof UdpForward ? forward.droppedPackets : 0,
      }))
      .sort((a, b) => a.localPort - b.localPort);
  }

  /** Ends the forwards that listen on this port, over TCP and UDP; false when there is none. */
  disconnectLocalPort(port: number): boolean {
    return this.#closeWhere((forward) => forward.localPort === port) > 0;
  }

  /** Ends all forwards to the peer; their number. */
  disconnectPeer(peerId: PeerKey): number {
    return this.#closeWhere((forward) => forward.peer === peerId);
  }

  /** Ends the forwards to this port of the peer; their number. */
  disconnectRemoteService(peerId: PeerKey, remotePort: ServicePort): number {
    return this.#closeWhere((forward) =>
      forward.peer === peerId && forward.remotePort === remotePort
    );
  }

  /** Leads the forward to a port of the peer to another one there; false without it, or when that one has a forward. */
  retarget(peerId: PeerKey, remotePort: ServicePort, toPort: ServicePort): boolean {
    const forward = this.#find(peerId, remotePort);
    if (forward === undefined || this.#find(peerId, toPort) !== undefined) return false;
    forward.retarget(toPort);
    return true;
  }

  /** Ends everything and waits for it. The transport must be closing too: it ends the accept loop. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#served.close();
    this.#servedUdp.close();
    this.#closeWhere(() => true);
    await Promise.all(this.#tasks);
    this.#throttle.close();
  }

  /** As `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #acceptStreams(): Promise<void> {
    for (let incoming; (incoming = await this.#deps.transport.acceptStream()) !== null;) {
      this.#served.serve(incoming);
    }
  }

  #lead(peer: PeerKey, session: Session | null): void {
    if (session === null) this.#sessions.delete(peer);
    else this.#sessions.set(peer, session);
    for (const forward of this.#forwards.values()) {
      if (forward.peer === peer) forward.lead(session);
    }
  }

  #portsOf(port: ServicePort): ServedPorts | ServedUdpPorts {
    return isUdpPort(port) ? this.#servedUdp : this.#served;
  }

  #find(peerId: PeerKey, remotePort: ServicePort): Forward | UdpForward | undefined {
    return [...this.#forwards.values()].find((forward) =>
      forward.peer === peerId && forward.remotePort === remotePort
    );
  }

  #closeWhere(isMeant: (forward: Forward | UdpForward) => boolean): number {
    const meant = [...this.#forwards].filter(([, forward]) => isMeant(forward));
    for (const [port, forward] of meant) {
      this.#forwards.delete(port);
      forward.close();
    }
    return meant.length;
  }

  #run(task: Promise<void>): void {
    const tracked = task.finally(() => this.#tasks.delete(tracked));
    this.#tasks.add(tracked);
  }
}

/** A listener on that port, or on any when that one is taken or reserved. */
async function listenNear<T>(
  forwarder: { listen(address: SocketAddress): Promise<T> },
  port: number,
): Promise<T> {
  try {
    return await forwarder.listen({ ip: LISTEN_IP, port });
  } catch (thrown) {
    const isTaken = thrown instanceof PollenError &&
      (thrown.code === "already_exists" || thrown.code === "permission_denied");
    if (!isTaken) throw thrown;
    return await forwarder.listen({ ip: LISTEN_IP, port: 0 });
  }
}

function noUdp(): PollenError {
  return new PollenError("unsupported", `The service cannot be had: ${NO_UDP}.`, {
    fix: "Update pollen there, and connect again.",
  });
}

function alreadyConnected(forward: Forward | UdpForward): PollenError {
  const { remotePort, peer, localPort } = forward;
  return new PollenError(
    "already_exists",
    `already connected to port ${showServicePort(remotePort)} on peer ${
      shortPeerKey(peer)
    } (local port ${localPort}).`,
    { fix: `Use 127.0.0.1:${localPort}.`, details: { localPort } },
  );
}
