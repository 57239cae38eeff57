// The file of `pollen registry --config`: YAML, of which JSON is a part. Every setting may be left
// out; one that is not known is refused, because a misspelt one would be ignored without a word.

import { parseDocument } from "yaml";
import { CONFIG_ALIASES_MAX, errorText, isPort, PollenError } from "../types/mod.ts";
import { parseDuration } from "./duration.ts";

const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
const LOG_FORMATS = ["logfmt", "json"] as const;

/** What the owner of a registry tells it. Absent settings are at their defaults. */
export interface RegistrySettings {
  /** TCP ports of gRPC and HTTP; 0 is any free one. */
  readonly port?: number;
  readonly httpPort?: number;
  /** In milliseconds. */
  readonly heartbeatTimeoutMs?: number;
  readonly storage?: string;
  readonly bind?: readonly string[];
  readonly isOpen?: boolean;
  readonly apiKey?: string;
  readonly allowedHosts?: readonly string[];
  /** Paths of PEM files. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly logLevel?: typeof LOG_LEVELS[number];
  readonly logFormat?: typeof LOG_FORMATS[number];
}

type Reader = (value: unknown, place: string) => unknown;

const TOP: Readonly<Record<string, readonly [keyof RegistrySettings, Reader]>> = {
  port: ["port", asPort],
  httpPort: ["httpPort", asPort],
  heartbeatTimeout: ["heartbeatTimeoutMs", asDuration],
  storage: ["storage", asText],
  bind: ["bind", asTexts],
  open: ["isOpen", asSwitch],
  apiKey: ["apiKey", asText],
  allowHosts: ["allowedHosts", asTexts],
};
const TLS: typeof TOP = { cert: ["tlsCert", asText], key: ["tlsKey", asText] };
const LOG: typeof TOP = {
  level: ["logLevel", oneOf(LOG_LEVELS)],
  format: ["logFormat", oneOf(LOG_FORMATS)],
};

/**
 * The settings in a file's text.
 *
 * @throws {PollenError} `malformed` with the place of the mistake.
 */
export function parseRegistrySettings(text: string): RegistrySettings {
  const root = asMap(parseYaml(text) ?? {}, "The file");
  const { tls, log, ...top } = root;
  return {
    ...read(top, TOP, "The file", ["tls", "log"]),
    ...read(asMap(tls ?? {}, "tls"), TLS, "tls"),
    ...read(asMap(log ?? {}, "log"), LOG, "log"),
  };
}

function parseYaml(text: string): unknown {
  // What it would warn of is refused below, with its place.
  const document = parseDocument(text, { logLevel: "error" });
  const [problem] = document.errors;
  if (problem !== undefined) throw malformed(problem.message.split("\n")[0]!.replace(/:?$/, "."));
  try {
    return document.toJS({ maxAliasCount: CONFIG_ALIASES_MAX });
  } catch (thrown) {
    // References that lead nowhere, or are too many.
    throw malformed(`${errorText(thrown)}.`);
  }
}

function read(
  map: Readonly<Record<string, unknown>>,
  known: typeof TOP,
  place: string,
  others: readonly string[] = [],
): RegistrySettings {
  const settings: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(map)) {
    if (value === null) continue;
    const setting = Object.hasOwn(known, name) ? known[name] : undefined;
    if (setting === undefined) {
      const names = [...Object.keys(known), ...others].join(", ");
      throw malformed(`${place} has no setting "${name}"; it knows ${names}.`);
    }
    const [field, reader] = setting;
    settings[field] = reader(value, place === "The file" ? name : `${place}.${name}`);
  }
  return settings;
}

function asMap(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw malformed(`${place} must be a set of "name: value" lines.`);
}

function asText(value: unknown, place: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw malformed(`${place} must be a text.`);
}

function asTexts(value: unknown, place: string): string[] {
  return (Array.isArray(value) ? value : [value]).map((item) => asText(item, place));
}

function asPort(value: unknown, place: string): number {
  const port = typeof value === "string" ? Number(value) : value;
  if (typeof port === "number" && (value === 0 || isPort(port))) return port;
  throw malformed(`${place} must be a port, a number from 0 to 65535.`);
}

function asSwitch(value: unknown, place: string): boolean {
  if (typeof value === "boolean") return value;
  throw malformed(`${place} must be true or false.`);
}

function asDuration(value: unknown, place: string): number {
  return parseDuration(asText(value, place));
}

function oneOf(words: readonly string[]): Reader {
  return (value, place) => {
    if (typeof value === "string" && words.includes(value)) return value;
    throw malformed(`${place} must be ${words.join(" or ")}.`);
  };
}

function malformed(message: string): PollenError {
  return new PollenError("malformed", message);
}
