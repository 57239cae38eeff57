// One forward over UDP: a local port whose packets the engine carries to a port of a peer. While the
// peer is away packets are dropped and counted, as UDP may; the forward itself stays.

import {
  ALPN_MEMBER_2,
  type FlowPort,
  type PeerKey,
  portNumber,
  type ServicePort,
  type Session,
} from "../types/mod.ts";

/** Why a session carries no packets. */
export const NO_UDP = "the provider speaks pollen/1, which carries no UDP";

export class UdpForward {
  readonly peer: PeerKey;
  /** What was asked for; 0 when any port would do. */
  readonly requestedPort: number;
  readonly #port: FlowPort;
  #remotePort: ServicePort;
  #session: Session | null = null;
  /** What had been dropped when the session changed last. */
  #droppedBefore = 0;

  constructor(options: {
    readonly peer: PeerKey;
    readonly remotePort: ServicePort;
    readonly requestedPort: number;
    readonly listener: FlowPort;
  }) {
    this.peer = options.peer;
    this.#remotePort = options.remotePort;
    this.requestedPort = options.requestedPort;
    this.#port = options.listener;
  }

  /** The port there. */
  get remotePort(): ServicePort {
    return this.#remotePort;
  }

  get localPort(): number {
    return this.#port.address.port;
  }

  /** Sources that sent within the last minute. */
  get activeTunnels(): number {
    return this.#port.stats().flows;
  }

  get droppedPackets(): number {
    return this.#port.stats().packetsDropped;
  }

  /** Why packets are dropped now; empty when none are. */
  get lastFailure(): string {
    if (this.#session !== null) return carriesUdp(this.#session) ? "" : NO_UDP;
    return this.droppedPackets > this.#droppedBefore ? "the provider is not reachable" : "";
  }

  /** The engine does it all. */
  run(): Promise<void> {
    return Promise.resolve();
  }

  /** The session that leads to the peer from now on; null while there is none. */
  lead(session: Session | null): void {
    this.#session = session;
    this.#droppedBefore = this.droppedPackets;
    const usable = session !== null && carriesUdp(session) ? session : null;
    this.#port.lead(usable, portNumber(this.#remotePort));
  }

  /** Leads to another port of the peer from now on; flows to the one before are over. */
  retarget(remotePort: ServicePort): void {
    this.#remotePort = remotePort;
    this.lead(this.#session);
  }

  /** Ends the port and its flows. Idempotent. */
  close(): void {
    this.#port.close();
  }
}

/** Whether packets of UDP services go over the session. */
export function carriesUdp({ alpn }: Session): boolean {
  return alpn === ALPN_MEMBER_2;
}
