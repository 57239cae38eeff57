// Where this node is, for others to know: what its interfaces say, what its owner names, what the
// router lets in, and where its peers see it. One port besides its own can be told, so the most
// certain source of it counts: the owner, then the router, whose mapping is open to everybody, then
// the peers. Pure.

import { isPublicIp, isRoutableIp } from "../mesh/mod.ts";
import type { GossipEvent } from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import { type LimitCounter, type PeerKey, type SocketAddress, uncounted } from "../types/mod.ts";
import type { NatKind } from "./nat_kind.ts";
import { Observations } from "./observations.ts";

interface Own {
  readonly ips: readonly string[];
  readonly port: number;
}

export class Whereabouts {
  readonly #store: Store;
  readonly #observations: Observations;
  #own: Own | null = null;
  #named: readonly SocketAddress[] = [];
  #mapped: SocketAddress | null = null;

  /** @param limits Takes what finds no room. Default: nobody does. */
  constructor(store: Store, limits: LimitCounter = uncounted) {
    this.#store = store;
    this.#observations = new Observations(limits);
  }

  /** The addresses of the interfaces; whether one is among them that was not. */
  moveTo({ ips, port }: Own): boolean {
    const before = this.#own?.ips ?? ips;
    this.#own = { ips, port };
    return ips.some((ip) => !before.includes(ip));
  }

  /** Where the names that the owner gave lead at present. */
  nameTo(addresses: readonly SocketAddress[]): void {
    this.#named = addresses;
  }

  /** Where the router's mapping leads to us; null without one. */
  mapTo(address: SocketAddress | null): void {
    this.#mapped = address;
  }

  /** Where a peer sees us. */
  seenBy(peer: PeerKey, text: string): void {
    this.#observations.note(peer, this.#store.get(peer)?.lastAddr?.ip ?? "", text);
  }

  /** Whether the peer sees us from outside, at an address that others can reach. */
  isSeenBy(peer: PeerKey): boolean {
    return this.#observations.isFrom(peer);
  }

  forget(peer: PeerKey): void {
    this.#observations.forget(peer);
  }

  /** How the router in front of this node gives out ports, as far as its peers can tell. */
  natKind(): NatKind {
    return this.#observations.natKind(this.#own?.ips ?? [], this.#own?.port ?? 0);
  }

  /** The events that tell others, none where nothing changed. */
  announce(): GossipEvent[] {
    if (this.#own === null) return [];
    const mapped = this.#mapped === null ? [] : [this.#mapped];
    const outer = [...this.#tellable(this.#own.port), ...mapped, ...this.#observations.addresses];
    const ips = new Set([...this.#own.ips, ...outer.map(({ ip }) => ip)]);
    return [
      ...this.#store.setLocalNetwork([...ips], this.#own.port),
      ...this.#store.setExternalPort(outerPort(outer)),
    ];
  }

  /** Those of the owner's addresses that go with the ports that can be told. */
  #tellable(localPort: number): SocketAddress[] {
    const port = outerPort(this.#named);
    return this.#named.filter((named) =>
      isPublicIp(named.ip)
        ? named.port === port
        : isRoutableIp(named.ip) && named.port === localPort
    );
  }
}

/** The port at the first public address that goes with one; 0 without. */
function outerPort(addresses: readonly SocketAddress[]): number {
  return addresses.find(({ ip, port }) => isPublicIp(ip) && port !== 0)?.port ?? 0;
}
