// Relayed flows: those that lead this node to peers, and those that it carries for others. Who gets
// one is decided elsewhere; here are the sessions on which they rest.
//
// Invariant: a flow rests on the current, direct pollen/2 sessions of its ends with the carrier, and
// is gone as soon as one of these is.

import {
  ALPN_MEMBER_2,
  type Carried,
  type Engine,
  type PeerKey,
  PollenError,
  readWay,
  type RelayedWay,
  type Session,
  shortPeerKey,
  type SocketAddress,
} from "../types/mod.ts";
import { relayLeg } from "./relay_keys.ts";

export interface RelaysOptions {
  readonly engine: Engine;
  /** The session that is a peer's current one. */
  current(peer: PeerKey): Session | null;
}

interface Way {
  readonly peer: PeerKey;
  readonly carrier: PeerKey;
  readonly relayed: RelayedWay;
}

/** The engine's number of a flow, if packets to this address go over a carrier; else null. */
function relayedFlow(address: SocketAddress): number | null {
  const way = readWay(address);
  return way?.kind === "relay" ? way.flow : null;
}

/** Whether packets to this address go over a carrier. */
export function isRelayed(address: SocketAddress): boolean {
  return relayedFlow(address) !== null;
}

export class Relays {
  readonly #options: RelaysOptions;
  /** By carrier and its number of the flow. */
  readonly #ways = new Map<string, Way>();
  /** By number. */
  readonly #carried = new Map<number, Carried>();

  constructor(options: RelaysOptions) {
    this.#options = options;
  }

  /**
   * Opens this node's end of a flow that a carrier has granted.
   *
   * @returns The way to the peer.
   * @throws {PollenError} `unreachable` without a direct session with the carrier, else as `Engine.openRelay`.
   */
  open(carrier: PeerKey, flow: number, peer: PeerKey): SocketAddress {
    const session = this.#direct(carrier);
    const relayed = this.#options.engine.openRelay(relayLeg(session, flow, "end"));
    const key = keyOf(carrier, flow);
    this.#ways.set(key, { peer, carrier, relayed });
    void session.closed.then(() => {
      if (this.#ways.get(key)?.relayed === relayed) this.close(carrier, flow);
    });
    return relayed.address;
  }

  /** Gives up this node's end of a flow. Idempotent. */
  close(carrier: PeerKey, flow: number): void {
    const key = keyOf(carrier, flow);
    this.#ways.get(key)?.relayed.close();
    this.#ways.delete(key);
  }

  /** The ways to a peer, the oldest first. */
  to(peer: PeerKey): SocketAddress[] {
    return [...this.#ways.values()].filter((way) => way.peer === peer)
      .map(({ relayed }) => relayed.address);
  }

  /** Who carries what goes to this address; null where it goes without a carrier. */
  carrierAt(address: SocketAddress): PeerKey | null {
    const flow = relayedFlow(address);
    if (flow === null) return null;
    const ways = [...this.#ways.values()];
    return ways.find(({ relayed }) => relayedFlow(relayed.address) === flow)?.carrier ?? null;
  }

  /**
   * Carries packets between two peers, as flow of this number, which grows with each.
   *
   * @throws {PollenError} `unreachable` unless both have a direct session, else as `Engine.carry`.
   */
  carry(flow: number, [one, other]: readonly [PeerKey, PeerKey], bytesPerSecond: number): void {
    const [a, b] = [this.#direct(one), this.#direct(other)];
    const legs = [relayLeg(a, flow, "carrier"), relayLeg(b, flow, "carrier")] as const;
    const carried = this.#options.engine.carry(...legs, { bytesPerSecond });
    this.#carried.set(flow, carried);
    for (const { closed } of [a, b]) void closed.then(() => this.endCarried(flow));
  }

  /** Lets so much through from now on. Without effect on a flow that is gone. */
  limitCarried(flow: number, bytesPerSecond: number): void {
    this.#carried.get(flow)?.setLimit({ bytesPerSecond });
  }

  /** What each flow that is carried has passed, in bytes, by its number. */
  carriedBytes(): ReadonlyMap<number, number> {
    return new Map([...this.#carried].map(([flow, carried]) => [flow, carried.stats().bytes]));
  }

  /** Carries it no more. Idempotent. */
  endCarried(flow: number): void {
    this.#carried.get(flow)?.close();
    this.#carried.delete(flow);
  }

  #direct(peer: PeerKey): Session {
    const session = this.#options.current(peer);
    if (session?.alpn === ALPN_MEMBER_2 && !isRelayed(session.remoteAddress)) return session;
    throw new PollenError("unreachable", `There is no direct session with ${shortPeerKey(peer)}.`);
  }
}

function keyOf(carrier: PeerKey, flow: number): string {
  return `${carrier} ${flow}`;
}
