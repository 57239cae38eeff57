// The ports behind which bytes move: an Engine (a main UDP socket, further ones on demand, and the
// QUIC connections on them), its Sessions and Streams. Tunnels have a port of their own: forwarder.ts.
//
// Wherever an address of a peer is given or taken here, it may be a way (ways.ts).
//
// The invariant of this seam: TypeScript decides, the engine moves bytes. The engine never serves a
// byte of a session before `admit`, and bytes of a bridged tunnel never come up here. Everything
// that waits inside an engine is bounded; each bound says what happens when it is reached.

import type { SocketAddress } from "./address.ts";
import type { FlowForwarder } from "./flows.ts";
import type { Forwarder } from "./forwarder.ts";

/** What this node shows in a TLS handshake for one ALPN protocol. */
export interface TlsIdentity {
  /** The self-signed Ed25519 certificate, DER. */
  readonly certificate: Uint8Array;
  /** Its private key, PKCS #8 DER. */
  readonly privateKey: Uint8Array;
}

/** One application protocol that the engine speaks. */
export interface Protocol {
  /**
   * The ALPN name, 1…255 ASCII characters. Of the protocols that somebody offers who dials us, the
   * first in the order given to `setProtocols` is spoken.
   */
  readonly alpn: string;
  /**
   * The ALPN name of another one of the protocols, offered behind this one when we dial, for those
   * who do not speak this one. Both show this identity. `Session.alpn` says which is spoken.
   */
  readonly fallback?: string;
  /** Shown when we dial with this protocol and, if `serve`, when we are dialled. */
  readonly identity: TlsIdentity;
  /** Whether to answer those who dial us with it. */
  readonly serve: boolean;
  /**
   * Bytes at the head of each incoming stream that the engine gathers before it reports the stream
   * (0…64). They arrive as `Stream.head` and are no longer part of what `read` gives.
   */
  readonly headBytes: number;
  /**
   * Whether the paths of its sessions are moved by `Session.setPath` alone: QUIC sees one address
   * for good, and packets are taken from wherever they come. Default false: QUIC migrates by its own
   * rules (RFC 9000, section 9).
   */
  readonly movesPaths?: boolean;
  /**
   * Whether the datagrams of its sessions are packets of flows, which the engine moves itself: none
   * comes by `receiveDatagram`. Default false.
   */
  readonly carriesFlows?: boolean;
}

/**
 * How an engine finds out how fast it may send: `cubic` slows down where packets get lost; `bbr`
 * follows the measured bandwidth, which is faster where packets get lost for other reasons than
 * congestion, and takes more from those it shares a link with.
 */
export type Congestion = "cubic" | "bbr";

/** All of them, the default first. */
export const CONGESTIONS: readonly Congestion[] = ["cubic", "bbr"];

/** How to dial. */
export interface DialOptions {
  /** One of the protocols given to `setProtocols`. */
  readonly alpn: string;
  /** Milliseconds allowed for the handshake, 1…60 000. */
  readonly timeoutMs: number;
  /** Gives the dial up, with `cancelled`. */
  readonly signal?: AbortSignal;
}

/**
 * What the system does to our sockets, by what it means. What the engine does about each stands in
 * native/src/io/faults.rs; none of them ends a session.
 */
export type FaultKind =
  /** Out of memory or of room in a queue: the same packets go a little later. */
  | "shortage"
  /** A packet larger than the link takes: the path is measured anew. */
  | "oversize"
  /** A firewall or a sandbox of this machine forbids it: the packets are lost. */
  | "denied"
  /** The echo of an earlier packet that nobody wanted. */
  | "refused"
  /** No way there, the interface or our address is gone: dials fail, sessions wait. */
  | "no_route"
  /** The system does not segment: packets go one by one for a minute. */
  | "segmentation"
  /** The socket is good for nothing: a new one is bound to the same port. */
  | "broken"
  /** No descriptor is left for a TCP connection: it is accepted a little later. */
  | "exhausted"
  /** Anything else: the packets are lost. */
  | "other";

/** What the engine reports of itself, beside its sessions. */
export type EngineNotice =
  /**
   * Nothing ran for a while, because the machine slept or the process was stopped. Each session was
   * probed at once; those whose peer has given them up end within seconds.
   */
  | {
    readonly kind: "resumed";
    /** How long nothing ran, up to 2 s too much. */
    readonly sleptMs: number;
  }
  /** A fault; each kind is reported once a minute at most. */
  | {
    readonly kind: "fault";
    readonly fault: FaultKind;
    /** How often, since it was last reported. */
    readonly count: number;
    /** What the system said the last time, safe to print. */
    readonly reason: string;
  };

