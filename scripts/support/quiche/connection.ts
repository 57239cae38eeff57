// A connection of quiche and its streams. quiche never calls back: after each turn (a packet came, a
// timer fired, we wrote) its state is looked at again, and whoever waits looks for itself.

import { BoundedQueue } from "../../../lib/types/mod.ts";
import { quiche, type QuicheError, type RawConnection } from "./binding.ts";

/** What may wait to be accepted or received; a test that makes more has a mistake. */
const WAITING_MAX = 65_536;
/** What streams are read into; nothing waits between a read and the copy of what it gave. */
const READ_BUFFER = new Uint8Array(65_536);

/** How a connection ended. */
export interface QuicheEnd {
  readonly kind: "local" | "remote" | "idle_timeout";
  /** Whether the code is the application's and not QUIC's own. */
  readonly isApp: boolean;
  readonly errorCode: number;
  readonly reason: string;
}

/** A stream was reset by the peer, or stopped, with this code. */
export class QuicheStreamError extends Error {
  constructor(readonly kind: "reset" | "stopped", readonly code: number) {
    super(`the peer ${kind === "reset" ? "reset" : "stopped reading"} the stream (${code})`);
  }
}

export class QuicheConnection {
  /** Settles when the handshake is complete at this end, or with the reason why it never will be. */
  readonly established: Promise<void>;
  /** Resolves when the connection is over; never rejects. */
  readonly closed: Promise<QuicheEnd>;
  readonly raw: RawConnection;
  /** Sends what quiche has to send. */
  readonly #flush: () => void;
  readonly #incoming = new BoundedQueue<QuicheStream>(WAITING_MAX);
  readonly #datagrams = new BoundedQueue<Uint8Array>(WAITING_MAX);
  readonly #known = new Set<number>();
  readonly #established = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<QuicheEnd>();
  #turn = Promise.withResolvers<void>();
  #nextStreamId: number;
  /** The last bit of the ids of streams that the peer opens (RFC 9000, section 2.1). */
  readonly #peerBit: number;

  constructor(raw: RawConnection, isClient: boolean, flush: () => void) {
    this.raw = raw;
    this.#flush = flush;
    this.#nextStreamId = isClient ? 0 : 1;
    this.#peerBit = isClient ? 1 : 0;
    this.established = this.#established.promise;
    // Whoever does not wait for it hears of the end by `closed`.
    this.established.catch(() => {});
    this.closed = this.#closed.promise;
  }

  /** The protocol that both ends agreed on. */
  get alpn(): string {
    return new TextDecoder().decode(this.raw.applicationProto());
  }

  /** The peer's leaf certificate, DER; null when it showed none. */
  get peerCertificate(): Uint8Array | null {
    return this.raw.peerCertChain()?.[0] ?? null;
  }

  /** Opens a bidirectional stream; waits while the peer allows no more of them. */
  async openStream(): Promise<QuicheStream> {
    while (this.raw.peerStreamsLeftBidi() === 0) await this.turn();
    const id = this.#nextStreamId;
    this.#nextStreamId += 4;
    // quiche knows of a stream from its first write on.
    this.raw.streamSend(id, new Uint8Array(0), false);
    return this.#add(id);
  }

  /** The next stream that the peer opened; null once the connection is over. */
  acceptStream(): Promise<QuicheStream | null> {
    return this.#incoming.next();
  }

  /** Queues a datagram; fails when it is too large or the queue is full. */
  sendDatagram(bytes: Uint8Array): void {
    this.raw.dgramSend(bytes);
    this.#flush();
  }

  /** The next datagram; null once the connection is over. */
  receiveDatagram(): Promise<Uint8Array | null> {
    return this.#datagrams.next();
  }

  /** Ends the connection as the application (RFC 9000, section 10.2). Idempotent. */
  close(errorCode: number, reason: string): void {
    if (this.raw.isClosed() || this.raw.isDraining()) return;
    this.raw.close(true, errorCode, new TextEncoder().encode(reason));
    this.#flush();
  }

  /** Resolves after the next turn; fails when the connection is over. */
  async turn(): Promise<void> {
    if (this.isOver) throw new Error("the connection is over");
    await this.#turn.promise;
  }

  get isOver(): boolean {
    return this.raw.isClosed() || this.raw.isDraining();
  }

  /** Sends what is to be sent. */
  flush(): void {
    this.#flush();
  }

