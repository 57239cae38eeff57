// Which members an invite names besides the one that issues it: those that pass a newcomer's request
// on, and that a newcomer may reach. Pure.

import { isPublicIp, isRoutableIp } from "../mesh/mod.ts";
import {
  INVITE_ADDRESSES_PER_FORWARDER_MAX,
  INVITE_FORWARDERS_MAX,
  type PeerKey,
  type SocketAddress,
} from "../types/mod.ts";
import { addressesOf, type PeerAddresses } from "./addresses.ts";

/** A member that passes requests on, connected now. */
export interface ForwarderCandidate {
  readonly peer: PeerKey;
  /** What it tells of where it is. */
  readonly told: PeerAddresses;
  /** Where its session leads; null over a carrier. */
  readonly active: SocketAddress | null;
}

/** A member to be named, and where it is. */
export interface Forwarder {
  readonly peer: PeerKey;
  readonly addresses: readonly SocketAddress[];
}

/**
 * The members to name, the best first: one that this node itself reaches where it says it is, before
 * one of whom only its word is known; one with a public address before one of the same site.
 */
export function forwardersOf(candidates: readonly ForwarderCandidate[]): Forwarder[] {
  return candidates.map(ranked)
    .filter(({ addresses }) => addresses.length > 0)
    .sort((a, b) => b.rank - a.rank || (a.peer < b.peer ? -1 : 1))
    .slice(0, INVITE_FORWARDERS_MAX)
    .map(({ peer, addresses }) => ({ peer, addresses }));
}

function ranked({ peer, told, active }: ForwarderCandidate): Forwarder & { rank: number } {
  const usable = addressesOf({ ...told, lastAddr: null }).filter(({ ip }) => isRoutableIp(ip));
  const isReached = (address: SocketAddress) =>
    active !== null && address.ip === active.ip && address.port === active.port;
  const rankOf = (address: SocketAddress) =>
    (isPublicIp(address.ip) ? 2 : 0) + (isReached(address) ? 1 : 0);
  const addresses = usable.sort((a, b) => rankOf(b) - rankOf(a))
    .slice(0, INVITE_ADDRESSES_PER_FORWARDER_MAX);
  return { peer, addresses, rank: addresses[0] === undefined ? 0 : rankOf(addresses[0]) };
}
