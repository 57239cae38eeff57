// Fields of a parsed YAML file, checked. Two rules: a part of the wrong shape means that the file is
// not ours and is an error; a value of the wrong kind within an entry reads as absent. Every scalar
// comes as its text, so that a key of digits alone is a key, and a counter keeps all of them.

import {
  COUNTER_MAX,
  isIpLiteral,
  isPort,
  isUdpPort,
  type PeerKey,
  PollenError,
  portNumber,
  type ServicePort,
  servicePort,
  type SocketAddress,
  splitHostPort,
  tryParsePeerKey,
} from "../types/mod.ts";

export function asRecord(value: unknown, place: string): Record<string, unknown> {
  if (isAbsent(value)) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw wrongShape(place, "a mapping");
  return value as Record<string, unknown>;
}

export function asList(value: unknown, place: string): readonly unknown[] {
  if (isAbsent(value)) return [];
  if (!Array.isArray(value)) throw wrongShape(place, "a list");
  return value;
}

export function asText(value: unknown, place: string): string {
  if (isAbsent(value)) return "";
  if (typeof value !== "string") throw wrongShape(place, "text");
  return value;
}

export function asCounter(value: unknown): bigint {
  if (isAbsent(value)) return 0n;
  const counter = typeof value === "string" && /^\d{1,20}$/.test(value) ? BigInt(value) : -1n;
  if (counter < 0n || counter > COUNTER_MAX) {
    throw wrongShape("local.counter", "a whole number below 2^64");
  }
  return counter;
}

/** The number of a format; 0 when it is not there. */
export function asFormat(value: unknown): number {
  if (isAbsent(value)) return 0;
  if (typeof value === "string" && /^\d{1,9}$/.test(value)) return Number(value);
  throw wrongShape("format", "a whole number");
}

/** A part that is missing, empty or one of YAML's words for nothing. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === "" || value === "null" || value === "~";
}

function wrongShape(place: string, expected: string): PollenError {
  return new PollenError("malformed", `In it, ${place} is not ${expected}.`);
}

export function asFields(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

export function asTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

export function asKey(value: unknown): PeerKey | null {
  return typeof value === "string" ? tryParsePeerKey(value) : null;
}

/** A port of 1…65535, or 0. */
export function asPort(value: unknown): number {
  const port = typeof value === "string" && /^\d{1,5}$/.test(value) ? Number(value) : 0;
  return isPort(port) ? port : 0;
}

export function asAddress(value: unknown): SocketAddress | null {
  try {
    const { host, port } = splitHostPort(String(value ?? ""));
    return isIpLiteral(host) ? { ip: host, port } : null;
  } catch {
    return null;
  }
}

/** A service's port as its fields say it: that of UDP has a field of its own. 0 for none. */
export function asServicePort(
  fields: Readonly<Record<string, unknown>>,
  tcpField: "port" | "remotePort",
): ServicePort {
  const udp = asPort(fields.udp);
  return udp > 0 ? servicePort(udp, true) : asPort(fields[tcpField]);
}

/** The fields that say a service's port. Earlier versions leave out an entry that has none of TCP. */
export function portFields(
  port: ServicePort,
  tcpField: "port" | "remotePort",
): Record<string, number> {
  return { [isUdpPort(port) ? "udp" : tcpField]: portNumber(port) };
}
