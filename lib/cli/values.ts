// Values of flags and arguments: ports, addresses, names. Pure; a wrong one is an
// `invalid_argument` that says what is right.

import {
  isIpLiteral,
  PollenError,
  PORT_MAX,
  RELAY_MEGABYTES_MAX,
  RELAY_MEGABYTES_MIN,
  SERVICE_NAME_LENGTH_MAX,
  SERVICE_NAME_LENGTH_MIN,
} from "../types/mod.ts";

/** The number of a port that something can be reached at, or undefined for any other text. */
export function tryParsePort(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 1 && port <= PORT_MAX ? port : undefined;
}

/** @throws {PollenError} `invalid_argument` when the text is no port; `what` names it in the message. */
export function parsePort(text: string, what: string): number {
  const port = tryParsePort(text);
  if (port !== undefined) return port;
  throw new PollenError("invalid_argument", `"${text}" is not a ${what}.`, {
    fix: `A port is a number from 1 to ${PORT_MAX}.`,
  });
}

/** As `parsePort`, with 0 for "any free one". */
export function parseListenPort(text: string, what: string): number {
  return text === "0" ? 0 : parsePort(text, what);
}

/** IP addresses between commas. */
export function parseIps(text: string): string[] {
  const ips = text.split(",").map((part) => part.trim()).filter((part) => part !== "");
  const wrong = ips.find((ip) => !isIpLiteral(ip));
  if (wrong === undefined && ips.length > 0) return ips;
  throw new PollenError(
    "invalid_argument",
    wrong === undefined ? "--ips names no address." : `"${wrong}" is not an IP address.`,
    { fix: "Write addresses, not names, with commas between: --ips 203.0.113.7,2001:db8::7" },
  );
}

/** Megabytes per second that a relay may carry. */
export function parseRelayLimit(text: string): number {
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit >= RELAY_MEGABYTES_MIN && limit <= RELAY_MEGABYTES_MAX) return limit;
  throw new PollenError("invalid_argument", `"${text}" is not a limit for relays.`, {
    fix: `Give megabytes per second, ${RELAY_MEGABYTES_MIN} to ${RELAY_MEGABYTES_MAX}; ` +
      "to carry nothing for others there is --no-relay.",
  });
}

/** The name of a service as it is told to the daemon. */
export function parseServiceName(text: string): string {
  const length = [...text].length;
  if (length >= SERVICE_NAME_LENGTH_MIN && length <= SERVICE_NAME_LENGTH_MAX) return text;
  throw new PollenError(
    "invalid_argument",
    `A service's name of ${length} characters is not possible.`,
    {
      fix: `Choose one of ${SERVICE_NAME_LENGTH_MIN} to ${SERVICE_NAME_LENGTH_MAX} characters.`,
    },
  );
}

/**
 * The beginning of a key, in lower case.
 *
 * @throws {PollenError} `invalid_argument` for what no key begins with.
 */
export function parseKeyPrefix(text: string): string {
  if (/^[0-9a-f]{1,64}$/i.test(text)) return text.toLowerCase();
  throw new PollenError("invalid_argument", `"${text}" is not the beginning of a key.`, {
    fix: "Keys are written with 0-9 and a-f; see them with: pollen status",
  });
}
