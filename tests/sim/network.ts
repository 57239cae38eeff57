// The network between the machines of a run: which ways are open, how long packets take, which get
// lost, come twice or come late. Ways are cut by direction.

import type { Seeded } from "../support/seeded.ts";
import type { SimEngine } from "./engine.ts";
import { type Route, routeTo } from "./relays.ts";
import type { Connection, SimSession } from "./session.ts";
import type { VirtualTime } from "./virtual_time.ts";

/** What the network does to packets. Shares are of 1. */
export interface Weather {
  /** One way, in milliseconds. */
  readonly latencyMs: number;
  /** Each packet takes up to so much longer. */
  readonly jitterMs: number;
  readonly loss: number;
  readonly duplication: number;
  /** Datagrams that come up to a second late. */
  readonly delay: number;
}

export const FINE: Weather = { latencyMs: 20, jitterMs: 2, loss: 0, duplication: 0, delay: 0 };

/** QUIC's, as the engine has it. */
const IDLE_TIMEOUT_MS = 30_000;
/** How often it is looked at who hears whom. */
const LOOK_MS = 1_000;
/** A session is written on every 10 s at least: so many looks until a lost one is told. */
const LOOKS_PER_RESET = 5;
/** Between two attempts to get something through that has to arrive. */
const REPEAT_MS = 500;

export class Network {
  weather: Weather = FINE;
  /** By IP address: a process that listens there. */
  readonly engines = new Map<string, SimEngine>();
  readonly connections = new Set<Connection>();
  readonly #cut = new Set<string>();

  constructor(readonly time: VirtualTime, readonly seeded: Seeded) {
    this.#look();
  }

  /** Cuts the way in this one direction. */
  cut(from: string, to: string): void {
    this.#cut.add(`${from}>${to}`);
  }

  mend(from: string, to: string): void {
    this.#cut.delete(`${from}>${to}`);
  }

  mendAll(): void {
    this.#cut.clear();
  }

  isOpen(from: string, to: string): boolean {
    return !this.#cut.has(`${from}>${to}`);
  }

  happens(share: number): boolean {
    return share > 0 && this.seeded.next() / 2 ** 32 < share;
  }

  /** How long a packet takes now. */
  get latencyMs(): number {
    const { latencyMs, jitterMs } = this.weather;
    return latencyMs + this.seeded.draw(jitterMs + 1);
  }

  /** How long something takes that is repeated until it arrives. */
  get reliableMs(): number {
    let ms = this.latencyMs;
    for (let times = 0; times < 8 && this.happens(this.weather.loss); times++) {
      ms += 3 * this.weather.latencyMs;
    }
    return ms;
  }

  /** A datagram that may get lost: `arrive` is called as often as it arrives. */
  drop(route: Route, arrive: () => void): void {
    const { loss, duplication, delay } = this.weather;
    const copies = this.happens(duplication) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.happens(loss) || !route.isOpen()) continue;
      const late = this.happens(delay) ? this.seeded.draw(1_000) : 0;
      this.time.plan(this.latencyMs + late, route.engine.process, () => {
        if (route.isOpen()) arrive();
      });
    }
  }

  /** Sessions whose other end is silent come to an end, as QUIC would end them. */
  #look(): void {
    for (const connection of this.connections) {
      for (const end of connection.ends) {
        if (end.isEnded || !end.engine.process.isRunning) continue;
        const { other } = end;
        const isAnswered = end.isOpen;
        const there = end.route;
        const listener = there?.engine;
        const isForgotten = other.engine !== listener || other.isEnded;
        if (
          isForgotten && there?.isOpen() && listener?.process.isRunning &&
          routeTo(this, there.engine, there.source)?.isOpen() &&
          this.seeded.draw(LOOKS_PER_RESET) === 0
        ) {
          end.end({ kind: "stateless_reset", errorCode: 0, reason: "" });
          continue;
        }
        const isHeard = !other.isEnded && other.engine.process.isRunning && other.reaches;
        if (isHeard && isAnswered) end.acknowledged();
        if (isHeard) {
          end.heardAtMs = this.time.nowMs;
          end.heard();
        } else if (this.time.nowMs - end.heardAtMs > IDLE_TIMEOUT_MS) {
          end.end({ kind: "idle_timeout", errorCode: 0, reason: "" });
        }
      }
      if (connection.ends.every((end) => end.isEnded || end.engine.process.isDead)) {
        this.connections.delete(connection);
      }
    }
    this.time.plan(LOOK_MS, null, () => this.#look());
  }
}

/** One direction of a session, in which everything arrives, in order, once the way is open. */
export class Pipe {
  readonly #network: Network;
  readonly #session: SimSession;
  readonly #waiting: { readonly atMs: number; readonly arrive: () => void }[] = [];
  #isPumping = false;
  isClosed = false;

  constructor(network: Network, session: SimSession) {
    this.#network = network;
    this.#session = session;
  }

  push(arrive: () => void): void {
    if (this.isClosed || this.#session.engine.process.isDead) return;
    const { time, reliableMs } = this.#network;
    const atMs = Math.max(time.nowMs + reliableMs, this.#waiting.at(-1)?.atMs ?? 0);
    this.#waiting.push({ atMs, arrive });
    if (!this.#isPumping) this.#pump(atMs - time.nowMs);
  }

  #pump(delayMs: number): void {
    this.#isPumping = true;
    const { time } = this.#network;
    const session = this.#session;
    time.plan(delayMs, session.other.engine.process, () => {
      this.#isPumping = false;
      if (this.isClosed || session.engine.process.isDead) return;
      if (!session.isOpen) {
        if (session.engine.process.isRunning) session.repeated();
        return this.#pump(REPEAT_MS);
      }
      // Whoever writes answers in the same step would find this pipe as it will be afterwards.
      while (this.#waiting.length > 0 && this.#waiting[0]!.atMs <= time.nowMs) {
        this.#waiting.shift()!.arrive();
      }
      if (this.#waiting.length > 0 && !this.#isPumping) {
        this.#pump(this.#waiting[0]!.atMs - time.nowMs);
      }
    });
  }
}
