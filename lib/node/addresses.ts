// At which addresses a peer is dialled: each of its IPs with the port that is right for it. Behind a
// NAT the port seen from outside differs from the one it is bound to.

import { isPublicIp } from "../mesh/mod.ts";
import { ADDRESSES_PER_PEER_MAX, isPort, isWay, type SocketAddress } from "../types/mod.ts";

/** What a peer tells of where it is. Ports are 0 while unknown. */
export interface PeerAddresses {
  readonly ips: readonly string[];
  readonly localPort: number;
  readonly externalPort: number;
  readonly lastAddr: SocketAddress | null;
}

/** The addresses to dial, without repetition: where it was last, then what it tells. No ways: they are for us to give. */
export function addressesOf(peer: PeerAddresses): SocketAddress[] {
  const told = peer.ips.flatMap((ip) => portsAt(ip, peer).map((port) => ({ ip, port })));
  const all = peer.lastAddr === null ? told : [peer.lastAddr, ...told];
  const unique = new Map(
    all.filter((address) => isPort(address.port) && !isWay(address))
      .map((address) => [`${address.ip} ${address.port}`, address]),
  );
  return [...unique.values()].slice(0, ADDRESSES_PER_PEER_MAX);
}

/** A router that translates IPv4 leaves IPv6 alone as a rule, and there is one outer port to be told. */
function portsAt(ip: string, { localPort, externalPort }: PeerAddresses): number[] {
  if (!isPublicIp(ip) || externalPort === 0) return [localPort];
  return ip.includes(":") ? [localPort, externalPort] : [externalPort];
}
