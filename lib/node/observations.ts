// Where the others see this node: behind a router it cannot see that itself, and no third party is
// asked. Each connected peer's newest word counts once, for IPv4 and IPv6 apart. One peer alone is
// believed; as soon as several say something, two have to agree before anything changes, so that one
// liar or one odd path moves nothing. Pure.

import { isPublicIp } from "../mesh/mod.ts";
import {
  isIpLiteral,
  type LimitCounter,
  OBSERVERS_MAX,
  type PeerKey,
  type SocketAddress,
  splitHostPort,
  uncounted,
} from "../types/mod.ts";
import { type NatKind, natKindOf, type Observation } from "./nat_kind.ts";

/** Peers that have to say the same, once several say something. */
const AGREEMENT_MIN = 2;

/** Where this node is seen in one family of addresses. The port is 0 where the peers see various ones. */
interface Seen {
  ip: string | null;
  port: number;
}

export class Observations {
  readonly #words = new Map<PeerKey, Observation>();
  readonly #limits: LimitCounter;
  readonly #v4: Seen = { ip: null, port: 0 };
  readonly #v6: Seen = { ip: null, port: 0 };

  /** @param limits Takes what finds no room. Default: nobody does. */
  constructor(limits: LimitCounter = uncounted) {
    this.#limits = limits;
  }

  /**
   * A peer says where it sees us. Anything but a public address is of no use to others and ignored.
   *
   * @param from The peer's own IP address, as far as known.
   */
  note(peer: PeerKey, from: string, text: string): void {
    const at = publicAddress(text);
    if (at === null) return;
    if (!this.#words.has(peer) && this.#words.size >= OBSERVERS_MAX) {
      return this.#limits.count("observers");
    }
    this.#words.set(peer, { from, at });
    this.#settle();
  }

  /** Whether there is a word of this peer. */
  isFrom(peer: PeerKey): boolean {
    return this.#words.has(peer);
  }

  /** The peer is gone, and its word with it. */
  forget(peer: PeerKey): void {
    if (this.#words.delete(peer)) this.#settle();
  }

  /**
   * What is agreed on, IPv4 first; empty while nobody says anything. It outlives those who said it
   * until others say otherwise.
   */
  get addresses(): SocketAddress[] {
    return [this.#v4, this.#v6].flatMap(({ ip, port }) => ip === null ? [] : [{ ip, port }]);
  }

  /** How the router between this node and the IPv4 Internet gives out ports, seen by the peers now connected. */
  natKind(ownIps: readonly string[], ownPort: number): NatKind {
    return natKindOf(this.#of(false), ownIps, ownPort);
  }

  #settle(): void {
    settle(this.#v4, this.#of(false));
    settle(this.#v6, this.#of(true));
  }

  #of(isV6: boolean): Observation[] {
    return [...this.#words.values()].filter(({ at }) => at.ip.includes(":") === isV6);
  }
}

function settle(seen: Seen, words: readonly Observation[]): void {
  const ip = elect(words.map(({ at }) => at.ip), seen.ip);
  if (ip === null) return;
  const ports = words.filter(({ at }) => at.ip === ip).map(({ at }) => at.port);
  const known = ip === seen.ip && seen.port !== 0 ? seen.port : null;
  seen.ip = ip;
  seen.port = elect(ports, known) ?? 0;
}

/** What one says alone, or most say and at least two; otherwise what it was. */
function elect<Value>(words: readonly Value[], current: Value | null): Value | null {
  const votes = new Map<Value, number>();
  for (const word of words) votes.set(word, (votes.get(word) ?? 0) + 1);
  const most = Math.max(0, ...votes.values());
  if (most < Math.min(AGREEMENT_MIN, words.length) || most === 0) return current;
  const best = [...votes].filter(([, count]) => count === most).map(([word]) => word).sort();
  return current !== null && best.includes(current) ? current : best[0]!;
}

function publicAddress(text: string): SocketAddress | null {
  try {
    const { host, port } = splitHostPort(text);
    return isIpLiteral(host) && isPublicIp(host) ? { ip: host, port } : null;
  } catch {
    return null;
  }
}
