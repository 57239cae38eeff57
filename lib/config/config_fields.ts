// From the tree of a YAML file to settings, every mistake named by its place in the file.

import type { Document } from "yaml";
import {
  CONFIG_ALIASES_MAX,
  type Congestion,
  CONGESTIONS,
  PollenError,
  RELAY_MEGABYTES_MAX,
  RELAY_MEGABYTES_MIN,
} from "../types/mod.ts";
import type { RawPeer } from "./bootstrap_peers.ts";
import { canonicalPeers, type ConfiguredPeer } from "./bootstrap_peers.ts";
import { CertTtls, TTL_NAMES } from "./cert_ttls.ts";
import { parseDuration } from "./duration.ts";

/**
 * The settings in a parsed `config.yaml` whose scalars are all text.
 *
 * @throws {PollenError} `malformed`, `invalid_argument` with the place of the mistake.
 */
export function readConfigFields(
  document: Document,
): {
  bootstrapPeers: ConfiguredPeer[];
  certTtls: CertTtls;
  congestion?: Congestion;
  portMapping?: boolean;
  relay?: boolean;
  relayLimit?: number;
} {
  const tree: unknown = document.toJS({ maxAliasCount: CONFIG_ALIASES_MAX });
  if (isAbsent(tree)) return { bootstrapPeers: [], certTtls: new CertTtls() };
  const root = asMap(tree, "The file");
  return {
    bootstrapPeers: canonicalPeers(readPeers(root["bootstrapPeers"])),
    certTtls: readTtls(root["certTTLs"]),
    ...readCongestion(root["congestion"]),
    ...readSwitch(root, "portMapping"),
    ...readSwitch(root, "relay"),
    ...readRelayLimit(root["relayLimit"]),
  };
}

function readPeers(value: unknown): RawPeer[] {
  if (isAbsent(value)) return [];
  return asList(value, "bootstrapPeers").map((item, index) => {
    const place = `bootstrapPeers[${index}]`;
    const peer = asMap(item, place);
    allowOnly(peer, ["peerPub", "addrs"], place);
    const addrs = isAbsent(peer["addrs"]) ? [] : asList(peer["addrs"], `${place}.addrs`);
    return {
      peerKey: isAbsent(peer["peerPub"]) ? "" : asText(peer["peerPub"], `${place}.peerPub`),
      addrs: addrs.map((address, at) => asText(address, `${place}.addrs[${at}]`)),
    };
  });
}

function readTtls(value: unknown): CertTtls {
  if (isAbsent(value)) return new CertTtls();
  const lifetimes = asMap(value, "certTTLs");
  allowOnly(lifetimes, Object.keys(TTL_NAMES), "certTTLs");
  const fields: Record<string, number> = {};
  for (const [name, field] of Object.entries(TTL_NAMES)) {
    const lifetime = lifetimes[name];
    if (isAbsent(lifetime)) continue;
    fields[field] = parseDuration(asText(lifetime, `certTTLs.${name}`));
  }
  return new CertTtls(fields);
}

function readCongestion(value: unknown): { congestion?: Congestion } {
  if (isAbsent(value)) return {};
  const text = asText(value, "congestion");
  const congestion = CONGESTIONS.find((known) => known === text);
  if (congestion === undefined) throw malformed(`congestion must be ${CONGESTIONS.join(" or ")}.`);
  return { congestion };
}

function readSwitch<Name extends string>(
  root: Readonly<Record<string, unknown>>,
  name: Name,
): { [name in Name]?: boolean } {
  if (isAbsent(root[name])) return {};
  const text = asText(root[name], name);
  if (text !== "on" && text !== "off") throw malformed(`${name} must be on or off.`);
  return { [name]: text === "on" } as { [name in Name]?: boolean };
}

function readRelayLimit(value: unknown): { relayLimit?: number } {
  if (isAbsent(value)) return {};
  const text = asText(value, "relayLimit");
  const relayLimit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (relayLimit >= RELAY_MEGABYTES_MIN && relayLimit <= RELAY_MEGABYTES_MAX) return { relayLimit };
  throw malformed(
    `relayLimit must be a number of ${RELAY_MEGABYTES_MIN} to ${RELAY_MEGABYTES_MAX}.`,
  );
}

/** Nothing after the colon, or YAML's ways of writing nothing. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === "" || value === "~" || value === "null";
}

function asMap(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw malformed(`${place} must be a set of "name: value" lines.`);
}

function asList(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed(`${place} must be a list.`);
}

function asText(value: unknown, place: string): string {
  if (typeof value === "string") return value;
  throw malformed(`${place} must be a single value.`);
}

function allowOnly(map: Readonly<Record<string, unknown>>, known: readonly string[], at: string) {
  const unknown = Object.keys(map).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw malformed(`${at} has no setting "${unknown}"; it knows ${known.join(", ")}.`);
  }
}

function malformed(message: string): PollenError {
  return new PollenError("malformed", message);
}
