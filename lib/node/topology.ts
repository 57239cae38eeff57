// Who is connected with whom, as far as one node can tell. Its own sessions it knows; of the others
// it has what each says of itself. Pure.
//
// Between two others a link counts when both say so: one alone may be wrong, lie, or be gone without
// having taken back what it said. For the same reason only those are online who are connected with
// this node, over however many others.

import type { PeerKey } from "../types/mod.ts";

/** What a node knows of everybody's links. */
export interface Links {
  readonly local: PeerKey;
  /** The peers that this node has a session with. */
  readonly connected: ReadonlySet<PeerKey>;
  /** Every node that is known, with those that it says it is connected with. */
  readonly said: ReadonlyMap<PeerKey, ReadonlySet<PeerKey>>;
}

/** The network as it is. */
export interface Topology {
  /** This node, and those that are connected with it, directly or over others. */
  readonly online: ReadonlySet<PeerKey>;
  /** Each pair once, the smaller key first; this node's own links before the others. */
  readonly links: readonly (readonly [PeerKey, PeerKey])[];
  /** How many links more there are. */
  readonly omittedCount: number;
}

/** The nodes that are online and the links between them, at most `linksMax`. */
export function topologyOf(links: Links, linksMax: number): Topology {
  const online = new Set([links.local]);
  // A set that grows while it is walked through: those who are added are walked through as well.
  for (const peer of online) {
    for (const other of partnersOf(peer, links)) online.add(other);
  }
  const found: (readonly [PeerKey, PeerKey])[] = [];
  let omittedCount = 0;
  for (const peer of online) {
    for (const other of partnersOf(peer, links)) {
      // The other one's own walk finds it too.
      if (other === links.local || peer !== links.local && other < peer) continue;
      if (found.length < linksMax) found.push(peer < other ? [peer, other] : [other, peer]);
      else omittedCount++;
    }
  }
  return { online, links: found, omittedCount };
}

function partnersOf(peer: PeerKey, { local, connected, said }: Links): Iterable<PeerKey> {
  if (peer === local) return connected;
  const others = [...said.get(peer) ?? []].filter((other) =>
    other !== peer && other !== local && said.get(other)?.has(peer) === true
  );
  return connected.has(peer) ? [local, ...others] : others;
}
