// The port behind which bytes move: an Engine, which is a main UDP socket, further ones on demand, and
// the QUIC connections on them (session.ts, stream.ts). Tunnels have a port of their own: forwarder.ts.
//
// Wherever an address of a peer is given or taken here, it may be a way (ways.ts).
//
// The invariant of this seam: TypeScript decides, the engine moves bytes. The engine never serves a
// byte of a session before `admit`, and bytes of a bridged tunnel never come up here. Everything
// that waits inside an engine is bounded; each bound says what happens when it is reached.

import type { SocketAddress } from "./address.ts";
import type { AttemptVerdict, ConnectionAttempt } from "./attempt.ts";
import type { EngineNotice, EngineStats } from "./engine_report.ts";
import type { FlowForwarder } from "./flows.ts";
import type { Forwarder } from "./forwarder.ts";
import type { DialOptions, Protocol } from "./protocol.ts";
import type { Carried, CarriedLimit, RelayedWay, RelayLeg } from "./relay.ts";
import type { Session } from "./session.ts";

/**
 * A packet that is not QUIC: its first byte has the fixed bit (0x40) clear. Those that begin with
 * 0x04 are relayed packets and never come up.
 */
export interface RawPacket {
  /** Its source as the socket saw it, which anybody can forge; a way if it came over one. */
  readonly from: SocketAddress;
  /** At most 2048 bytes; longer ones are dropped by the engine. */
  readonly bytes: Uint8Array;
}

/** A UDP socket beside the main one, for IPv4, bound to the same address, on a port of the system's choice. */
export interface ExtraSocket {
  /** 1…512: what `socketWay` names it by. It is not used again soon after the socket is closed. */
  readonly number: number;
  /** The port that it is bound to. */
  readonly port: number;
  /**
   * Closes it. Packets to its ways are lost from now on, and sessions whose path leads over it go on
   * on the next path that `setPath` gives them. Idempotent.
   */
  close(): void;
}

/** A main UDP socket, extra ones, and all QUIC connections on them. */
export interface Engine extends AsyncDisposable {
  /** The bound address; the port is the real one also when 0 was asked for. */
  readonly localAddress: SocketAddress;
  /** Moves bytes between TCP and this engine's streams. */
  readonly forwarder: Forwarder;
  /** Moves packets between UDP sockets and the sessions that carry flows. */
  readonly flows: FlowForwarder;

  /** Replaces the protocols for handshakes from now on; running sessions keep what they have. */
  setProtocols(protocols: readonly Protocol[]): void;

  /**
   * Dials and completes the TLS handshake. The session is not admitted yet: the caller looks at the
   * peer's certificate and calls `admit` or `close`.
   *
   * @throws {PollenError} `timeout`, `cancelled`, `unreachable`, `refused` (the other side closed
   *   during the handshake; its reason is in the message), `unauthenticated` (TLS failed), `exhausted`, `closed`.
   */
  dial(address: SocketAddress, options: DialOptions): Promise<Session>;

  /**
   * The next session somebody dialled to us, its handshake complete and not admitted yet; null once
   * the engine is closed. At most 256 wait; while they do, further attempts are refused.
   */
  accept(): Promise<Session | null>;

  /**
   * Lets `decide` judge each attempt to reach us before any work of TLS is spent on it; null leaves
   * it to the engine again. It must answer at once. The engine takes what it can by its own rule
   * when there is no gatekeeper, when one is slow (50 ms) or throws, and when more than 128 wait:
   * while few handshakes are open it takes everybody, then it asks for proof of the address, and at
   * its bounds it refuses. The bounds hold whatever the gatekeeper says.
   */
  setGatekeeper(decide: ((attempt: ConnectionAttempt) => AttemptVerdict) | null): void;

  /**
   * Sends one packet that is not QUIC. Its first byte must have the bit 0x40 clear and be another one
   * than 0x04. Lost silently when the socket is full, or where the way leads nowhere.
   */
  sendRaw(to: SocketAddress, bytes: Uint8Array): void;

  /** The next packet that is not QUIC; null once the engine is closed. At most 256 wait, the oldest goes first. */
  receiveRaw(): Promise<RawPacket | null>;

  /**
   * Opens one further socket. What is sent to one of its ways leaves through it, and whatever arrives
   * on it comes from one of its ways. One that breaks is closed, without harm to anything else.
   *
   * @throws {PollenError} `exhausted` (512 are open, or the system has no more), `unsupported` (the
   *   engine is bound to one IPv6 address), `permission_denied`, `io`, `closed`.
   */
  openSocket(): Promise<ExtraSocket>;

  /**
   * Opens this end of a relayed flow. Its packets go where those of the leg's session go, sealed; what
   * comes back from the carrier comes from the way. Nothing passes while the session's own path is
   * a relayed one.
   *
   * @throws {PollenError} `invalid_argument` (tags or keys of a wrong length, a tag in use, a session
   *   of another engine or with a relayed path), `failed_precondition` (a session that is not admitted
   *   yet), `exhausted` (4,096 are open), `closed` (the session or the engine is).
   */
  openRelay(leg: RelayLeg): RelayedWay;

  /**
   * Carries packets between two others. Those of each leg that are genuine go on over the other one,
   * behind this engine's own traffic; what waits longer than 50 ms at the rate is dropped.
   *
   * @throws {PollenError} As `openRelay`; `exhausted` when 1,024 are carried.
   */
  carry(a: RelayLeg, b: RelayLeg, limit: CarriedLimit): Carried;

  /** The next notice; null once the engine is closed. At most 64 wait, the oldest goes first. */
  nextNotice(): Promise<EngineNotice | null>;

  /** The counters as they are now; once closed, as they were last. */
  stats(): EngineStats;

  /** Closes every session with this reason, flushes what says so, and frees everything. Idempotent. */
  close(reason: string): Promise<void>;
}
