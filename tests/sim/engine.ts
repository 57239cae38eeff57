// The engine of a process on a network of virtual time: it dials, accepts and ends. Nothing in it
// waits for real time, and a process that was killed says nothing any more.

import {
  BoundedQueue,
  type Carried,
  type CarriedLimit,
  type DialOptions,
  type Engine,
  type EngineNotice,
  type EngineStats,
  type ExtraSocket,
  type FlowForwarder,
  type Forwarder,
  PollenError,
  type Protocol,
  type RawPacket,
  type RelayedWay,
  type RelayLeg,
  type Session,
  type SocketAddress,
} from "../../lib/types/mod.ts";
import { NO_ENGINE_STATS } from "../support/no_engine.ts";
import type { Network } from "./network.ts";
import { routeTo, SimRelays } from "./relays.ts";
import { Connection, type SimSession } from "./session.ts";
import type { Process } from "./virtual_time.ts";

/** What a handshake takes in bytes: two certificates, and packets that are filled up. */
const HANDSHAKE_BYTES = 2_600;
/** Sessions that wait for a verdict. */
const SESSIONS_MAX = 256;
/** Packets that are not QUIC and wait to be taken; the oldest goes first. */
const RAW_MAX = 256;

export interface SimEngineOptions {
  readonly network: Network;
  readonly process: Process;
  readonly address: SocketAddress;
  readonly forwarder: Forwarder;
  readonly flows: FlowForwarder;
  /** It speaks the first version of each protocol and nothing newer. */
  readonly isOld: boolean;
  /** Sees each datagram that leaves. */
  readonly onDatagram?: (bytes: Uint8Array) => void;
}

export class SimEngine implements Engine {
  readonly process: Process;
  readonly localAddress: SocketAddress;
  readonly forwarder: Forwarder;
  readonly flows: FlowForwarder;
  readonly onDatagram: (bytes: Uint8Array) => void;
  readonly notices = new BoundedQueue<EngineNotice>(64);
  /** What left this process. */
  bytesSent = 0;
  messagesSent = 0;
  /** Packets beside sessions. */
  probesSent = 0;
  /** Dials that have not come to an end. */
  dials = 0;
  readonly relays: SimRelays;
  readonly #network: Network;
  readonly #isOld: boolean;
  readonly #accepted = new BoundedQueue<Session>(SESSIONS_MAX);
  readonly #raw = new BoundedQueue<RawPacket>(RAW_MAX);
  #protocols: readonly Protocol[] = [];
  #isClosed = false;

  constructor(options: SimEngineOptions) {
    const { network, process, address, forwarder, flows, isOld, onDatagram = () => {} } = options;
    this.#network = network;
    this.process = process;
    this.localAddress = address;
    this.forwarder = forwarder;
    this.flows = flows;
    this.#isOld = isOld;
    this.relays = new SimRelays(network, this);
    this.onDatagram = onDatagram;
    network.engines.set(address.ip, this);
  }

  get ip(): string {
    return this.localAddress.ip;
  }

