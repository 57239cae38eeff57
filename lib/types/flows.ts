// The port behind which the packets of UDP services move: local ports, services, and flows between
// them over the sessions that carry flows. Packets never come up here.

import type { SocketAddress } from "./address.ts";
import type { Session } from "./session.ts";

/** A UDP target of this machine or its network. */
export interface UdpTarget {
  /** An IP literal. */
  readonly ip: string;
  /** 1…65535. */
  readonly port: number;
}

/** What a local port or a service carries now, and has carried since it is there. */
export interface FlowStats {
  /** Flows that live now: sources that sent within the last minute. */
  readonly flows: number;
  /** Packets that went to peers. */
  readonly packetsSent: number;
  /** Packets that came from peers. */
  readonly packetsReceived: number;
  /** Packets that were given up: no session, no room, too large, not whole in time, nobody there. */
  readonly packetsDropped: number;
}

/**
 * Moves packets between UDP sockets and sessions. Each source at a local port is a flow, and has a
 * socket of its own at the end that serves; a flow in which nothing goes either way for 60 s is
 * over. At a bound the flow that was silent for longest makes room.
 */
export interface FlowForwarder {
  /**
   * Opens a local port.
   *
   * @throws {PollenError} `already_exists` when it is taken, `permission_denied`, `io`.
   */
  listen(address: SocketAddress): Promise<FlowPort>;

  /**
   * Serves a port on the sessions that `allow` names: packets for it go to the first of the targets
   * where somebody is.
   */
  serve(port: number, targets: readonly UdpTarget[]): FlowService;
}

/** A local port of flows. */
export interface FlowPort {
  /** The bound address; the port is the real one also when 0 was asked for. */
  readonly address: SocketAddress;
  /**
   * Leads to this port of the session's peer from now on; without a session packets are dropped.
   * Flows go on over another session, and end when the port changes.
   */
  lead(session: Session | null, port: number): void;
  /** As it is now; once closed, as it was last. */
  stats(): FlowStats;
  /** Ends the port and its flows. Idempotent. */
  close(): void;
}

/** A served port. */
export interface FlowService {
  /** Opens it to a session, which was admitted; nothing happens when it has ended. */
  allow(session: Session): void;
  /** As it is now; once withdrawn, as it was last. */
  stats(): FlowStats;
  /** Ends the service and its flows. Idempotent. */
  withdraw(): void;
}
