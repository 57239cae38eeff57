// Hole punches of this node: two nodes that cannot dial each other ask a third one, connected with
// both, to tell each where it sees the other. Pure.
//
//   what happens                         what follows
//   a peer is to be reached by a punch   a common peer is asked, another one each time
//   a member asks for another one        both are told (coordinating.ts), if both are connected with us
//   we are told where a peer is seen     we punch there, if that peer itself says that it has that IP
//
// The last condition keeps anybody from aiming us at somebody else: a peer's addresses are in events
// that it signed. Only a peer that is not known to speak pollen/2 may be without a signature; others
// could have made its addresses up, so it costs a few packets at most. Where an attempt takes a
// thousand, nothing but its own signature counts; and because that can lie as well, attempts in vain
// become rare, for the peer and for the IP (punch_pauses.ts).

import type { PunchCoordTrigger } from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import {
  COORDINATORS_REMEMBERED_MAX,
  isIpLiteral,
  isPort,
  isWay,
  type LimitCounter,
  type LimitName,
  type MonotonicMs,
  PEER_KEY_BYTES,
  type PeerKey,
  peerKeyFromBytes,
  PeerRateLimiter,
  PUNCH_WORD_PAUSE_MS,
  PUNCH_WORDS_AT_ONCE_MAX,
  type PunchPart,
  type SocketAddress,
  splitHostPort,
} from "../types/mod.ts";
import type { NatKind } from "./nat_kind.ts";
import { isEasy, isHard } from "./punch_pairs.ts";
import { PunchPauses } from "./punch_pauses.ts";

/** Whom to punch, where, and how. */
export interface Punch {
  readonly peer: PeerKey;
  readonly address: SocketAddress;
  readonly part: PunchPart;
}

export interface PunchingOptions {
  readonly store: Store;
  /** Takes what finds no room. */
  readonly limits: LimitCounter;
  /** How this node's router gives out ports, as far as it is known. */
  natKind(): NatKind;
  /** Whether there is a session with the peer over pollen/2. */
  takesFrames(peer: PeerKey): boolean;
}

export class Punching {
  readonly #store: Store;
  readonly #natKind: () => NatKind;
  readonly #takesFrames: (peer: PeerKey) => boolean;
  readonly #requests: PeerRateLimiter;
  readonly #triggers: PeerRateLimiter;
  readonly #lastCoordinator = new Map<PeerKey, PeerKey>();
  readonly #pauses = new PunchPauses();

  constructor({ store, limits, natKind, takesFrames }: PunchingOptions) {
    this.#store = store;
    this.#natKind = natKind;
    this.#takesFrames = takesFrames;
    const rate = (limit: LimitName) =>
      new PeerRateLimiter(
        PUNCH_WORDS_AT_ONCE_MAX,
        PUNCH_WORD_PAUSE_MS,
        () => limits.count(limit),
      );
    this.#requests = rate("punch_requests");
    this.#triggers = rate("punch_triggers");
  }

  /**
   * Whom to ask: one who says that it is connected with the peer, or proves it by carrying for both,
   * the one after the last; null when there is nobody.
   *
   * @param connected Those who can be asked, the best ones first.
   * @param carriers Over whom the peer is reached.
   */
  coordinatorFor(
    peer: PeerKey,
    connected: readonly PeerKey[],
    carriers: readonly PeerKey[],
  ): PeerKey | null {
    const able = connected.filter((other) =>
      other !== peer && (carriers.includes(other) || this.#store.isConnected(other, peer))
    );
    const last = able.indexOf(this.#lastCoordinator.get(peer)!);
    const next = able[last + 1] ?? able[0] ?? null;
    this.#lastCoordinator.delete(peer);
    if (next !== null) this.#lastCoordinator.set(peer, next);
    if (this.#lastCoordinator.size > COORDINATORS_REMEMBERED_MAX) {
      this.#lastCoordinator.delete(this.#lastCoordinator.keys().next().value!);
    }
    return next;
  }

  /** Whom a member asks to be led to; null when that is not to be answered. */
  requested(now: MonotonicMs, from: PeerKey, target: Uint8Array): PeerKey | null {
    if (target.length !== PEER_KEY_BYTES || !this.#requests.allow(from, now)) return null;
    const peer = peerKeyFromBytes(target);
    return peer === from || peer === this.#store.local ? null : peer;
  }

  /** Whom to punch where; null when it is not plausible. */
  triggered(
    now: MonotonicMs,
    from: PeerKey,
    { peerId, peerAddr }: PunchCoordTrigger,
    part: PunchPart = "equal",
  ): Punch | null {
    if (peerId.length !== PEER_KEY_BYTES || !this.#triggers.allow(from, now)) return null;
    const peer = peerKeyFromBytes(peerId);
    const address = readAddress(peerAddr);
    if (address === null || peer === this.#store.local) return null;
    if (!this.#saysThatItIsAt(peer, address.ip)) return null;
    return { peer, address, part: this.#plausiblePart(peer, address, part) };
  }

  /** Begins it, unless the same runs already, or the peer has to rest. */
  begin(now: MonotonicMs, { peer, address, part }: Punch): "begun" | "running" | "resting" {
    return part === "equal" ? "begun" : this.#pauses.begin(now, peer, address.ip);
  }

  /** A session with the peer has begun, at this address. */
  met(peer: PeerKey, address: SocketAddress): void {
    this.#pauses.met(peer, address);
  }

  /** Whether the peer has announced the IP; signed, if it is known to sign. */
  #saysThatItIsAt(peer: PeerKey, ip: string): boolean {
    const isOwnWord = this.#store.speaksForItself(peer) || !this.#takesFrames(peer);
    return isOwnWord && (this.#store.get(peer)?.ips.includes(ip) ?? false);
  }

  /** A coordinator may not make us do more than what we know makes sense. */
  #plausiblePart(peer: PeerKey, { ip }: SocketAddress, part: PunchPart): PunchPart {
    const own = this.#natKind();
    const isSensible = part === "hard" ? !isEasy(own) : !isHard(own);
    const isAllowed = !ip.includes(":") && this.#store.speaksForItself(peer);
    return isSensible && isAllowed ? part : "equal";
  }
}

function readAddress(text: string): SocketAddress | null {
  try {
    const { host, port } = splitHostPort(text);
    const address = { ip: host, port };
    return isIpLiteral(host) && isPort(port) && !isWay(address) ? address : null;
  } catch {
    return null;
  }
}
