// The engine's door: turns the library's events into sessions, streams and ends, and the port's
// calls into commands. It decides nothing and keeps no byte of a tunnel.

import {
  type AttemptVerdict,
  BoundedQueue,
  type Carried,
  type CarriedLimit,
  CLOSE_REASON_BYTES_MAX,
  type ConnectionAttempt,
  DIAL_TIMEOUT_MS_MAX,
  type DialOptions,
  type Engine,
  type EngineNotice,
  type EngineStats,
  type ExtraSocket,
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
  showAddress,
  type SocketAddress,
} from "../types/mod.ts";
import { QuicFlows } from "./flows.ts";
import { QuicForwarder } from "./forwarder.ts";
import { type EngineOptions, NativeEngine } from "./native_engine.ts";
import {
  concat,
  encodeAddress,
  encodeText,
  EventKind,
  type EventRecord,
  FAULT_KINDS,
  Operation,
  PayloadReader,
  printable,
} from "./records.ts";
import { Relays } from "./relays.ts";
import { QuicSession } from "./session.ts";
import { ExtraSockets } from "./sockets.ts";
import type { QuicStream } from "./stream.ts";

/** The numbers of verdicts as the library knows them; 0 leaves it to the library. */
const VERDICTS: Readonly<Record<AttemptVerdict, number>> = {
  take: 1,
  retry: 2,
  refuse: 3,
  drop: 4,
};

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

/** A dial that was not answered yet. */
interface Dial {
  readonly address: SocketAddress;
  readonly timeoutMs: number;
  resolve(session: Session): void;
  reject(error: PollenError): void;
}

export class QuicEngine implements Engine {
  readonly localAddress: SocketAddress;
  readonly forwarder: QuicForwarder;
  readonly flows: QuicFlows;
  readonly #native: NativeEngine;
  readonly #sessions = new Map<number, QuicSession>();
  readonly #streams = new Map<number, QuicStream>();
  readonly #dials = new Map<number, Dial>();
  readonly #sockets: ExtraSockets;
  readonly #relays: Relays;
  readonly #incoming = new BoundedQueue<QuicSession>(SESSIONS_WAITING_MAX);
  readonly #notices = new BoundedQueue<EngineNotice>(NOTICES_WAITING_MAX);
  readonly #raw = new BoundedQueue<RawPacket>(RAW_PACKETS_WAITING_MAX);
  readonly #ended: Promise<void>;
  #alpns: ReadonlySet<string>;
  #decide: ((attempt: ConnectionAttempt) => AttemptVerdict) | null = null;
  #lastSessionId = 0;
  #isClosing = false;
  #lastStats: EngineStats;

  private constructor(native: NativeEngine, protocols: readonly Protocol[]) {
    this.#native = native;
    this.localAddress = native.localAddress;
    this.forwarder = new QuicForwarder(native);
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
    return new QuicEngine(NativeEngine.open(options), options.protocols);
  }

  setProtocols(protocols: readonly Protocol[]): void {
    this.#native.setProtocols(protocols);
    this.#alpns = new Set(protocols.map(({ alpn }) => alpn));
  }

  setGatekeeper(decide: ((attempt: ConnectionAttempt) => AttemptVerdict) | null): void {
    this.#decide = decide;
    this.#native.command(Operation.keepGate, { a: decide === null ? 0 : 1 });
  }

  // deno-lint-ignore require-await
  async dial(address: SocketAddress, options: DialOptions): Promise<Session> {
    const { alpn, timeoutMs, signal } = options;
    if (this.#isClosing) throw engineClosed();
    if (signal?.aborted) throw dialCancelled(address);
    if (!this.#alpns.has(alpn)) {
      throw new PollenError("invalid_argument", `The engine does not speak "${alpn}".`);
    }
    if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > DIAL_TIMEOUT_MS_MAX) {
      throw new PollenError("invalid_argument", "The time for a dial is 1 to 60,000 ms.");
    }
    const tag = this.#native.nextTag();
    const bytes = concat([encodeAddress(address), encodeText(alpn)]);
    this.#native.command(Operation.dial, { a: timeoutMs, b: tag, bytes });
    const { promise, resolve, reject } = Promise.withResolvers<Session>();
    const cancel = () => {
      this.#dials.delete(tag);
      this.#native.command(Operation.cancelDial, { b: tag });
      reject(dialCancelled(address));
    };
    signal?.addEventListener("abort", cancel, { once: true });
    this.#dials.set(tag, {
      address,
      timeoutMs,
      resolve(session) {
        signal?.removeEventListener("abort", cancel);
        resolve(session);
      },
      reject(error) {
        signal?.removeEventListener("abort", cancel);
        reject(error);
      },
    });
    return promise;
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
    for (const dial of this.#dials.values()) dial.reject(engineClosed());
    this.#dials.clear();
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
        return this.#dialFailed(record);
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
        return this.#attempted(record);
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

  #attempted({ handle, x, y, payload }: EventRecord): void {
    const attempt = {
      address: new PayloadReader(payload).address(),
      isAddressProved: x !== 0,
      openHandshakes: y,
    };
    this.#native.command(Operation.answerAttempt, { a: handle, b: this.#judge(attempt) });
  }

  #judge(attempt: ConnectionAttempt): number {
    try {
      return this.#decide === null ? 0 : VERDICTS[this.#decide(attempt)];
    } catch {
      // A defect of the gatekeeper must not end the engine; its own rule holds.
      return 0;
    }
  }

  #sessionUp({ handle, tag, x, y, payload }: EventRecord): void {
    const reader = new PayloadReader(payload);
    const remoteAddress = reader.address();
    const session = new QuicSession(this.#native, this.#streams, {
      id: ++this.#lastSessionId,
      handle,
      inbound: x !== 0,
      remoteAddress,
      alpn: new TextDecoder().decode(reader.bytes(y)),
      secret: reader.bytes(SECRET_BYTES),
      peerCertificate: reader.rest(),
    });
    this.#sessions.set(handle, session);
    if (session.inbound) {
      if (!this.#incoming.push(session)) session.close("too many sessions wait");
      return;
    }
    const dial = this.#dials.get(tag);
    // Nobody awaits a dial that was cancelled.
    if (dial === undefined) return session.close("");
    this.#dials.delete(tag);
    dial.resolve(session);
  }

  #dialFailed({ tag, x, payload }: EventRecord): void {
    const dial = this.#dials.get(tag);
    if (dial === undefined) return;
    this.#dials.delete(tag);
    dial.reject(dialError(dial, x, new PayloadReader(payload).text()));
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

function engineClosed(): PollenError {
  return new PollenError("closed", "The engine is closed.");
}

function dialCancelled(address: SocketAddress): PollenError {
  return new PollenError("cancelled", `Dialling ${showAddress(address)} was cancelled.`);
}

function dialError(dial: Dial, code: number, said: string): PollenError {
  const peer = showAddress(dial.address);
  const reason = said === "" ? "" : `: ${printable(said)}`;
  switch (code) {
    case 1:
      return new PollenError("timeout", `${peer} did not answer within ${dial.timeoutMs} ms.`);
    case 2:
      return new PollenError("unreachable", `${peer} cannot be reached${reason}.`);
    case 3:
      return new PollenError("refused", `${peer} refused the connection${reason}.`);
    case 4:
      return new PollenError("unauthenticated", `The handshake with ${peer} failed${reason}.`);
    case 5:
      return new PollenError("exhausted", "The engine has too many sessions.");
    default:
      return engineClosed();
  }
}
