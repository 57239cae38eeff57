// Relayed flows on a network of virtual time, and where packets go in general: straight to an engine,
// or over a carrier to another one. Packets are not sealed here; that is the engine's business.

import {
  type Carried,
  type CarriedLimit,
  formatAddress,
  PollenError,
  readWay,
  type RelayedWay,
  type RelayLeg,
  type RelayStats,
  relayWay,
  type SocketAddress,
} from "../../lib/types/mod.ts";
import type { SimEngine } from "./engine.ts";
import type { Network } from "./network.ts";
import type { SimSession } from "./session.ts";

/** Where packets to an address arrive. */
export interface Route {
  readonly engine: SimEngine;
  /** Where they seem to come from there. */
  readonly source: SocketAddress;
  /** Whether they pass now. */
  isOpen(): boolean;
}

interface Half {
  readonly leg: RelayLeg;
  readonly session: SimSession;
}

interface Passage {
  readonly legs: readonly [Half, Half];
  limit: CarriedLimit;
  /** What it seems to have passed, in bytes, and what more it has each time when that is asked. */
  bytes: number;
  growth: number;
}

/** Nothing is counted here: flows seem to rest. */
const NO_STATS: RelayStats = { packets: 0, bytes: 0, dropped: 0 };

/** The flows of one engine: those that lead it somewhere, and those that it carries. */
export class SimRelays {
  readonly #network: Network;
  readonly #engine: SimEngine;
  readonly #ways = new Map<number, Half>();
  readonly #passages = new Set<Passage>();
  /** Keys that were used: no flow may have one again. */
  readonly #used = new Set<string>();
  #lastFlow = 0;

  constructor(network: Network, engine: SimEngine) {
    this.#network = network;
    this.#engine = engine;
  }

  /** How many flows this engine carries. */
  get carried(): number {
    return this.#alive().length;
  }

  /** How many bytes per second each of them may have, the oldest first. */
  get limits(): number[] {
    return this.#alive().map(({ limit }) => limit.bytesPerSecond);
  }

  /** Lets the oldest of them seem to pass so many bytes whenever it is asked. */
  use(bytes: number): void {
    this.#alive()[0]!.growth = bytes;
  }

  #alive(): Passage[] {
    return [...this.#passages].filter(({ legs }) => legs.every(isAlive));
  }

  open(leg: RelayLeg): RelayedWay {
    const half = this.#half(leg);
    const flow = ++this.#lastFlow;
    this.#ways.set(flow, half);
    return {
      address: relayWay(flow),
      stats: () => NO_STATS,
      close: () => void this.#ways.delete(flow),
    };
  }

  carry(a: RelayLeg, b: RelayLeg, limit: CarriedLimit): Carried {
    const passage: Passage = {
      legs: [this.#half(a), this.#half(b)],
      limit,
      bytes: 0,
      growth: 0,
    };
    this.#passages.add(passage);
    return {
      stats: () => ({ ...NO_STATS, bytes: passage.bytes += passage.growth }),
      setLimit: (limit) => void (passage.limit = limit),
      close: () => void this.#passages.delete(passage),
    };
  }

  /** Where packets of this engine go by a way. */
  route(flow: number): Route | null {
    const out = this.#ways.get(flow);
    if (out === undefined || !isAlive(out)) return null;
    const carrier = out.session.other.engine;
    const onward = carrier.relays.#onward(out.leg.sendTag);
    if (onward === null) return null;
    const engine = onward.session.other.engine;
    const source = engine.relays.#wayOf(onward.leg.sendTag);
    if (source === null) return null;
    const isOpen = () =>
      carrier.process.isRunning && isAlive(out) && isAlive(onward) &&
      this.#network.isOpen(this.#engine.ip, carrier.ip) &&
      this.#network.isOpen(carrier.ip, engine.ip);
    return { engine, source, isOpen };
  }

  /** Where what comes to this carrier with the tag goes on. */
  #onward(tag: Uint8Array): Half | null {
    for (const { legs: [one, other] } of this.#passages) {
      for (const [half, onward] of [[one, other], [other, one]] as const) {
        if (half.leg.receiveTag.toHex() === tag.toHex()) return isAlive(onward) ? onward : null;
      }
    }
    return null;
  }

  /** The way that what comes to this end with the tag comes from. */
  #wayOf(tag: Uint8Array): SocketAddress | null {
    for (const [flow, { leg }] of this.#ways) {
      if (leg.receiveTag.toHex() === tag.toHex()) return relayWay(flow);
    }
    return null;
  }

  #half(leg: RelayLeg): Half {
    const session = leg.session as SimSession;
    const half = { leg, session };
    const used = [leg.sendTag, leg.receiveTag].map((tag) => tag.toHex());
    if (session.engine !== this.#engine || !isAlive(half)) {
      throw new PollenError("closed", "The session of a relay has ended, or is relayed.");
    }
    if (used.some((tag) => this.#used.has(tag))) {
      throw new PollenError("invalid_argument", "The keys of a relay were used before.");
    }
    for (const tag of used) this.#used.add(tag);
    return half;
  }
}

function isAlive({ session }: Half): boolean {
  return !session.isEnded && readWay(session.remoteAddress)?.kind !== "relay";
}

/** Where packets of an engine to this address go; null where nobody can get them. */
export function routeTo(network: Network, from: SimEngine, to: SocketAddress): Route | null {
  const way = readWay(to);
  if (way !== null) return way.kind === "relay" ? from.relays.route(way.flow) : null;
  const engine = network.engines.get(to.ip);
  if (engine === undefined) return null;
  return { engine, source: from.localAddress, isOpen: () => network.isOpen(from.ip, engine.ip) };
}

/** Whether both are the same. */
export function isSame(one: SocketAddress, other: SocketAddress): boolean {
  return formatAddress(one) === formatAddress(other);
}
