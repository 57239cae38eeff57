// A session, one QUIC connection with a peer: its verdict, its path, its datagrams and its end.

import type { SocketAddress } from "./address.ts";
import type { Stream } from "./stream.ts";

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
  /** Bytes of UDP payload received on it, counted when a packet came that the peer itself sent. */
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