  /** Something happened to the connection: looks at what became of it. */
  turned(): void {
    if (this.raw.isEstablished()) this.#established.resolve();
    for (const id of this.raw.readable()) {
      if ((id & 1) === this.#peerBit && !this.#known.has(id)) this.#incoming.push(this.#add(id));
    }
    for (let bytes = this.raw.dgramRecvVec(); bytes !== null; bytes = this.raw.dgramRecvVec()) {
      this.#datagrams.push(bytes);
    }
    if (this.isOver) this.#end();
    this.#turn.resolve();
    this.#turn = Promise.withResolvers();
  }

  #add(id: number): QuicheStream {
    this.#known.add(id);
    return new QuicheStream(this, id);
  }

  #end(): void {
    const end = endOf(this.raw);
    this.#established.reject(new Error(`no handshake: ${JSON.stringify(end)}`));
    this.#incoming.close();
    this.#datagrams.close();
    this.#closed.resolve(end);
  }
}

/** A bidirectional stream. */
export class QuicheStream {
  readonly id: number;
  readonly #connection: QuicheConnection;
  #isRead = false;

  constructor(connection: QuicheConnection, id: number) {
    this.#connection = connection;
    this.id = id;
  }

  /**
   * The next bytes; null after the peer's end of stream.
   *
   * @throws {QuicheStreamError} when the peer reset it.
   */
  async read(): Promise<Uint8Array | null> {
    while (!this.#isRead) {
      // This quiche says nothing of an end that comes with bytes which it has handed out before (a
      // sender that repeats its last bytes adds the end to them), but knows of it when asked.
      const [length, isLast] = this.#attempt((raw) => raw.streamRecv(this.id, READ_BUFFER)) ??
        [0, this.#connection.raw.streamFinished(this.id)];
      this.#isRead = isLast;
      // The window may have moved: the peer must hear of it.
      this.#connection.flush();
      if (length > 0) return READ_BUFFER.slice(0, length);
      if (!isLast) await this.#connection.turn();
    }
    return null;
  }

  /** Everything up to the peer's end of stream. */
  async readAll(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for (let chunk = await this.read(); chunk !== null; chunk = await this.read()) {
      chunks.push(chunk);
    }
    return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  }

  /**
   * Writes all bytes; resolves when quiche has taken the last one.
   *
   * @param isLast Ends our direction with the last byte. There is no end without a byte: this quiche
   *   takes a stream for delivered once its bytes are, and does not repeat a lost end that came
   *   alone (its issue 2525).
   * @throws {QuicheStreamError} when the peer stopped reading.
   */
  async write(bytes: Uint8Array, isLast = false): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const rest = bytes.subarray(at);
      const taken = this.#attempt((raw) => raw.streamSend(this.id, rest, isLast)) ?? 0;
      at += taken;
      this.#connection.flush();
      if (at < bytes.length && taken === 0) await this.#connection.turn();
    }
  }

  /** Resets our direction (RFC 9000, section 19.4). */
  reset(code: number): void {
    this.#connection.raw.streamShutdown(this.id, quiche().Shutdown.Write, code);
    this.#connection.flush();
  }

  /** Asks the peer to end its direction (RFC 9000, section 19.5). */
  stop(code: number): void {
    this.#connection.raw.streamShutdown(this.id, quiche().Shutdown.Read, code);
    this.#connection.flush();
  }

  #attempt<T>(call: (raw: RawConnection) => T): T {
    try {
      return call(this.#connection.raw);
    } catch (error) {
      const said = /Stream(Reset|Stopped)\((\d+)\)/.exec(String(error));
      if (said === null) throw error;
      throw new QuicheStreamError(said[1] === "Reset" ? "reset" : "stopped", Number(said[2]));
    }
  }
}

function endOf(raw: RawConnection): QuicheEnd {
  const said = (kind: QuicheEnd["kind"], error: QuicheError): QuicheEnd => ({
    kind,
    isApp: error.isApp,
    errorCode: error.errorCode,
    reason: new TextDecoder().decode(Uint8Array.from(error.reason)),
  });
  const [theirs, ours] = [raw.peerError(), raw.localError()];
  if (theirs !== null) return said("remote", theirs);
  if (ours !== null) return said("local", ours);
  return { kind: "idle_timeout", isApp: false, errorCode: 0, reason: "" };
}
