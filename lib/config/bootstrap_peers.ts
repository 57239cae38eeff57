// The peers through which a node finds its network again after a restart. Invariant: the list is
// canonical: keys lower-case and unique, addresses complete, unique and sorted, peers sorted by key.

import type { BootstrapPeer } from "../proto/mod.ts";
import {
  ADDRESSES_PER_PEER_MAX,
  comparePeerKeys,
  type PeerKey,
  peerKeyBytes,
  PollenError,
  tryParsePeerKey,
} from "../types/mod.ts";
import { normalizeRelayAddr } from "./relay_address.ts";

/** A peer and where to reach it: `host:port`, at least one. */
export interface ConfiguredPeer {
  /** The key that has to be found at the addresses. */
  readonly peerKey: PeerKey;
  /** 1…64 of `host:port`, sorted; hosts may be names. */
  readonly addrs: readonly string[];
}

/** A peer as it stands in a file or comes from a caller: any spelling, the key perhaps blank. */
export interface RawPeer {
  readonly peerKey: string;
  readonly addrs: readonly string[];
}

/**
 * The canonical list. Peers with a blank key are dropped, doubles merged.
 *
 * @throws {PollenError} `invalid_argument` for a bad key or address, a peer without address, and a
 *   peer with more than 64.
 */
export function canonicalPeers(peers: readonly RawPeer[]): ConfiguredPeer[] {
  const merged = new Map<PeerKey, Set<string>>();
  for (const { peerKey: text, addrs } of peers) {
    if (text.trim() === "") continue;
    const peerKey = tryParsePeerKey(text.trim());
    if (peerKey === null) {
      throw new PollenError(
        "invalid_argument",
        `"${text.slice(0, 80)}" is not a peer's key. A key is 64 hexadecimal characters.`,
      );
    }
    const known = merged.get(peerKey) ?? new Set();
    for (const address of addrs) known.add(normalizeRelayAddr(address));
    if (known.size > ADDRESSES_PER_PEER_MAX) {
      throw new PollenError(
        "invalid_argument",
        `The peer ${peerKey} has more than ${ADDRESSES_PER_PEER_MAX} addresses.`,
        { fix: "Keep those that work." },
      );
    }
    merged.set(peerKey, known);
  }
  return [...merged].map(([peerKey, known]) => {
    if (known.size === 0) {
      throw new PollenError("invalid_argument", "at least one relay address is required.", {
        details: { peerKey },
      });
    }
    return { peerKey, addrs: [...known].sort() };
  }).sort((a, b) => comparePeerKeys(a.peerKey, b.peerKey));
}

/** The peer as tokens carry it. */
export function toProtoPeer(peer: ConfiguredPeer): BootstrapPeer {
  return { peerPub: peerKeyBytes(peer.peerKey), addrs: [...peer.addrs] };
}
