// One forward: a local TCP listener whose connections travel to a port of a peer. While the peer is
// there, a rule in the engine carries them at once; while it is away, a new connection is held for a
// moment and then reset. The forward itself stays.

import {
  type Bridge,
  BRIDGES_PER_PORT_MAX,
  type Clock,
  errorText,
  type FlowForwarder,
  type Forwarder,
  HELD_CONNECTIONS_MAX,
  type Log,
  type PeerKey,
  PollenError,
  type Rule,
  type Session,
  type StreamTransport,
  type TcpConnection,
  type TcpListener,
  tunnelHead,
} from "../types/mod.ts";
import { describeEnd } from "./ends.ts";

/** How long a new connection waits for its peer to come back. */
export const HOLD_MS = 10_000;

/** What tunnels are made with. */
export interface ForwardDeps {
  /** Gives sessions and the streams of peers: a mesh. */
  readonly transport: StreamTransport;
  /** Moves the bytes: that of the transport's engine. */
  readonly forwarder: Forwarder;
  /** Moves the packets of UDP services: that of the same engine. */
  readonly flows: FlowForwarder;
  /** Times how long a connection is held for a peer that is away: 10 s. */
  readonly clock: Clock;
  /** Takes tunnels that failed. */
  readonly log: Log;
}

const TOO_MANY = `${BRIDGES_PER_PORT_MAX} tunnels go through this forward already`;

export class Forward {
  readonly peer: PeerKey;
  /** What was asked for; 0 when any port would do. */
  readonly requestedPort: number;
  readonly #deps: ForwardDeps;
  readonly #listener: TcpListener;
  #remotePort: number;
  #session: Session | null = null;
  readonly #bridges = new Set<Bridge>();
  readonly #closing = new AbortController();
  #route: Rule | null = null;
  #held = 0;
  #lastFailure = "";

  constructor(
    deps: ForwardDeps,
    options: {
      readonly peer: PeerKey;
      readonly remotePort: number;
      readonly requestedPort: number;
      readonly listener: TcpListener;
    },
  ) {
    this.#deps = deps;
    this.peer = options.peer;
    this.#remotePort = options.remotePort;
    this.requestedPort = options.requestedPort;
    this.#listener = options.listener;
  }

  /** The port there. */
  get remotePort(): number {
    return this.#remotePort;
  }

  get localPort(): number {
    return this.#listener.address.port;
  }

  get activeTunnels(): number {
    return this.#bridges.size;
  }

  /** Why the newest tunnel failed; empty when it did not. */
  get lastFailure(): string {
    return this.#lastFailure;
  }

  /** Takes connections until the listener is closed. */
  async run(): Promise<void> {
    const waiting = new Set<Promise<void>>();
    for (let connection; (connection = await this.#listener.accept()) !== null;) {
      const task = this.#carry(connection).finally(() => waiting.delete(task));
      waiting.add(task);
    }
    await Promise.all(waiting);
  }

  /** The session that leads to the peer from now on; null while there is none. */
  lead(session: Session | null): void {
    this.#session = session;
    this.#route?.withdraw();
    this.#route = null;
    if (session === null || this.#closing.signal.aborted) return;
    this.#route = this.#deps.forwarder.route(this.#listener, session, this.#head(session), {
      bridgesMax: BRIDGES_PER_PORT_MAX,
      began: (bridge) => void this.#watch(bridge),
      refused: () => this.#fail(TOO_MANY),
    });
  }

  /** Leads to another port of the peer from now on; tunnels to the one before are cut. */
  retarget(remotePort: number): void {
    this.#remotePort = remotePort;
    this.lead(this.#session);
    for (const bridge of this.#bridges) bridge.abort();
  }

  /** Stops listening and cuts the tunnels. Idempotent. */
  close(): void {
    this.#listener.close();
    this.#closing.abort();
    this.lead(null);
    for (const bridge of this.#bridges) bridge.abort();
  }

  #head({ alpn }: Session): Uint8Array {
    return tunnelHead(alpn, this.remotePort);
  }

  async #carry(connection: TcpConnection): Promise<void> {
    let session: Session;
    try {
      if (this.#bridges.size >= BRIDGES_PER_PORT_MAX) throw new PollenError("exhausted", TOO_MANY);
      session = await this.#awaitSession();
    } catch (thrown) {
      connection.reset();
      this.#fail(errorText(thrown));
      return;
    }
    await this.#watch(
      this.#deps.forwarder.bridgeToSession(connection, session, this.#head(session)),
    );
  }

  /** Counts a tunnel while it is there, and keeps why it failed. */
  async #watch(bridge: Bridge): Promise<void> {
    this.#bridges.add(bridge);
    if (this.#closing.signal.aborted) bridge.abort();
    const end = await bridge.ended;
    this.#bridges.delete(bridge);
    if (end.kind === "finished") this.#lastFailure = "";
    else if (end.kind !== "aborted") this.#fail(describeEnd(end, this.remotePort));
  }

  async #awaitSession(): Promise<Session> {
    if (this.#held >= HELD_CONNECTIONS_MAX) {
      throw new PollenError("exhausted", "too many connections wait for the provider already");
    }
    const patience = new AbortController();
    const stopTimer = this.#deps.clock.setTimer(HOLD_MS, () => patience.abort());
    this.#held++;
    try {
      const signal = AbortSignal.any([patience.signal, this.#closing.signal]);
      return await this.#deps.transport.session(this.peer, signal);
    } catch (thrown) {
      if (patience.signal.aborted) {
        throw new PollenError("unreachable", "the provider is not reachable", { cause: thrown });
      }
      throw thrown;
    } finally {
      this.#held--;
      stopTimer();
    }
  }

  #fail(reason: string): void {
    this.#lastFailure = reason;
    if (this.#closing.signal.aborted) return;
    this.#deps.log.warn("a tunnel failed", {
      peer: this.peer,
      remotePort: this.remotePort,
      localPort: this.localPort,
      reason,
    });
  }
}