/** What an engine carries now and has moved since its start. */
export interface EngineStats {
  /** QUIC connections that live now. */
  readonly sessions: number;
  /** Streams that live now, bridged ones included. */
  readonly streams: number;
  /** Bridges that live now. */
  readonly bridges: number;
  /** Packets that left the socket. */
  readonly udpPacketsSent: number;
  /** Packets that reached the socket. */
  readonly udpPacketsReceived: number;
  /** Their payload in bytes, UDP and IP headers excluded. */
  readonly udpBytesSent: number;
  /** Their payload in bytes, UDP and IP headers excluded. */
  readonly udpBytesReceived: number;
  /** Calls to the operating system that sent or received a batch of packets. */
  readonly udpSendCalls: number;
  /** The same for receiving. */
  readonly udpReceiveCalls: number;
  /** Bytes that the operating system granted for the socket's buffers; 0 while there is no socket. */
  readonly receiveBufferBytes: number;
  /** The same for sending. */
  readonly sendBufferBytes: number;
  /**
   * The longest turn of the engine's thread since `stats` was last called, in milliseconds of its
   * processor time; 0 where the system does not measure that of a thread (Windows).
   */
  readonly turnCpuMsMax: number;
  /** Attempts to reach us whose handshake began. */
  readonly attemptsTaken: number;
  /** Those that were told to prove their address first (Retry, RFC 9000, section 8.1.2). */
  readonly attemptsRetried: number;
  /** Those that were told no. */
  readonly attemptsRefused: number;
  /** Those that were not answered. */
  readonly attemptsDropped: number;
  /** Packets that one send may carry; 1 where the system does not segment. */
  readonly udpSegmentsMax: number;
  /** Whether the system hands over packets that follow each other in one piece. */
  readonly udpCoalesces: boolean;
  /** How often the socket broke and was replaced. */
  readonly udpRebinds: number;
  /** Extra sockets that are open now; one that broke is not. */
  readonly extraSockets: number;
  /** How often each fault was. */
  readonly faults: Readonly<Record<FaultKind, number>>;
}

/** The first packet of somebody who wants to reach us; nothing was spent on it yet. */
export interface ConnectionAttempt {
  /** Where it says it comes from. */
  readonly address: SocketAddress;
  /** Whether its sender has shown that he receives what is sent there; otherwise anybody can forge it. */
  readonly isAddressProved: boolean;
  /** Handshakes and verdicts that are outstanding in the engine, this one excluded. */
  readonly openHandshakes: number;
}

/** What becomes of an attempt. */
export type AttemptVerdict =
  /** The handshake begins. */
  | "take"
  /** Its sender is to prove his address and come again. For one who has proved it this is `refuse`. */
  | "retry"
  /** It is told no, if answers are not over their bound. */
  | "refuse"
  /** It is not answered. */
  | "drop";

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

/**
 * One of the two halves of a relayed flow: between an end and its carrier, over the path of the
 * session that these two have. Tags and keys are agreed between them, different in each direction.
 *
 * A pair of key and tag is used for one leg and never again: who used a key twice would give away
 * what authenticates, and old packets would count as new.
 */
export interface RelayLeg {
  /** With the carrier at an end; with an end at the carrier. The leg ends with it. */
  readonly session: Session;
  /** What the other side knows our packets by, 8 bytes. */
  readonly sendTag: Uint8Array;
  /** The AES-128 key that they are sealed with, 16 bytes. */
  readonly sendKey: Uint8Array;
  /** What we know the other side's packets by, 8 bytes, no other leg's in this engine. */
  readonly receiveTag: Uint8Array;
  /** The AES-128 key that those are sealed with, 16 bytes. */
  readonly receiveKey: Uint8Array;
}

/** What a relayed flow has passed since its start, in both directions together. */
export interface RelayStats {
  /** Packets that were genuine and went on: into the engine or out of it. */
  readonly packets: number;
  /** Their bytes, those of the relay's header excluded. */
  readonly bytes: number;
  /**
   * Packets that went nowhere: altered, replayed or malformed, over the rate or the queue's bound, or
   * without a path to go.
   */
  readonly dropped: number;
}

/** A relayed flow at one of its ends: a way over which to dial, accept, `setPath` and `sendRaw`. */
export interface RelayedWay {
  /** The way, for this engine alone. */
  readonly address: SocketAddress;
  /** The counters as they are now; once closed, as they were last. */
  stats(): RelayStats;
  /** Ends it, as does the end of the session with the carrier. Idempotent. */
  close(): void;
}

/** How much a carried flow may pass. */
export interface CarriedLimit {
  /** In each direction, 1,024…10^10. */
  readonly bytesPerSecond: number;
}

