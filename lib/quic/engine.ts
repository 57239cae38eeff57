// The engine's door: turns the library's events into sessions, streams and ends, and the port's
// calls into commands. It decides nothing and keeps no byte of a tunnel.

import {
  type AttemptVerdict,
  BoundedQueue,
  type Carried,
  type CarriedLimit,
  CLOSE_REASON_BYTES_MAX,
  type ConnectionAttempt,
  type DialOptions,
  type Engine,
  type EngineNotice,
  type EngineStats,
  type ExtraSocket,
  type LimitCounter,
  type LimitName,
  NOTICES_WAITING_MAX,
  PollenError,
  type Protocol,
  RAW_PACKETS_WAITING_MAX,
  type RawPacket,
  type RelayedWay,
  type RelayLeg,
  type Session,
  type SessionEnd,
  SESSIONS_WAITING_MAX,
  type SocketAddress,
  uncounted,
} from "../types/mod.ts";
import { Dials } from "./dials.ts";
import { engineClosed } from "./errors.ts";
import { QuicFlows } from "./flows.ts";
import { QuicForwarder } from "./forwarder.ts";
import { Gate } from "./gate.ts";
import type { EngineOptions } from "./engine_options.ts";
import { NativeEngine } from "./native_engine.ts";
import {
  concat,
  encodeAddress,
  encodeText,
  EventKind,
  type EventRecord,
  FAULT_KINDS,
  Operation,
  PayloadReader,
} from "./records.ts";
import { Relays } from "./relays.ts";
import { QuicSession } from "./session.ts";
import { ExtraSockets } from "./sockets.ts";
import type { QuicStream } from "./stream.ts";

const END_KINDS: readonly SessionEnd["kind"][] = [
  "protocol_error",
  "local",
  "remote",
  "idle_timeout",
  "stateless_reset",
  "protocol_error",
];

/** Bytes of the secret that the ends of a session share. */
const SECRET_BYTES = 32;

export class QuicEngine implements Engine {
  readonly localAddress: SocketAddress;
  readonly forwarder: QuicForwarder;
  readonly flows: QuicFlows;
  readonly #native: NativeEngine;
  readonly #sessions = new Map<number, QuicSession>();
  readonly #streams = new Map<number, QuicStream>();
  readonly #gate: Gate;
  readonly #dials: Dials;
  readonly #sockets: ExtraSockets;
  readonly #relays: Relays;
  readonly #limits: LimitCounter;
  readonly #incoming: BoundedQueue<QuicSession>;
  readonly #notices: BoundedQueue<EngineNotice>;
  readonly #raw: BoundedQueue<RawPacket>;
  readonly #ended: Promise<void>;
  #alpns: ReadonlySet<string>;
  #lastSessionId = 0;
  #isClosing = false;
  #lastStats: EngineStats;

  private constructor(
    native: NativeEngine,
    { protocols, limits = uncounted }: Pick<EngineOptions, "protocols" | "limits">,
  ) {
    this.#native = native;
    this.#limits = limits;
    const of = (limit: LimitName) => () => limits.count(limit);
    this.#incoming = new BoundedQueue(SESSIONS_WAITING_MAX, of("sessions_waiting"));
    this.#notices = new BoundedQueue(NOTICES_WAITING_MAX, of("notices_waiting"));
    this.#raw = new BoundedQueue(RAW_PACKETS_WAITING_MAX, of("raw_packets_waiting"));
    this.localAddress = native.localAddress;
    this.forwarder = new QuicForwarder(native);
    this.#gate = new Gate(native);
    this.#dials = new Dials(native);
    this.#sockets = new ExtraSockets(native);
    this.#relays = new Relays(native);
    this.flows = new QuicFlows(native);
    this.#alpns = new Set(protocols.map(({ alpn }) => alpn));
    this.#lastStats = native.stats();
    this.#ended = this.#run();
  }

  /** See `openEngine`. */
  // deno-lint-ignore require-await
  static async open(options: EngineOptions): Promise<QuicEngine> {
    return new QuicEngine(NativeEngine.open(options), options);
  }

  setProtocols(protocols: readonly Protocol[]): void {
    this.#native.setProtocols(protocols);
    this.#alpns = new Set(protocols.map(({ alpn }) => alpn));
  }

  setGatekeeper(decide: ((attempt: ConnectionAttempt) => AttemptVerdict) | null): void {
    this.#gate.keep(decide);
  }

