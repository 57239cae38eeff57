// At which addresses a peer is dialled: each of its IPs with the port that is right for it. Behind a
// NAT the port seen from outside differs from the one it is bound to.

import { isPublicIp } from "../mesh/mod.ts";
import { ADDRESSES_PER_PEER_MAX, isPort, type SocketAddress } from "../types/mod.ts";

/** What a peer tells of where it is. Ports are 0 while unknown. */
export interface PeerAddresses {
  readonly ips: readonly string[];
  readonly localPort: number;
  readonly externalPort: number;
  readonly lastAddr: SocketAddress | null;
}

/** The addresses to dial, without repetition: where it was last, then what it tells. */
export function addressesOf(peer: PeerAddresses): SocketAddress[] {
  const told = peer.ips.map((ip) => ({
    ip,
    port: isPublicIp(ip) && peer.externalPort !== 0 ? peer.externalPort : peer.localPort,
  }));
  const all = peer.lastAddr === null ? told : [peer.lastAddr, ...told];
  const unique = new Map(
    all.filter(({ port }) => isPort(port)).map((
      address,
    ) => [`${address.ip} ${address.port}`, address]),
  );
  return [...unique.values()].slice(0, ADDRESSES_PER_PEER_MAX);
}
