// The addresses that an invite carries: what the user names, what they mean for who may use them.
// Pure.

import { normalizeRelayAddr } from "../config/mod.ts";
import type { BootstrapPeer } from "../proto/mod.ts";
import {
  isIpLiteral,
  type PeerKey,
  peerKeyBytes,
  PollenError,
  splitHostPort,
  tryParsePeerKey,
} from "../types/mod.ts";

/**
 * Peers from `KEY@HOST:PORT`; the port may be missing. Several addresses of one key become one peer.
 *
 * @throws {PollenError} `invalid_argument`.
 */
export function parseBootstrap(specs: readonly string[]): BootstrapPeer[] {
  const addresses = new Map<PeerKey, string[]>();
  for (const spec of specs) {
    const at = spec.indexOf("@");
    const key = at === -1 ? null : tryParsePeerKey(spec.slice(0, at));
    if (key === null) {
      throw new PollenError(
        "invalid_argument",
        `"${spec}" does not name a machine to join through.`,
        {
          fix: "Write --bootstrap KEY@HOST:PORT, with the key that `pollen id` prints there.",
        },
      );
    }
    const address = normalizeRelayAddr(spec.slice(at + 1));
    if (UNSPECIFIED.test(splitHostPort(address).host)) throw unspecified(spec);
    const known = addresses.get(key);
    if (known === undefined) addresses.set(key, [address]);
    else if (!known.includes(address)) known.push(address);
  }
  return [...addresses].map(([key, addrs]) => ({ peerPub: peerKeyBytes(key), addrs }));
}

/** All addresses of a machine, to listen at: nobody can dial them (RFC 1122, 4291). */
const UNSPECIFIED = /^(0+(\.0+){0,3}|[0:]*::[0:]*|0+(:0+){7})$/;

function unspecified(spec: string): PollenError {
  return new PollenError(
    "invalid_argument",
    `"${spec}" names no machine: that address stands for every address of one.`,
    { fix: "Name an address at which the others reach it." },
  );
}

/** Address ranges that mean nothing outside one site (RFC 1918, 6598, 3927, 4193, 4291). */
const LOCAL_RANGES =
  /^(10\.|127\.|0\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)|^(::1?$|f[cd]|fe[89ab])/i;

/** Whether `host:port` can be meant for the whole internet: a public address, or a name. */
export function isReachableFromOutside(address: string): boolean {
  const { host } = splitHostPort(address);
  return isIpLiteral(host) ? !LOCAL_RANGES.test(host) : host !== "localhost";
}
