// QUIC sessions and streams as far as the mesh uses them, over a network of virtual time: an engine
// without packets, with what it promises (lib/types/engine.ts).

import {
  ALPN_MEMBER_2,
  BoundedQueue,
  type DatagramOutcome,
  PollenError,
  type Session,
  type SessionEnd,
  type SessionStats,
  type SocketAddress,
  type Stream,
} from "../../lib/types/mod.ts";
import type { SimEngine } from "./engine.ts";
import { type Network, Pipe } from "./network.ts";
import { isSame, type Route, routeTo } from "./relays.ts";

/** What fits a packet of the size that every path takes. */
const DATAGRAM_BYTES = 1_160;
/** Datagrams that wait to be taken; the oldest goes first. */
const DATAGRAMS_MAX = 256;
/** Streams of a peer that wait to be taken. */
const STREAMS_MAX = 256;
/** Bytes that may be on their way or unread on one stream. */
const WINDOW_BYTES = 65_536;
/** Addresses that packets came from unexpectedly and that wait to be looked at. */
const STRAYS_MAX = 8;
/** What goes around a message in packets. */
const PACKET_BYTES = 60;

/** Two ends of one session. */
export class Connection {
  readonly ends: readonly [SimSession, SimSession];
  readonly secret: Uint8Array;

  constructor(
    readonly network: Network,
    readonly alpn: string,
    dialler: End,
    dialled: End,
  ) {
    this.secret = network.seeded.bytes(32);
    const one = new SimSession(this, dialler, dialled, false);
    const other = new SimSession(this, dialled, dialler, true);
    one.other = other;
    other.other = one;
    this.ends = [one, other];
    network.connections.add(this);
  }
}

/** What one side brings into a session. */
export interface End {
  readonly engine: SimEngine;
  /** Where the other side sees it. */
  readonly address: SocketAddress;
  readonly certificate: Uint8Array;
  readonly headBytes: number;
}

let lastId = 0;

export class SimSession implements Session {
  readonly id = ++lastId;
  readonly alpn: string;
  readonly engine: SimEngine;
  remoteAddress: SocketAddress;
  readonly secret: Uint8Array;
  readonly peerCertificate: Uint8Array;
  readonly closed: Promise<SessionEnd>;
  other!: SimSession;
  heardAtMs: number;
  isEnded = false;
  #bytesSent = 0;
  #bytesReceived = 0;
  readonly #network: Network;
  readonly #headBytes: number;
  readonly #pipe: Pipe;
  readonly #ended = Promise.withResolvers<SessionEnd>();
  readonly #datagrams = new BoundedQueue<Uint8Array>(DATAGRAMS_MAX);
  readonly #incoming = new BoundedQueue<Stream>(STREAMS_MAX);
  readonly #strays = new BoundedQueue<SocketAddress>(STRAYS_MAX);
  readonly #streams = new Set<SimStream>();
  #idlers: { readonly streams: number; resolve(): void }[] = [];

  constructor(
    { network, alpn, secret }: Connection,
    local: End,
    remote: End,
    readonly inbound: boolean,
  ) {
    this.#network = network;
    this.alpn = alpn;
    this.secret = secret;
    this.engine = local.engine;
    this.remoteAddress = remote.address;
    this.peerCertificate = remote.certificate;
    this.closed = this.#ended.promise;
    this.heardAtMs = network.time.nowMs;
    this.#headBytes = local.headBytes;
    this.#pipe = new Pipe(network, this);
  }

  admit(): void {}