  /** Sessions of this engine that have not ended. */
  get sessions(): SimSession[] {
    return [...this.#network.connections].flatMap(({ ends }) => ends)
      .filter((end) => end.engine === this && !end.isEnded);
  }

  sent(bytes: number): void {
    this.bytesSent += bytes;
    this.messagesSent++;
  }

  setProtocols(protocols: readonly Protocol[]): void {
    this.#protocols = this.#isOld ? protocols.filter(({ alpn }) => alpn.endsWith("/1")) : protocols;
  }

  dial(address: SocketAddress, options: DialOptions): Promise<Session> {
    const { time } = this.#network;
    const { promise, resolve, reject } = Promise.withResolvers<Session>();
    this.dials++;
    const settled = () => {
      this.dials--;
      cancelTimer();
      options.signal?.removeEventListener("abort", onAbort);
    };
    const fail = (code: "timeout" | "cancelled" | "unauthenticated", text: string) => {
      settled();
      reject(new PollenError(code, text));
    };
    let isOver = false;
    const once = (act: () => void) => () => {
      if (isOver) return;
      isOver = true;
      act();
    };
    const onAbort = once(() => fail("cancelled", "The dial was given up."));
    const onTimeout = once(() => fail("timeout", `${address.ip} does not answer.`));
    const cancelTimer = time.plan(options.timeoutMs, this.process, onTimeout);
    options.signal?.addEventListener("abort", onAbort, { once: true });
    if (options.signal?.aborted || this.#isClosed) onAbort();
    this.sent(HANDSHAKE_BYTES / 2);
    // There and back, as far as anybody answers; what is lost on the way is repeated.
    time.plan(2 * this.#network.reliableMs, this.process, () => {
      const there = routeTo(this.#network, this, address);
      const back = there === null ? null : routeTo(this.#network, there.engine, there.source);
      if (isOver || there === null || !there.isOpen() || !back?.isOpen()) return;
      const target = there.engine;
      if (!target.#answers) return;
      const connection = this.#shakeHands(target, address, there.source, options.alpn);
      once(() => {
        if (connection === null) return fail("unauthenticated", "No protocol in common.");
        settled();
        resolve(connection.ends[0]);
      })();
      if (connection === null) return;
      const [, far] = connection.ends;
      time.plan(this.#network.reliableMs, target.process, () => {
        if (!far.isEnded && !target.#accepted.push(far)) far.close("overloaded");
      });
    });
    return promise;
  }

  get #answers(): boolean {
    return this.process.isRunning && !this.#isClosed;
  }

  #shakeHands(
    target: SimEngine,
    address: SocketAddress,
    source: SocketAddress,
    wanted: string,
  ): Connection | null {
    const alpn = this.#isOld ? wanted.replace("/2", "/1") : wanted;
    const ours = this.#protocols.find((protocol) => protocol.alpn === alpn);
    if (ours === undefined) return null;
    const offered = [alpn, ours.fallback];
    const theirs = target.#protocols.find((protocol) =>
      protocol.serve && offered.includes(protocol.alpn)
    );
    if (theirs === undefined) return null;
    target.sent(HANDSHAKE_BYTES);
    this.sent(HANDSHAKE_BYTES / 2);
    const { headBytes } = theirs;
    return new Connection(
      this.#network,
      theirs.alpn,
      { engine: this, address: source, certificate: ours.identity.certificate, headBytes },
      { engine: target, address, certificate: theirs.identity.certificate, headBytes },
    );
  }

  accept(): Promise<Session | null> {
    return this.#accepted.next();
  }

  nextNotice(): Promise<EngineNotice | null> {
    return this.notices.next();
  }

  setGatekeeper(): void {}

  sendRaw(to: SocketAddress, bytes: Uint8Array): void {
    this.bytesSent += bytes.length;
    this.probesSent++;
    const route = routeTo(this.#network, this, to);
    if (route === null || this.process.isDead) return;
    const packet: RawPacket = { from: route.source, bytes };
    this.#network.drop(route, () => void route.engine.#raw.pushDroppingOldest(packet));
  }

  receiveRaw(): Promise<RawPacket | null> {
    return this.#raw.next();
  }

  openSocket(): Promise<ExtraSocket> {
    return Promise.reject(new PollenError("unsupported", "There is one socket here."));
  }

  openRelay(leg: RelayLeg): RelayedWay {
    return this.relays.open(leg);
  }

  carry(a: RelayLeg, b: RelayLeg, limit: CarriedLimit): Carried {
    return this.relays.carry(a, b, limit);
  }

  stats(): EngineStats {
    return NO_ENGINE_STATS;
  }

  close(reason: string): Promise<void> {
    if (this.#isClosed || this.process.isDead) return Promise.resolve();
    this.#isClosed = true;
    for (const session of this.sessions) session.close(reason);
    this.#accepted.close();
    this.notices.close();
    this.#raw.close();
    if (this.#network.engines.get(this.ip) === this) this.#network.engines.delete(this.ip);
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close("");
  }
}
