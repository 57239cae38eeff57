// Policy of tunnels: which ports are served, which forwards exist, and what their ends mean. It
// moves no byte: the forwarder does.

import {
  type Forwarder,
  FORWARDS_MAX,
  isPort,
  type Log,
  LogThrottle,
  type PeerKey,
  PollenError,
  type Session,
  shortPeerKey,
  type TcpListener,
} from "../types/mod.ts";
import { Forward, type ForwardDeps } from "./forward.ts";
import { ServedPorts } from "./served.ts";

/** Forwards listen here and nowhere else: the network is this machine's, not its neighbours'. */
const LISTEN_IP = "127.0.0.1";

/** One forward as others see it. */
export interface ConnectionInfo {
  /** The peer that serves. */
  readonly peerId: PeerKey;
  /** The port there, 1…65535. */
  readonly remotePort: number;
  /** The port of 127.0.0.1 that listens here, 1…65535. */
  readonly localPort: number;
  /** What was asked for; 0 when any port would do. */
  readonly requestedPort: number;
  /** TCP connections through it now. */
  readonly activeTunnels: number;
  /** Why the newest failed tunnel ended; empty when none failed. */
  readonly lastFailure: string;
}

/**
 * The served ports and the forwards of one node, at most 1024 forwards. Forwards listen on
 * 127.0.0.1.
 */
export class Manager implements AsyncDisposable {
  readonly #deps: ForwardDeps;
  readonly #throttle: LogThrottle;
  readonly #served: ServedPorts;
  readonly #forwards = new Map<number, Forward>();
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
  }

  /** Tunnels of which nothing is served or accepted before `start`. */
  static create(deps: ForwardDeps): Manager {
    return new Manager(deps);
  }

  /** Begins to accept the peers' streams and to follow their sessions. */
  start(): void {
    this.#deps.transport.watch({
      admitted: (peer, session) => this.#served.admit(peer, session),
      changed: (peer, session) => this.#lead(peer, session),
    });
    this.#run(this.#acceptStreams());
  }

  /** Lets peers reach a port of this machine. Idempotent. */
  registerService(port: number): void {
    this.#served.register(port);
  }

  /** Shuts a port to peers and cuts the tunnels to it; false when it was not served. */
  unregisterService(port: number): boolean {
    return this.#served.unregister(port);
  }

  /**
   * Forwards a local port to a port of the peer, whether or not the peer is there now. The
   * requested local port (0: the remote port's number) is tried first, then any free one. A port
   * that this node serves is not taken, or peers would reach the forward in the service's place.
   *
   * @returns The local port that listens.
   * @throws {PollenError} `already_exists` when that forward is there (its `localPort` in the
   *   details), `invalid_argument`, `exhausted`, `permission_denied`, `io`.
   */
  async connectService(
    peerId: PeerKey,
    remotePort: number,
    requestedPort: number,
  ): Promise<number> {
    if (!isPort(remotePort)) throw new PollenError("invalid_argument", "remote port missing.");
    const existing = this.#find(peerId, remotePort);
    if (existing !== undefined) throw alreadyConnected(existing);
    if (this.#forwards.size >= FORWARDS_MAX) {
      throw new PollenError("exhausted", `There are ${FORWARDS_MAX} forwards already.`, {
        fix: "Disconnect one that is no longer needed.",
      });
    }
    const wanted = requestedPort || remotePort;
    const listener = await listenNear(this.#deps.forwarder, this.#served.has(wanted) ? 0 : wanted);
    // Another call may have been faster while this one waited for its listener.
    const rival = this.#find(peerId, remotePort);
    if (rival !== undefined || this.#isClosed) {
      listener.close();
      throw rival === undefined
        ? new PollenError("closed", "This node is shutting down.")
        : alreadyConnected(rival);
    }
    const forward = new Forward(this.#deps, { peer: peerId, remotePort, requestedPort, listener });
    this.#forwards.set(forward.localPort, forward);
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
      }))
      .sort((a, b) => a.localPort - b.localPort);
  }

  /** Ends the forward that listens on this port and its tunnels; false when there is none. */
  disconnectLocalPort(port: number): boolean {
    return this.#closeWhere((forward) => forward.localPort === port) > 0;
  }

  /** Ends all forwards to the peer; their number. */
  disconnectPeer(peerId: PeerKey): number {
    return this.#closeWhere((forward) => forward.peer === peerId);
  }

  /** Ends the forwards to this port of the peer; their number. */
  disconnectRemoteService(peerId: PeerKey, remotePort: number): number {
    return this.#closeWhere((forward) =>
      forward.peer === peerId && forward.remotePort === remotePort
    );
  }

  /** Leads the forward to a port of the peer to another one there; false without it, or when that one has a forward. */
  retarget(peerId: PeerKey, remotePort: number, toPort: number): boolean {
    const forward = this.#find(peerId, remotePort);
    if (forward === undefined || this.#find(peerId, toPort) !== undefined) return false;
    forward.retarget(toPort);
    return true;
  }

  /** Ends everything and waits for it. The transport must be closing too: it ends the accept loop. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#served.close();
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

  #find(peerId: PeerKey, remotePort: number): Forward | undefined {
    return [...this.#forwards.values()].find((forward) =>
      forward.peer === peerId && forward.remotePort === remotePort
    );
  }

  #closeWhere(isMeant: (forward: Forward) => boolean): number {
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
async function listenNear(forwarder: Forwarder, port: number): Promise<TcpListener> {
  try {
    return await forwarder.listen({ ip: LISTEN_IP, port });
  } catch (thrown) {
    const isTaken = thrown instanceof PollenError &&
      (thrown.code === "already_exists" || thrown.code === "permission_denied");
    if (!isTaken) throw thrown;
    return await forwarder.listen({ ip: LISTEN_IP, port: 0 });
  }
}

function alreadyConnected(forward: Forward): PollenError {
  const { remotePort, peer, localPort } = forward;
  return new PollenError(
    "already_exists",
    `already connected to port ${remotePort} on peer ${
      shortPeerKey(peer)
    } (local port ${localPort}).`,
    { fix: `Use 127.0.0.1:${localPort}.`, details: { localPort } },
  );
}