  sendDatagram(bytes: Uint8Array): DatagramOutcome {
    if (this.isEnded) return "closed";
    if (bytes.length > DATAGRAM_BYTES) return "too_large";
    this.#sent(bytes.length);
    this.engine.onDatagram(bytes);
    const { other, route } = this;
    if (route?.engine !== other.engine) return "sent";
    this.#network.drop(route, () => {
      if (other.isEnded) return;
      other.#bytesReceived += bytes.length;
      other.#datagrams.pushDroppingOldest(bytes);
    });
    return "sent";
  }

  /** Where its packets go. */
  get route(): Route | null {
    return routeTo(this.#network, this.engine, this.remoteAddress);
  }

  /** Whether its packets reach the other end. */
  get reaches(): boolean {
    const { route } = this;
    return route !== null && route.engine === this.other.engine && route.isOpen();
  }

  /** Whether packets go both ways. */
  get isOpen(): boolean {
    return this.reaches && this.other.reaches;
  }

  /** Something of the other end arrived. */
  heard(): void {
    const source = this.other.route?.source;
    if (source !== undefined && !isSame(source, this.remoteAddress)) {
      this.#strays.pushDroppingOldest(source);
    }
  }

  /** It sends something again, because nothing answers. */
  repeated(): void {
    this.#sent(1);
  }

  receiveDatagram(): Promise<Uint8Array | null> {
    return this.#datagrams.next();
  }

  openStream(): Promise<Stream> {
    if (this.isEnded) return Promise.reject(closedError());
    const stream = new SimStream(this, 0);
    const far = new SimStream(this.other, this.other.#headBytes);
    stream.far = far;
    far.far = stream;
    this.#streams.add(stream);
    this.transfer(0, () => this.other.#streams.add(far));
    return Promise.resolve(stream);
  }

  acceptStream(): Promise<Stream | null> {
    return this.#incoming.next();
  }

  untilUnused(streams = 0): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idlers.push({ streams, resolve });
    this.vacated();
    return promise;
  }

  /** A direction of one of its streams is over, or it has ended. */
  vacated(): void {
    const busy = [...this.#streams].filter(({ isSettled }) => !isSettled).length;
    for (const { streams, resolve } of this.#idlers) {
      if (this.isEnded || busy <= streams) resolve();
    }
  }

  /** The head of a stream of the peer is complete. */
  announce(stream: SimStream): void {
    this.#incoming.push(stream);
  }

  /** Makes something happen at the other end, after all that was sent before. */
  transfer(bytes: number, arrive: () => void): void {
    if (this.isEnded) return;
    if (bytes > 0) this.#sent(bytes);
    this.#pipe.push(() => {
      if (this.other.isEnded) return;
      this.other.#bytesReceived += bytes;
      this.other.heard();
      arrive();
    });
  }

  /** The other end acknowledges what it got. */
  acknowledged(): void {
    this.#bytesReceived++;
  }

  stats(): SessionStats {
    const [bytesSent, bytesReceived] = [this.#bytesSent, this.#bytesReceived];
    return {
      rttMs: 2 * this.#network.weather.latencyMs,
      datagramBytesMax: DATAGRAM_BYTES,
      bytesSent,
      bytesReceived,
      packetsSent: 0,
      packetsLost: 0,
    };
  }

  setPath(address: SocketAddress): void {
    if (this.alpn === ALPN_MEMBER_2) this.remoteAddress = address;
  }

  nextStray(): Promise<SocketAddress | null> {
    return this.#strays.next();
  }

  #sent(bytes: number): void {
    this.#bytesSent += bytes;
    this.engine.sent(bytes + PACKET_BYTES);
  }

  close(reason: string, errorCode = 0): void {
    if (this.isEnded || this.engine.process.isDead) return;
    this.end({ kind: "local", errorCode, reason });
    this.engine.sent(PACKET_BYTES);
    const { other } = this;
    // It is told several times within a third of a second, and then no more.
    this.#network.time.plan(this.#network.reliableMs, other.engine.process, () => {
      if (!this.reaches) return;
      other.end({ kind: "remote", errorCode, reason });
    });
  }

  end(end: SessionEnd): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.#pipe.isClosed = true;
    this.#datagrams.close();
    this.#incoming.close();
    this.#strays.close();
    for (const stream of this.#streams) stream.fail("closed");
    this.vacated();
    this.#ended.resolve(end);
  }
}

export class SimStream implements Stream {
  readonly session: SimSession;
  far!: SimStream;
  #head: number[] = [];
  #isAnnounced: boolean;
  readonly #headBytes: number;
  #unread: Uint8Array[] = [];
  /** Ours, on their way or unread at the other end. */
  #outstanding = 0;
  #failure: "reset" | "closed" | null = null;
  #isFinished = false;
  #isOver = false;
  #wakeReader = () => {};
  #wakeWriter: (() => void) | null = null;

  constructor(session: SimSession, headBytes: number) {
    this.session = session;
    this.#headBytes = headBytes;
    this.#isAnnounced = headBytes === 0;
  }

  get head(): Uint8Array {
    return Uint8Array.from(this.#head);
  }

  /** Whether both of its directions are over. */
  get isSettled(): boolean {
    return this.#failure !== null || (this.#isOver && this.#isFinished);
  }

  async read(): Promise<Uint8Array | null> {
    while (true) {
      this.#check();
      const bytes = this.#unread.shift();
      if (bytes !== undefined) {
        this.far.#release(bytes.length);
        return bytes;
      }
      if (this.#isFinished) return null;
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#check();
    this.#outstanding += bytes.length;
    this.session.transfer(bytes.length, () => this.far.#receive(bytes));
    while (this.#outstanding > WINDOW_BYTES) {
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
      this.#check();
    }
  }

  finish(): void {
    if (this.#isOver || this.#failure !== null) return;
    this.#isOver = true;
    this.session.transfer(1, () => {
      this.far.#isFinished = true;
      this.far.#wakeReader();
      this.far.session.vacated();
    });
    this.session.vacated();
  }

  abort(): void {
    if (this.#failure !== null) return;
    this.session.transfer(1, () => this.far.fail("reset"));
    this.fail("reset");
  }

  fail(failure: "reset" | "closed"): void {
    this.#failure ??= failure;
    this.session.vacated();
    this.#wakeReader();
    this.#wakeWriter?.();
  }

  #receive(bytes: Uint8Array): void {
    let rest = bytes;
    if (!this.#isAnnounced) {
      const missing = this.#headBytes - this.#head.length;
      this.#head.push(...bytes.subarray(0, missing));
      rest = bytes.subarray(missing);
      this.far.#outstanding -= bytes.length - rest.length;
      if (this.#head.length < this.#headBytes) return;
      this.#isAnnounced = true;
      this.session.announce(this);
    }
    if (rest.length > 0) this.#unread.push(rest);
    this.#wakeReader();
  }

  /** The other end has read so much; a writer who waits hears of it as soon as packets take. */
  #release(bytes: number): void {
    this.#outstanding -= bytes;
    if (this.#wakeWriter === null || this.#outstanding > WINDOW_BYTES) return;
    this.far.session.transfer(1, () => {
      this.#wakeWriter?.();
      this.#wakeWriter = null;
    });
  }

  #check(): void {
    if (this.#failure === null) return;
    throw new PollenError(this.#failure, "The stream is over.");
  }
}

function closedError(): PollenError {
  return new PollenError("closed", "The session is over.");
}