  // deno-lint-ignore require-await
  async dial(address: SocketAddress, options: DialOptions): Promise<Session> {
    if (this.#isClosing) throw engineClosed();
    if (!this.#alpns.has(options.alpn)) {
      throw new PollenError("invalid_argument", `The engine does not speak "${options.alpn}".`);
    }
    return this.#dials.dial(address, options);
  }

  async accept(): Promise<Session | null> {
    while (true) {
      const session = await this.#incoming.next();
      if (session === null) return null;
      this.#native.command(Operation.takeSession, { a: session.handle });
      // One that ended while it waited is nothing to look at any more.
      if (!session.hasEnded) return session;
    }
  }

  sendRaw(to: SocketAddress, bytes: Uint8Array): void {
    this.#native.command(Operation.sendRaw, { bytes: concat([encodeAddress(to), bytes]) });
  }

  receiveRaw(): Promise<RawPacket | null> {
    return this.#raw.next();
  }

  openSocket(): Promise<ExtraSocket> {
    return this.#isClosing ? Promise.reject(engineClosed()) : this.#sockets.open();
  }

  openRelay(leg: RelayLeg): RelayedWay {
    if (this.#isClosing) throw engineClosed();
    return this.#relays.open(leg);
  }

  carry(a: RelayLeg, b: RelayLeg, limit: CarriedLimit): Carried {
    if (this.#isClosing) throw engineClosed();
    return this.#relays.carry(a, b, limit);
  }

  nextNotice(): Promise<EngineNotice | null> {
    return this.#notices.next();
  }

  stats(): EngineStats {
    if (!this.#isClosing) this.#lastStats = this.#native.stats();
    return this.#lastStats;
  }

  close(reason: string): Promise<void> {
    if (!this.#isClosing) {
      this.stats();
      this.#isClosing = true;
      const bytes = encodeText(reason).subarray(0, CLOSE_REASON_BYTES_MAX);
      this.#native.command(Operation.shutdown, { bytes });
    }
    return this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close("");
  }

  /** Delivers events until the library's thread is gone, then frees it. */
  async #run(): Promise<void> {
    let failed = false;
    await this.#native.pump((record) => {
      if (record.kind === EventKind.closed) {
        failed = record.x !== 0;
        return "last";
      }
      this.#deliver(record);
      return "more";
    });
    this.#isClosing = true;
    this.#native.free();
    const reason = failed ? "The engine failed." : "";
    for (const session of [...this.#sessions.values()]) {
      this.#endSession(session, { kind: "local", errorCode: 0, reason });
    }
    this.#dials.end();
    this.#sockets.end(engineClosed());
    this.forwarder.end();
    this.flows.end();
    this.#incoming.drain();
    this.#raw.drain();
    this.#notices.drain();
  }

  #deliver(record: EventRecord): void {
    const { kind, handle, tag, x, payload } = record;
    switch (kind) {
      case EventKind.sessionUp:
        return this.#sessionUp(record);
      case EventKind.dialFailed:
        return this.#dials.failed(record);
      case EventKind.sessionEnded:
        return this.#sessionEnded(record);
      case EventKind.sessionStray:
        return this.#sessions.get(handle)?.strayed(new PayloadReader(payload).address());
      case EventKind.datagram:
        return this.#sessions.get(handle)?.receivedDatagram(payload);
      case EventKind.streamOpened:
        return this.#sessions.get(handle)?.opened(tag, x);
      case EventKind.openFailed:
        return this.#sessions.get(handle)?.openFailed(tag);
      case EventKind.streamIncoming:
        return this.#sessions.get(handle)?.receivedStream(x, payload);
      case EventKind.streamData:
        return this.#streams.get(handle)?.received(payload);
      case EventKind.streamFinished:
        return this.#streams.get(handle)?.receivedEnd();
      case EventKind.streamReset:
        return this.#streams.get(handle)?.receivedReset(new PayloadReader(payload).number());
      case EventKind.streamStopped:
        return this.#streams.get(handle)?.receivedStop(new PayloadReader(payload).number());
      case EventKind.streamWritable:
        return this.#streams.get(handle)?.receivedCredit(x);
      case EventKind.raw: {
        const reader = new PayloadReader(payload);
        this.#raw.pushDroppingOldest({ from: reader.address(), bytes: reader.rest() });
        return;
      }
      case EventKind.socketOpened:
        return this.#sockets.opened(record);
      case EventKind.socketFailed:
        return this.#sockets.failed(record);
      case EventKind.listening:
        return this.forwarder.listening(record);
      case EventKind.listenFailed:
        return this.forwarder.listenFailed(record);
      case EventKind.tcpAccepted:
        return this.forwarder.accepted(record);
      case EventKind.bridgeEnded:
        return this.forwarder.bridgeEnded(record);
      case EventKind.bridgeBegan:
        return this.forwarder.bridgeBegan(record, this.#sessions.get(handle));
      case EventKind.ruleRefused:
        return this.forwarder.ruleRefused(record);
      case EventKind.ruleWithdrawn:
        return this.forwarder.ruleWithdrawn(record);
      case EventKind.flowsListening:
        return this.flows.listening(record);
      case EventKind.flowsFailed:
        return this.flows.listenFailed(record);
      case EventKind.attempt:
        return this.#gate.attempted(record);
      case EventKind.resumed:
        this.#notices.pushDroppingOldest({ kind: "resumed", sleptMs: x });
        return;
      case EventKind.fault: {
        const reader = new PayloadReader(payload);
        const [count, reason] = [reader.number(), reader.text()];
        const fault = FAULT_KINDS[x - 1] ?? "other";
        this.#notices.pushDroppingOldest({ kind: "fault", fault, count, reason });
        return;
      }
    }
  }

  #sessionUp({ handle, tag, x, y, payload }: EventRecord): void {
    const reader = new PayloadReader(payload);
    const remoteAddress = reader.address();
    const facts = {
      id: ++this.#lastSessionId,
      handle,
      inbound: x !== 0,
      remoteAddress,
      alpn: new TextDecoder().decode(reader.bytes(y)),
      secret: reader.bytes(SECRET_BYTES),
      peerCertificate: reader.rest(),
    };
    const session = new QuicSession(this.#native, this.#streams, facts, this.#limits);
    this.#sessions.set(handle, session);
    if (session.inbound) {
      if (!this.#incoming.push(session)) session.close("too many sessions wait");
      return;
    }
    // Nobody awaits a dial that was cancelled.
    if (!this.#dials.succeeded(tag, session)) session.close("");
  }

  #sessionEnded({ handle, x, payload }: EventRecord): void {
    const session = this.#sessions.get(handle);
    if (session === undefined) return;
    const reader = new PayloadReader(payload);
    const kind = END_KINDS[x] ?? "protocol_error";
    this.#endSession(session, { kind, errorCode: reader.number(), reason: reader.text() });
  }

  #endSession(session: QuicSession, end: SessionEnd): void {
    this.#sessions.delete(session.handle);
    this.#relays.sessionEnded(session);
    session.end(end);
  }
}
