// Coordinating hole punches: two nodes that cannot dial each other ask a third one, connected with
// both, to tell each where it sees the other. Pure.
//
//   what happens                         what follows
//   a peer is to be reached by a punch   a common peer is asked, another one each time
//   a member asks for another one        both are told, if both are connected with us
//   we are told where a peer is seen     we punch there, if that peer itself says that it has that IP
//
// The last condition keeps anybody from aiming us at somebody else: a peer's addresses are in events
// that it signed.

import type { PunchCoordTrigger } from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import {
  formatAddress,
  isIpLiteral,
  isPort,
  isWay,
  type MonotonicMs,
  PEER_KEY_BYTES,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  PeerRateLimiter,
  type SocketAddress,
  splitHostPort,
} from "../types/mod.ts";

/** Requests and words of one peer that are taken at once; and the time for one more. */
const BURST = 16;
const PAUSE_MS = 1_000;
/** Peers whose last coordinator is remembered. */
const REMEMBERED_MAX = 1_024;

export class Punching {
  readonly #store: Store;
  readonly #requests = new PeerRateLimiter(BURST, PAUSE_MS);
  readonly #triggers = new PeerRateLimiter(BURST, PAUSE_MS);
  readonly #lastCoordinator = new Map<PeerKey, PeerKey>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Whom to ask: one who says that it is connected with the peer; null when there is nobody. */
  coordinatorFor(peer: PeerKey, connected: readonly PeerKey[]): PeerKey | null {
    const able = connected.filter((other) =>
      other !== peer && this.#store.isConnected(other, peer)
    );
    const last = this.#lastCoordinator.get(peer);
    const next = able.find((other) => last !== undefined && other > last) ?? able[0] ?? null;
    this.#lastCoordinator.delete(peer);
    if (next !== null) this.#lastCoordinator.set(peer, next);
    if (this.#lastCoordinator.size > REMEMBERED_MAX) {
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
  ): { readonly peer: PeerKey; readonly address: SocketAddress } | null {
    if (peerId.length !== PEER_KEY_BYTES || !this.#triggers.allow(from, now)) return null;
    const peer = peerKeyFromBytes(peerId);
    const address = readAddress(peerAddr);
    if (address === null || peer === this.#store.local) return null;
    return this.#store.get(peer)?.ips.includes(address.ip) ? { peer, address } : null;
  }
}

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

export function isSeen(peer: MaybeSeen): peer is Seen {
  return peer.address !== null;
}

/** What a coordinator tells one peer of the other. */
export function triggerFor(to: Seen, other: Seen): PunchCoordTrigger {
  return {
    peerId: peerKeyBytes(other.peer),
    selfAddr: formatAddress(to.address),
    peerAddr: formatAddress(other.address),
  };
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
