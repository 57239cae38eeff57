// Which of this machine's addresses others may reach it at. Only the machine is asked, never a
// third party on the Internet.

import ipaddr from "ipaddr.js";
import { isWay } from "../types/mod.ts";

/** One address of one interface, as the operating system lists them. */
export interface InterfaceAddress {
  /** The interface, such as `eth0`: those of containers are told by it. */
  readonly name: string;
  /** An IP literal; an IPv6 zone (`%eth0`) may follow. */
  readonly address: string;
}

/** Interfaces of containers on this machine: nobody outside reaches their addresses. */
const CONTAINER_INTERFACE = /^(docker0|br-.*|veth.*)$/;

/** Another private network's own range (Tailscale), which would tunnel us through it. */
const OVERLAY_V6 = ipaddr.IPv6.parseCIDR("fd7a:115c:a1e0::/48");

/** The kinds of address (as ipaddr.js names them) at which somebody else can reach this machine. */
const PUBLIC = "unicast";
const PRIVATE = new Set(["private", "uniqueLocal"]);

function rangeOf(ip: string): string | null {
  const literal = ip.split("%")[0]!;
  if (!ipaddr.isValid(literal)) return null;
  return ipaddr.process(literal).range();
}

/** Whether the address can be reached from anywhere on the Internet, as far as its number says. */
export function isPublicIp(ip: string): boolean {
  return rangeOf(ip) === PUBLIC;
}

/** Whether another machine may be able to reach the address: public or private, not loopback, link-local or multicast. */
export function isRoutableIp(ip: string): boolean {
  const range = rangeOf(ip);
  return range === PUBLIC || (range !== null && PRIVATE.has(range));
}

/** What stands for no one machine, as ipaddr.js names it: `0.0.0.0` and the like, groups, everybody. */
const NOBODY = new Set(["unspecified", "multicast", "broadcast"]);

/** Whether the text is an IP address (a zone may follow) that one machine can have. */
export function isHostIp(ip: string): boolean {
  const range = rangeOf(ip);
  return range !== null && !NOBODY.has(range) && !isWay({ ip, port: 0 });
}

/** The addresses to tell others, public ones first, otherwise in the order given, without repetition. */
export function getAdvertisableAddrs(interfaces: readonly InterfaceAddress[]): string[] {
  const usable = interfaces.filter(({ name, address }) =>
    !CONTAINER_INTERFACE.test(name) && isRoutableIp(address) && !isOverlay(address)
  ).map(({ address }) => address);
  const unique = [...new Set(usable)];
  return [...unique.filter(isPublicIp), ...unique.filter((ip) => !isPublicIp(ip))];
}

function isOverlay(ip: string): boolean {
  const address = ipaddr.parse(ip);
  return address instanceof ipaddr.IPv6 && address.match(OVERLAY_V6);
}
