// How the links between others go, by what their ends say of them.

import type { NetworkLink } from "../registry/mod.ts";
import { type LinkName, linkName, type SaidLink, type Store } from "../store/mod.ts";
import type { PeerKey } from "../types/mod.ts";

/** The way of a link. */
export type Way = Pick<NetworkLink, "path" | "carrier" | "latencyMs">;

/** Where it is kept what nodes say of their sessions. */
export type PagesOfLinks = Pick<Store["agents"], "links">;

/** What is told at one moment. */
export class ToldLinks {
  readonly #pages: PagesOfLinks;
  readonly #names: ReadonlyMap<LinkName, PeerKey>;
  readonly #said = new Map<PeerKey, ReadonlyMap<LinkName, SaidLink>>();

  /** @param nodes Those that are known. */
  constructor(pages: PagesOfLinks, nodes: readonly PeerKey[]) {
    this.#pages = pages;
    this.#names = new Map(nodes.map((node) => [linkName(node), node]));
  }

  /**
   * How the link between two others goes: direct unless one of them says otherwise. Their words may be
   * a minute old, or wrong; where they differ, the worse one counts.
   */
  way(one: PeerKey, other: PeerKey): Way {
    const words = [this.#word(one, other), this.#word(other, one)].filter((word) => word !== null);
    const relayed = words.filter(({ isRelayed }) => isRelayed);
    const isRelayed = relayed.length > 0;
    const carrier = relayed.map(({ carrier }) => carrier).find((name) => name !== null) ?? null;
    const rttMs = Math.max(0, ...(isRelayed ? relayed : words).map(({ rttMs }) => rttMs ?? 0));
    return {
      path: isRelayed ? "relayed" : "direct",
      carrier: carrier === null ? null : this.#names.get(carrier) ?? null,
      // More digits than it is told with would be made up.
      latencyMs: rttMs === 0 ? null : Number(rttMs.toPrecision(2)),
    };
  }

  #word(author: PeerKey, peer: PeerKey): SaidLink | null {
    const said = this.#said.get(author) ?? this.#pages.links(author);
    this.#said.set(author, said);
    return said.get(linkName(peer)) ?? null;
  }
}
