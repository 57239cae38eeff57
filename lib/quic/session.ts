// A QUIC session: one peer, its datagrams and its streams. Everything that waits for TypeScript is
// bounded here; what waits below is bounded by the engine.

import {
  BoundedQueue,
  CLOSE_REASON_BYTES_MAX,
  type DatagramOutcome,
  DATAGRAMS_WAITING_MAX,
  type LimitCounter,
  type LimitName,
  PollenError,
  type Session,
  type SessionEnd,
  type SessionStats,
  type SocketAddress,
  STRAYS_WAITING_MAX,
  type Stream,
  STREAMS_WAITING_MAX,
} from "../types/mod.ts";
import type { NativeEngine } from "./native_engine.ts";
import { encodeAddress, encodeText, Operation } from "./records.ts";
import { QuicStream } from "./stream.ts";

const OUTCOMES: readonly DatagramOutcome[] = ["sent", "too_large", "blocked", "closed"];

const NO_STATS: SessionStats = {
  rttMs: 0,
  datagramBytesMax: 0,
  bytesSent: 0,
  bytesReceived: 0,
  packetsSent: 0,
  packetsLost: 0,
};

/** What a session is from its first moment. */
export interface SessionFacts {
  readonly id: number;
  readonly handle: number;
  readonly alpn: string;
  readonly inbound: boolean;
  readonly remoteAddress: SocketAddress;
  readonly secret: Uint8Array;
  readonly peerCertificate: Uint8Array;
}

/** A request to open a stream that was not answered yet. */
interface Opening {
  resolve(stream: Stream): void;
  reject(error: PollenError): void;
}

export class QuicSession implements Session {
  readonly id: number;
  readonly handle: number;
  readonly alpn: string;
  readonly inbound: boolean;
  readonly secret: Uint8Array;
  readonly peerCertificate: Uint8Array;
  readonly closed: Promise<SessionEnd>;
  /** The engine that it belongs to. */
  readonly native: NativeEngine;
  /** The engine's streams by handle, to which ours are added. */
  readonly #streams: Map<number, QuicStream>;
  readonly #ownStreams = new Set<QuicStream>();
  readonly #datagrams: BoundedQueue<Uint8Array>;
  readonly #strays: BoundedQueue<SocketAddress>;
  readonly #incoming: BoundedQueue<QuicStream>;
  readonly #openings = new Map<number, Opening>();
  /** Bridges on it, and rules that lead to it. */
  #occupants = 0;
  #idlers: { readonly streams: number; resolve(): void }[] = [];
  readonly #resolveClosed: (end: SessionEnd) => void;
  #remoteAddress: SocketAddress;
  #isAdmitted = false;
  #isNarrow = true;
  #hasEnded = false;
  #lastStats = NO_STATS;

  constructor(
    native: NativeEngine,
    streams: Map<number, QuicStream>,
    facts: SessionFacts,
    limits: LimitCounter,
  ) {
    this.native = native;
    this.#streams = streams;
    this.id = facts.id;
    this.handle = facts.handle;
    this.alpn = facts.alpn;
    this.inbound = facts.inbound;
    this.#remoteAddress = facts.remoteAddress;
    this.secret = facts.secret;
    this.peerCertificate = facts.peerCertificate;
    const of = (limit: LimitName) => () => limits.count(limit);
    this.#datagrams = new BoundedQueue(DATAGRAMS_WAITING_MAX, of("datagrams_waiting"));
    this.#strays = new BoundedQueue(STRAYS_WAITING_MAX, of("strays_waiting"));
    this.#incoming = new BoundedQueue(STREAMS_WAITING_MAX, of("streams_waiting"));
    const { promise, resolve } = Promise.withResolvers<SessionEnd>();
    this.closed = promise;
    this.#resolveClosed = resolve;
  }

  get remoteAddress(): SocketAddress {
    return this.#remoteAddress;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get isAdmitted(): boolean {
    return this.#isAdmitted;
  }

