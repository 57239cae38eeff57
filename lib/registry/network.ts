// The network of the node beside a registry: which machines there are, who is connected with whom,
// and what is served. The node is asked; that something has changed is told to those who listen.

import { type Clock, errorText, type Log, LogThrottle, type MonotonicMs } from "../types/mod.ts";
import type { Events } from "./events.ts";
import { LINKS_TOLD_MAX, LIST_AGE_MS_MAX, NETWORK_LOOK_MS, SERVICES_TOLD_MAX } from "./limits.ts";

/** One machine. */
export interface NetworkMachine {
  readonly id: string;
  /** Whether it is connected with the node beside this registry, directly or over others. */
  readonly isOnline: boolean;
  /** `ip:port` where that node's session with it leads; empty without one. */
  readonly address: string;
}

/** Two machines that are connected. */
export interface NetworkLink {
  /** Their ids, the smaller one first. */
  readonly from: string;
  readonly to: string;
  readonly path: "direct" | "relayed";
  /** The id of the machine that carries it; null where none does, or it is not known. */
  readonly carrier: string | null;
  /** The round trip in milliseconds; null where nobody has told. */
  readonly latencyMs: number | null;
}

/** What a machine offers. */
export interface NetworkService {
  readonly name: string;
  /** 1…65535. */
  readonly port: number;
  /** What it is reached over. */
  readonly transport: "tcp" | "udp";
  /** The id of the machine. */
  readonly provider: string;
  /** Whether the node beside this registry is connected with it, or is it. */
  readonly isReachable: boolean;
}

/** How the network is at one moment. */
export interface NetworkView {
  /** The id of the node beside this registry. */
  readonly self: string;
  readonly machines: readonly NetworkMachine[];
  readonly links: readonly NetworkLink[];
  /** How many links more there are. */
  readonly omittedLinks: number;
  readonly services: readonly NetworkService[];
  /** How many services more there are. */
  readonly omittedServices: number;
}

/** How much of the network is told; the rest is only counted. */
export interface NetworkBounds {
  readonly linksMax: number;
  readonly servicesMax: number;
}

/** Who knows the network: the node beside the registry. */
export interface NetworkSource {
  /** How it is now, within the bounds. */
  look(bounds: NetworkBounds): Promise<NetworkView>;
}

const BOUNDS: NetworkBounds = { linksMax: LINKS_TOLD_MAX, servicesMax: SERVICES_TOLD_MAX };

/** Asks the node, and tells of changes; disposing of it ends that. */
export class Network implements Disposable {
  readonly #source: NetworkSource | null;
  readonly #events: Events;
  readonly #clock: Clock;
  readonly #warnings: LogThrottle;
  #latest: { readonly view: Promise<NetworkView>; readonly at: MonotonicMs } | null = null;
  /** What was told last; null while nobody listens. */
  #told: { readonly network: string; readonly services: string } | null = null;
  #stopTimer = () => {};
  #isClosed = false;

  /** @param source Null for a registry without a node. */
  constructor(source: NetworkSource | null, events: Events, clock: Clock, log: Log) {
    this.#source = source;
    this.#events = events;
    this.#clock = clock;
    this.#warnings = new LogThrottle(log, clock);
    if (source !== null) this.#watchLater();
  }

  /** How the network is, a quarter of a second ago at most; null without a node. */
  view(): Promise<NetworkView | null> {
    if (this.#source === null) return Promise.resolve(null);
    const now = this.#clock.monotonicNow();
    if (this.#latest === null || now - this.#latest.at > LIST_AGE_MS_MAX) {
      this.#latest = { view: this.#source.look(BOUNDS), at: now };
    }
    return this.#latest.view;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#stopTimer();
    this.#warnings.close();
  }

  #watchLater(): void {
    this.#stopTimer = this.#clock.setTimer(NETWORK_LOOK_MS, () => {
      this.#watch().catch((thrown: unknown) => {
        this.#warnings.warn("the network was not looked at", { error: errorText(thrown) });
      }).then(() => {
        if (!this.#isClosed) this.#watchLater();
      });
    });
  }

  async #watch(): Promise<void> {
    if (this.#events.listenerCount === 0) {
      this.#told = null;
      return;
    }
    const view = (await this.view())!;
    if (this.#isClosed) return;
    // Who has just begun to listen is told as well: what he read may be older than this look.
    const before = this.#told;
    const told = this.#told = { network: shapeOf(view), services: JSON.stringify(view.services) };
    const now = this.#clock.wallNow();
    if (before?.network !== told.network) this.#events.tellNetwork("network", now);
    if (before?.services !== told.services) this.#events.tellNetwork("services", now);
  }
}

/** All but the round trips, which change all the time; whether one is known is part of it. */
function shapeOf({ machines, links, omittedLinks }: NetworkView): string {
  return JSON.stringify([
    machines.map(({ id, isOnline, address }) => [id, isOnline, address]),
    links.map(({ from, to, path, carrier, latencyMs }) => [
      ...[from, to, path, carrier],
      latencyMs !== null,
    ]),
    omittedLinks,
  ]);
}
