// Socket addresses as values. A SocketAddress holds an IP literal (never a name) and a port; names
// are resolved at the edge, before an address enters the program.

import { PollenError } from "./errors.ts";
import { PORT_MAX } from "./limits.ts";

/** An IP literal and a port. IPv6 without brackets; a zone (`%eth0`) is kept as given. */
export interface SocketAddress {
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
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
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

/** Whether the text is an IPv4 or IPv6 literal rather than a name. */
export function isIpLiteral(text: string): boolean {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    return text.split(".").every((part) => Number(part) <= 255);
  }
  return text.includes(":") && /^[0-9a-fA-F:.]+(%[\w.-]+)?$/.test(text);
}