  admit({ narrow = false }: { readonly narrow?: boolean } = {}): void {
    const isNew = narrow ? !this.#isAdmitted : this.#isNarrow;
    if (!isNew || this.#hasEnded) return;
    this.#isAdmitted = true;
    this.#isNarrow = narrow;
    this.native.command(narrow ? Operation.admitNarrow : Operation.admit, { a: this.handle });
  }

  setPath(address: SocketAddress): void {
    if (this.#hasEnded) return;
    this.#remoteAddress = address;
    const bytes = encodeAddress(address);
    this.native.command(Operation.setPath, { a: this.handle, bytes });
  }

  nextStray(): Promise<SocketAddress | null> {
    return this.#strays.next();
  }

  sendDatagram(bytes: Uint8Array): DatagramOutcome {
    if (this.#hasEnded) return "closed";
    const answer = this.native.command(Operation.sendDatagram, { a: this.handle, bytes });
    return OUTCOMES[answer] ?? "closed";
  }

  receiveDatagram(): Promise<Uint8Array | null> {
    return this.#datagrams.next();
  }

  openStream(options: { readonly signal?: AbortSignal } = {}): Promise<Stream> {
    const { signal } = options;
    if (this.#hasEnded) return Promise.reject(sessionLost());
    if (signal?.aborted) return Promise.reject(openCancelled());
    if (!this.#isAdmitted) {
      return Promise.reject(
        new PollenError("failed_precondition", "The session was not admitted yet."),
      );
    }
    const tag = this.native.nextTag();
    const { promise, resolve, reject } = Promise.withResolvers<Stream>();
    const cancel = () => {
      this.#openings.delete(tag);
      this.native.command(Operation.cancelOpen, { a: this.handle, b: tag });
      reject(openCancelled());
      this.#vacated();
    };
    signal?.addEventListener("abort", cancel, { once: true });
    this.#openings.set(tag, {
      resolve(stream) {
        signal?.removeEventListener("abort", cancel);
        resolve(stream);
      },
      reject(error) {
        signal?.removeEventListener("abort", cancel);
        reject(error);
      },
    });
    this.native.command(Operation.openStream, { a: this.handle, b: tag });
    return promise;
  }

  acceptStream(): Promise<Stream | null> {
    return this.#incoming.next();
  }

  untilUnused(streams = 0): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idlers.push({ streams, resolve });
    this.#vacated();
    return promise;
  }

  stats(): SessionStats {
    this.#lastStats = this.native.sessionStats(this.handle) ?? this.#lastStats;
    return this.#lastStats;
  }

  close(reason: string, errorCode = 0): void {
    if (this.#hasEnded) return;
    const bytes = encodeText(reason).subarray(0, CLOSE_REASON_BYTES_MAX);
    this.native.command(Operation.closeSession, { a: this.handle, s: errorCode, bytes });
  }

  /** A bridge or a rule is on it until the result is called, once. */
  occupy(): () => void {
    this.#occupants++;
    return () => {
      this.#occupants--;
      this.#vacated();
    };
  }

  /** Packets came from elsewhere. */
  strayed(address: SocketAddress): void {
    this.#strays.pushDroppingOldest(address);
  }

  /** The engine received a datagram. */
  receivedDatagram(bytes: Uint8Array): void {
    this.#datagrams.pushDroppingOldest(bytes);
  }

  /** A stream that we asked for is open. */
  opened(tag: number, handle: number): void {
    const opening = this.#openings.get(tag);
    const stream = this.#add(handle, new Uint8Array(0));
    if (opening === undefined) return stream.abort();
    this.#openings.delete(tag);
    opening.resolve(stream);
  }

  /** The engine has too many requests to open a stream. */
  openFailed(tag: number): void {
    const opening = this.#openings.get(tag);
    this.#openings.delete(tag);
    opening?.reject(
      new PollenError("exhausted", "Too many requests to open a stream wait on this session."),
    );
    this.#vacated();
  }

  /** The peer opened a stream. One that nobody accepts in time is refused by a reset. */
  receivedStream(handle: number, head: Uint8Array): void {
    const stream = this.#add(handle, head);
    if (!this.#incoming.push(stream)) stream.abort();
  }

  /** The session is over, and everything on it. */
  end(end: SessionEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const error = sessionLost(end);
    for (const stream of [...this.#ownStreams]) stream.end(error);
    for (const opening of this.#openings.values()) opening.reject(error);
    this.#openings.clear();
    this.#incoming.drain();
    this.#datagrams.close();
    this.#strays.drain();
    this.#vacated();
    this.#resolveClosed(end);
  }

  /** Something that was on it is gone. */
  #vacated(): void {
    const busy = this.#ownStreams.size + this.#openings.size + this.#occupants;
    const isIdle = ({ streams }: { readonly streams: number }) => this.#hasEnded || busy <= streams;
    const idle = this.#idlers.filter(isIdle);
    if (idle.length === 0) return;
    this.#idlers = this.#idlers.filter((idler) => !isIdle(idler));
    for (const { resolve } of idle) resolve();
  }

  #add(handle: number, head: Uint8Array): QuicStream {
    const stream = new QuicStream(this.native, this, handle, head, () => {
      this.#streams.delete(handle);
      this.#ownStreams.delete(stream);
      this.#vacated();
    });
    this.#streams.set(handle, stream);
    this.#ownStreams.add(stream);
    return stream;
  }
}

/** What becomes of everything that is older than the end of its session. */
function sessionLost(end?: SessionEnd): PollenError {
  const why = end === undefined || end.reason === "" ? "" : `: ${end.reason}`;
  return new PollenError("closed", `session lost${why}.`);
}

function openCancelled(): PollenError {
  return new PollenError("cancelled", "Opening the stream was cancelled.");
}
