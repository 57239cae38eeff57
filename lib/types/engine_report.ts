// What an engine says of itself: faults, notices and counters.

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
