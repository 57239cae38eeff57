// Where this node is, for others to know: what its interfaces say, what the router lets in, and
// where its peers see it. Pure.

import type { GossipEvent } from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import type { PeerKey, SocketAddress } from "../types/mod.ts";
import type { NatKind } from "./nat_kind.ts";
import { Observations } from "./observations.ts";

interface Own {
  readonly ips: readonly string[];
  readonly port: number;
}

export class Whereabouts {
  readonly #store: Store;
  readonly #observations = new Observations();
  #own: Own | null = null;
  #mapped: SocketAddress | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The addresses of the interfaces; whether one is among them that was not. */
  moveTo({ ips, port }: Own): boolean {
    const before = this.#own?.ips ?? ips;
    this.#own = { ips, port };
    return ips.some((ip) => !before.includes(ip));
  }

  /** Where the router's mapping leads to us; null without one. */
  mapTo(address: SocketAddress | null): void {
    this.#mapped = address;
  }

  /** Where a peer sees us. */
  seenBy(peer: PeerKey, text: string): void {
    this.#observations.note(peer, this.#store.get(peer)?.lastAddr?.ip ?? "", text);
  }

  forget(peer: PeerKey): void {
    this.#observations.forget(peer);
  }

  /** How the router in front of this node gives out ports, as far as its peers can tell. */
  natKind(): NatKind {
    return this.#observations.natKind(this.#own?.ips ?? [], this.#own?.port ?? 0);
  }

  /**
   * The events that tell others, none where nothing changed. There is one outer port to tell: the
   * router's, which is open to everybody.
   */
  announce(): GossipEvent[] {
    if (this.#own === null) return [];
    const mapped = this.#mapped === null ? [] : [this.#mapped];
    const outer = [...mapped, ...this.#observations.addresses];
    const ips = new Set([...this.#own.ips, ...outer.map(({ ip }) => ip)]);
    return [
      ...this.#store.setLocalNetwork([...ips], this.#own.port),
      ...this.#store.setExternalPort(outer.find(({ port }) => port !== 0)?.port ?? 0),
    ];
  }
}
