// The serving side of UDP: which local ports peers may send packets to. The engine does the rest; a
// session that was not allowed reaches nothing, and what is withdrawn is over within a turn.

import {
  type FlowForwarder,
  type FlowService,
  type FlowStats,
  portNumber,
  type ServicePort,
  type Session,
} from "../types/mod.ts";
import { carriesUdp } from "./udp_forward.ts";

/** What a served port of this machine is sent to, in this order. */
const LOOPBACK = ["127.0.0.1", "::1"] as const;

export class ServedUdpPorts {
  readonly #flows: FlowForwarder;
  readonly #services = new Map<ServicePort, FlowService>();
  /** The sessions that were admitted and have not ended. */
  readonly #sessions = new Set<Session>();

  constructor(flows: FlowForwarder) {
    this.#flows = flows;
  }

  /** Lets peers reach the port. Nothing happens when they may already. */
  register(port: ServicePort): void {
    if (this.#services.has(port)) return;
    const number = portNumber(port);
    const service = this.#flows.serve(number, LOOPBACK.map((ip) => ({ ip, port: number })));
    this.#services.set(port, service);
    for (const session of this.#sessions) service.allow(session);
  }

  has(port: ServicePort): boolean {
    return this.#services.has(port);
  }

  /** What the port carries; null when it is not served. */
  stats(port: ServicePort): FlowStats | null {
    return this.#services.get(port)?.stats() ?? null;
  }

  /** Shuts the port to peers and ends its flows; false when it was not served. */
  unregister(port: ServicePort): boolean {
    this.#services.get(port)?.withdraw();
    return this.#services.delete(port);
  }

  /** A session of a peer was admitted: it may reach every served port. */
  admit(session: Session): void {
    if (!carriesUdp(session)) return;
    this.#sessions.add(session);
    void session.closed.then(() => this.#sessions.delete(session));
    for (const service of this.#services.values()) service.allow(session);
  }

  /** Serves nothing any more. */
  close(): void {
    for (const port of [...this.#services.keys()]) this.unregister(port);
  }
}