/** A relayed flow at its carrier. */
export interface Carried {
  /**
   * Holds from now on. What waits and would take longer than 50 ms at this rate is dropped. Without
   * effect once it is closed.
   *
   * @throws {PollenError} `invalid_argument` for a rate out of range.
   */
  setLimit(limit: CarriedLimit): void;
  /** The counters as they are now; once closed, as they were last. */
  stats(): RelayStats;
  /** Ends it, as does the end of either session. Idempotent. */
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

/** Why a session ended. */
export interface SessionEnd {
  /** Who or what ended it. */
  readonly kind:
    /** We closed it. */
    | "local"
    /** The other side closed it; `reason` is what it said. */
    | "remote"
    /** Nothing was heard for the idle timeout (30 s). */
    | "idle_timeout"
    /** A stateless reset: the other side has lost the connection. */
    | "stateless_reset"
    /** A violation of QUIC or TLS, by either side. */
    | "protocol_error";
  /** The application's or the transport's error code. */
  readonly errorCode: number;
  /** At most 256 characters, already safe to print (control characters removed). */
  readonly reason: string;
}

/** What became of a datagram. Datagrams are unreliable: "sent" says that it was queued, no more. */
export type DatagramOutcome = "sent" | "too_large" | "blocked" | "closed";

/** The counters of one session, from its start to now or to its end. */
export interface SessionStats {
  /** The estimated round trip (RFC 9002, section 5), in milliseconds. */
  readonly rttMs: number;
  /** The largest datagram that `sendDatagram` takes now, in bytes; 0 when the peer takes none. */
  readonly datagramBytesMax: number;
  /** Bytes of UDP payload sent on it. */
  readonly bytesSent: number;
  /** Bytes of UDP payload received on it. */
  readonly bytesReceived: number;
  /** QUIC packets sent on it. */
  readonly packetsSent: number;
  /** Those of them that were declared lost (RFC 9002, section 6). */
  readonly packetsLost: number;
}

/** One QUIC connection whose handshake is complete. */
export interface Session {
  /** Unique within the engine's life. */
  readonly id: number;
  /** The protocol that both ends agreed on. */
  readonly alpn: string;
  /** Whether the other side dialled. */
  readonly inbound: boolean;
  /** Where the other side is now: where our packets go. */
  readonly remoteAddress: SocketAddress;
  /** 32 bytes that only the two ends of this session have (RFC 8446, section 7.5). */
  readonly secret: Uint8Array;
  /** The peer's leaf certificate, DER. TLS has proved that the peer holds its key; nothing else of it is checked. */
  readonly peerCertificate: Uint8Array;
  /** Resolves when the session has ended; never rejects. */
  readonly closed: Promise<SessionEnd>;

  /**
   * The verdict on the peer. Before it no stream and no datagram of the peer is handed out; they
   * wait within the bounds below. A session neither admitted nor closed within 10 s is closed.
   *
   * With `narrow` the peer may have no more than before the verdict, 8 streams and 128 KB unread;
   * `admit` without it lifts that, also later.
   */
  admit(options?: { readonly narrow?: boolean }): void;

  /**
   * Where packets go from now on, from whichever address of ours leads there. What was learned of
   * the old path (congestion, round trip, packet size) is forgotten. The same address begins the path
   * anew. Without effect unless the protocol has `movesPaths`.
   */
  setPath(address: SocketAddress): void;
  /**
   * The next address that packets of this session came from although it leads elsewhere, at most
   * five in a second; null once the session has ended. Relayed packets of its legs count as its own.
   * Anybody can forge it: QUIC proves that the packets are genuine, not who sent them last. At most 8 wait, the oldest goes first. Nothing
   * comes unless the protocol has `movesPaths`.
   */
  nextStray(): Promise<SocketAddress | null>;

  /** Queues one datagram without waiting. */
  sendDatagram(bytes: Uint8Array): DatagramOutcome;
  /** The next datagram; null once the session has ended. At most 256 wait, the oldest goes first. */
  receiveDatagram(): Promise<Uint8Array | null>;

  /**
   * Opens a bidirectional stream; waits while the peer allows no more streams.
   *
   * @throws {PollenError} `closed`, `cancelled`.
   */
  openStream(options?: { readonly signal?: AbortSignal }): Promise<Stream>;
  /** The next stream that the peer opened, its head complete; null once the session has ended. */
  acceptStream(): Promise<Stream | null>;
  /**
   * Resolves once nothing of this end is on the session but `streams` streams (default 0), or it has
   * ended. What counts beside streams: bridges, requests for streams, and rules that lead to it.
   */
  untilUnused(streams?: number): Promise<void>;

  /** The counters as they are now; once ended, as they were last. */
  stats(): SessionStats;

  /** Ends the session at once with application error code 0 (or `errorCode`) and a reason of at most 256 bytes. Idempotent. */
  close(reason: string, errorCode?: number): void;
}

/**
 * A bidirectional stream that TypeScript reads and writes itself: for control traffic. Credits
 * bound both directions: at most 64 KiB wait to be read here, and `write` resolves only when the
 * engine has room for more.
 */
export interface Stream {
  /** The session it is a stream of. */
  readonly session: Session;
  /** The first bytes, as many as the protocol's `headBytes`; fewer when the stream ended before. Empty for our own streams. */
  readonly head: Uint8Array;

  /**
   * The next bytes, at most `maxBytes` (default 65 536); null after the peer's end of stream.
   *
   * @throws {PollenError} `reset` when the peer reset the stream, `closed` when the session ended.
   */
  read(maxBytes?: number): Promise<Uint8Array | null>;
  /**
   * Writes all bytes, in order with earlier writes.
   *
   * @throws {PollenError} `reset` when the peer stopped reading, `closed` when the session ended.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends our direction cleanly; what was written before still arrives. Idempotent. */
  finish(): void;
  /**
   * Ends both directions abnormally: resets ours, asks the peer to stop its own. Frees the stream.
   * Idempotent. `errorCode` is a `StreamCode` where a tunnel is refused, 0 by default.
   */
  abort(errorCode?: number): void;
}
