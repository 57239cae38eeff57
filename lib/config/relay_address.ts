// The one spelling of an address at which a node can be reached for joining.

import {
  DEFAULT_PORT,
  HOST_LENGTH_MAX,
  joinHostPort,
  PollenError,
  splitHostPort,
} from "../types/mod.ts";

/**
 * `host:port` of an address whose port may be missing: 60611 then. IPv6 literals get brackets.
 *
 * @throws {PollenError} `invalid_argument` when it is empty or no address.
 */
export function normalizeRelayAddr(spec: string): string {
  const text = spec.trim();
  if (text === "") {
    throw new PollenError("invalid_argument", "relay address cannot be empty.", {
      fix: "Write it as host, host:port or [IPv6]:port.",
    });
  }
  const { host, port } = split(text);
  if (!isHost(host)) throw invalid(text);
  return joinHostPort(host, port);
}

function split(text: string): { host: string; port: number } {
  const bracketed = /^\[([^\]]+)\]$/.exec(text)?.[1];
  if (bracketed !== undefined) return { host: bracketed, port: DEFAULT_PORT };
  const colons = text.split(":").length - 1;
  const isBare = colons === 0 || (colons > 1 && !text.startsWith("["));
  if (isBare) return { host: text, port: DEFAULT_PORT };
  try {
    return splitHostPort(text);
  } catch {
    throw invalid(text);
  }
}

/** A name, an IPv4 literal or an IPv6 literal; whether a name resolves is found out when it is dialled. */
function isHost(host: string): boolean {
  if (host.length > HOST_LENGTH_MAX) return false;
  if (host.includes(":")) return isIpv6(host);
  return /^[\p{L}\p{N}_]([\p{L}\p{N}._-]*[\p{L}\p{N}_.])?$/u.test(host);
}

function isIpv6(host: string): boolean {
  const [address, ...zone] = host.split("%");
  if (zone.length > 1 || (zone.length === 1 && !/^[\w.-]+$/.test(zone[0]!))) return false;
  return URL.canParse(`http://[${address}]/`);
}

function invalid(text: string): PollenError {
  return new PollenError("invalid_argument", `"${text.slice(0, 300)}" is not an address.`, {
    fix: "Write it as host, host:port or [IPv6]:port.",
  });
}
