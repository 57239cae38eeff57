// Ways: names for paths that are not "the engine's main socket to a real address". To QUIC and to
// everything above it a path is a SocketAddress; a way is one inside the discard-only prefix 100::/64
// (RFC 6666), which never occurs on a real wire.
//
//   100::1:S:A:A  port P   over the extra socket S (1…512) to the IPv4 address A, port P
//   100::2:0:F:F  port 1   over a carrier, as the relayed flow of local number F
//
// A way means something to the engine that gave it, and to nobody else: an address that came from
// somebody else, in an event, a token, a message or a file, is refused if `isWay`.

import { formatAddress, type SocketAddress } from "./address.ts";
import { assert } from "./assert.ts";
import { EXTRA_SOCKETS_MAX, RELAY_FLOW_MAX } from "./limits.ts";

/** What a way stands for. */
export type Way =
  /** The extra socket with this number, to this IPv4 address. */
  | { readonly kind: "socket"; readonly socket: number; readonly address: SocketAddress }
  /** A flow that somebody carries. */
  | { readonly kind: "relay"; readonly flow: number };

/** Fourth and fifth group of a way, by its kind. */
const SOCKET = 1;
const RELAY = 2;
const RELAY_PORT = 1;

/** Whether it is in 100::/64, however it is written: refused from everybody but our own engine. */
export function isWay({ ip }: SocketAddress): boolean {
  return wayGroups(ip) !== null;
}

/**
 * The way over an extra socket to an IPv4 address.
 *
 * @param socket The number of the socket, 1…512 (`ExtraSocket.number`).
 * @param address A real IPv4 address, with the port there.
 */
export function socketWay(socket: number, address: SocketAddress): SocketAddress {
  assert(
    Number.isInteger(socket) && socket >= 1 && socket <= EXTRA_SOCKETS_MAX,
    "an extra socket has a number of 1…512",
  );
  const parts = address.ip.split(".").map(Number);
  assert(
    parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part < 256),
    "extra sockets speak IPv4",
  );
  const [a = 0, b = 0, c = 0, d = 0] = parts;
  return {
    ip: `100::${SOCKET}:${hex(socket)}:${hex(a * 256 + b)}:${hex(c * 256 + d)}`,
    port: address.port,
  };
}

/** The way over a carrier that has this local number (1…2^20 - 1). */
export function relayWay(flow: number): SocketAddress {
  assert(Number.isInteger(flow) && flow >= 1 && flow <= RELAY_FLOW_MAX, "a flow has a number");
  return { ip: `100::${RELAY}:0:${hex(flow >>> 16)}:${hex(flow & 0xffff)}`, port: RELAY_PORT };
}

/** What an address stands for if it is a way; null if it is a real address. */
export function readWay({ ip, port }: SocketAddress): Way | null {
  const [kind, number = 0, high = 0, low = 0] = wayGroups(ip) ?? [];
  if (kind === SOCKET) {
    const address = { ip: [high >> 8, high & 255, low >> 8, low & 255].join("."), port };
    return { kind: "socket", socket: number, address };
  }
  return kind === RELAY ? { kind: "relay", flow: high * 65_536 + low } : null;
}

/** What an address stands for on a wire: itself, or that of a way; null of a way over a carrier. */
export function realAddress(address: SocketAddress): SocketAddress | null {
  const way = readWay(address);
  if (way === null) return address;
  return way.kind === "socket" ? way.address : null;
}

/** An address for people: of a way, what it stands for. */
export function showAddress(address: SocketAddress): string {
  const way = readWay(address);
  if (way === null) return formatAddress(address);
  return way.kind === "socket" ? formatAddress(way.address) : "a relay";
}

function hex(group: number): string {
  return group.toString(16);
}

/** The last four groups of an address in 100::/64; null for every other text. */
function wayGroups(ip: string): number[] | null {
  // Nearly every address ends here.
  if (!/^0?100:/.test(ip)) return null;
  const [before = "", after, ...more] = ip.replace(/%.*$/, "").split("::");
  const [head, tail] = [groups(before), groups(after ?? "")];
  if (more.length > 0 || head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (after === undefined ? missing !== 0 : missing < 1) return null;
  const all = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return all.slice(1, 4).every((group) => group === 0) ? all.slice(4) : null;
}

/** The numbers of groups with colons between; the last two may be written as IPv4. */
function groups(text: string): number[] | null {
  if (text === "") return [];
  const numbers = text.split(":").flatMap((group) => {
    const ipv4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(group);
    if (ipv4 === null) return /^[0-9a-f]{1,4}$/i.test(group) ? [Number.parseInt(group, 16)] : [NaN];
    const [a = 0, b = 0, c = 0, d = 0] = ipv4.slice(1).map(Number);
    return [a * 256 + b, c * 256 + d];
  });
  return numbers.every((number) => number <= 0xffff) ? numbers : null;
}
