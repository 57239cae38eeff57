// Socket addresses as values. A SocketAddress holds an IP literal (never a name) and a port; names
// are resolved at the edge, before an address enters the program.

import { PollenError } from "./errors.ts";
import { IP_LENGTH_MAX, PORT_MAX } from "./limits.ts";

/** An IP literal and a port. IPv6 without brackets; a zone (`%eth0`) is kept as given. */
export interface SocketAddress {
  /** An IPv4 or IPv6 literal. */
  readonly ip: string;
  /** 1…65535 for a remote address; 0 where the operating system is to choose. */
  readonly port: number;
}

/** `ip:port`, an IPv6 literal in brackets. */
export function formatAddress(address: SocketAddress): string {
  return address.ip.includes(":")
    ? `[${address.ip}]:${address.port}`
    : `${address.ip}:${address.port}`;
}

/**
 * Splits `host:port` at its last colon, taking the brackets off an IPv6 literal. The host may be a name.
 *
 * @throws {PollenError} `invalid_argument` when there is no host, or no port of 1…65535.
 */
export function splitHostPort(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\][\s]+)\]|([^:\][\s]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !isPort(port)) {
    throw new PollenError("invalid_argument", `"${text}" is not an address.`, {
      fix: "Write it as host:port, or [IPv6]:port.",
    });
  }
  return { host, port };
}

/** `host:port` for a host that may be a name or an IP literal. */
export function joinHostPort(host: string, port: number): string {
  return formatAddress({ ip: host, port });
}

/** Whether `value` is a port that something can be reached at: a whole number of 1…65535. */
export function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= PORT_MAX;
}

/** Whether the text is an IPv4 or IPv6 literal (a zone may follow, as in `fe80::1%eth0`) rather than a name. */
export function isIpLiteral(text: string): boolean {
  if (text.length > IP_LENGTH_MAX) return false;
  return isIpv4(text) || isIpv6(text.replace(/%[\w.-]+$/, ""));
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

/** Eight groups, of which `::` stands for one or more, and of which the last two may be written as IPv4. */
function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => half === "" ? [] : half.split(":"));
  const tail = groups.at(-1) ?? "";
  const isMixed = tail.includes(".");
  const plain = isMixed ? groups.slice(0, -1) : groups;
  if (isMixed && !isIpv4(tail) || !plain.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) {
    return false;
  }
  const count = plain.length + (isMixed ? 2 : 0);
  return halves.length === 2 ? count < 8 : count === 8;
}
