// How the router in front of this node gives out ports (RFC 4787, section 4.1), from the addresses
// at which several peers see it. Nobody else is asked. What a router lets in cannot be told from
// that. Pure.

import type { SocketAddress } from "../types/mod.ts";

/**
 * `none`: the peers see an address of our own. `endpoint_independent`: every peer sees the same port,
 * so that a peer can learn it from another one. `per_destination`: each sees another one. `unknown`:
 * too few peers, or they contradict each other.
 */
export type NatKind = "unknown" | "none" | "endpoint_independent" | "per_destination";

/** One peer's word. */
export interface Observation {
  /** The IP address that we reach the peer at; empty when unknown. */
  readonly from: string;
  /** Where it sees us. */
  readonly at: SocketAddress;
}

/** What the words say of the NAT; words of peers behind one address count once. */
export function natKindOf(
  words: readonly Observation[],
  ownIps: readonly string[],
  ownPort: number,
): NatKind {
  const apart = [...new Map(words.map((word) => [word.from, word])).values()];
  const votes = new Map<string, number>();
  for (const { at } of apart) {
    const isOwn = at.port === ownPort && ownIps.includes(at.ip);
    const vote = isOwn ? OWN : `${at.ip} ${at.port}`;
    votes.set(vote, (votes.get(vote) ?? 0) + 1);
  }
  const [best = "", count = 0] = [...votes].sort(([, a], [, b]) => b - a)[0] ?? [];
  if (count * 2 > apart.length && (best === OWN || count > 1)) {
    return best === OWN ? "none" : "endpoint_independent";
  }
  return apart.length > 1 && count === 1 ? "per_destination" : "unknown";
}

/** Stands for our own address. */
const OWN = "own";
