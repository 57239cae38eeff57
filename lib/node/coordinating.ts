// What a node does for two others that cannot dial each other: it tells each where it sees the other
// one, and what to do there. It knows how their routers give out ports from what they say of
// themselves, so that both do what belongs together; who cannot meet is told so. Pure.
//
// Invariant: of unequal attempts, which cost a router a thousand mappings, no two are begun from here
// for one router at a time. A router is the IP that its nodes are seen at, whoever they are.

import {
  addMs,
  formatAddress,
  type MonotonicMs,
  type PeerKey,
  peerKeyBytes,
  type PunchPart,
  type SocketAddress,
} from "../types/mod.ts";
import type { Exchange } from "./exchange.ts";
import type { NatKind } from "./nat_kind.ts";
import { partsOf } from "./punch_pairs.ts";
import type { NodeOutput } from "./steps.ts";

/** How long the attempt of a strict router takes: no router gets a second one beside it. */
const UNEQUAL_MS = 5_000;

/** A peer and where it is seen from here. */
export interface Seen {
  readonly peer: PeerKey;
  readonly address: SocketAddress;
}

/** The same of one that may not be there, or only over a carrier. */
export interface MaybeSeen {
  readonly peer: PeerKey;
  readonly address: SocketAddress | null;
}

/** An unequal attempt that was begun from here. */
interface Attempt {
  readonly ends: readonly PeerKey[];
  readonly until: MonotonicMs;
}

export class Coordinating {
  readonly #exchange: Exchange;
  /** What connected peers say of their routers; over pollen/1 they say nothing. */
  readonly #kinds = new Map<PeerKey, NatKind>();
  /** What the router at an IP is busy with; the earliest first. */
  readonly #busy = new Map<string, Attempt>();

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** A connected peer says how its router gives out ports. */
  report(peer: PeerKey, kind: NatKind): void {
    this.#kinds.set(peer, kind);
  }

  /** The peer is gone, and with it what it takes part in. */
  forget(peer: PeerKey): void {
    this.#kinds.delete(peer);
    for (const [ip, { ends }] of this.#busy) if (ends.includes(peer)) this.#busy.delete(ip);
  }

  /** Tells two connected peers of each other; the first, if that is of no use. */
  coordinate(now: MonotonicMs, from: MaybeSeen, target: MaybeSeen): NodeOutput[] {
    if (isSeen(from) && isSeen(target)) {
      const parts = this.#parts(now, from, target);
      if (parts !== null) {
        return [this.#tell(from, target, parts[0]), this.#tell(target, from, parts[1])];
      }
    }
    if (!this.#exchange.takesFrames(from.peer)) return [];
    const value = { peerId: peerKeyBytes(target.peer) };
    const body = { kind: "punchCoordRefusal", value } as const;
    return [{ kind: "sendFrame", peer: from.peer, frame: { body } }];
  }

  /** What the two are to do; null when they would not meet, or not now. */
  #parts(now: MonotonicMs, one: Seen, other: Seen): readonly [PunchPart, PunchPart] | null {
    const kindOf = ({ peer }: Seen) => this.#kinds.get(peer) ?? "unknown";
    const parts = partsOf(kindOf(one), kindOf(other));
    if (parts === null || parts[0] === "equal") return parts;
    for (const [ip, { until }] of this.#busy) {
      if (until > now) break;
      this.#busy.delete(ip);
    }
    const routers = [one.address.ip, other.address.ip];
    if (routers.some((ip) => this.#busy.has(ip))) return null;
    const attempt = { ends: [one.peer, other.peer], until: addMs(now, UNEQUAL_MS) };
    for (const ip of routers) this.#busy.set(ip, attempt);
    return parts;
  }

  #tell(to: Seen, other: Seen, part: PunchPart): NodeOutput {
    const trigger = {
      peerId: peerKeyBytes(other.peer),
      selfAddr: formatAddress(to.address),
      peerAddr: formatAddress(other.address),
    };
    if (part === "equal") {
      return this.#exchange.say(to.peer, { kind: "punchCoordTrigger", value: trigger });
    }
    const value = { trigger, isHard: part === "hard" };
    return {
      kind: "sendFrame",
      peer: to.peer,
      frame: { body: { kind: "punchCoordUnequal", value } },
    };
  }
}

function isSeen(peer: MaybeSeen): peer is Seen {
  return peer.address !== null;
}
