// `config.yaml`: what the owner of a node tells it. Invariants: a file that is not understood is an
// error, never silently the defaults; what is saved is canonical; comments and settings of other
// versions survive a save.
//
// Unknown keys: at the top level they are kept, so that an older version does not delete what a
// newer one wrote. Inside an entry they are refused, because a misspelt lifetime or address would
// otherwise be ignored without a word.

import { Document, isMap, parseDocument, Scalar, visit } from "yaml";
import type { BootstrapPeer } from "../proto/mod.ts";
import {
  ADDRESSES_PER_PEER_MAX,
  CONFIG_BYTES_MAX,
  type Congestion,
  type Disk,
  PEER_KEY_BYTES,
  PollenError,
  RELAY_MEGABYTES_DEFAULT,
} from "../types/mod.ts";
import { canonicalPeers, type ConfiguredPeer, toProtoPeer } from "./bootstrap_peers.ts";
import { CertTtls, TTL_NAMES } from "./cert_ttls.ts";
import { readConfigFields } from "./config_fields.ts";
import { formatDuration } from "./duration.ts";

/** The file's name in the state directory. */
export const CONFIG_FILE = "config.yaml";

/** Only the owner reads it. */
const CONFIG_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

const BYTE_ORDER_MARK = "\uFEFF";

const DEFAULT_CONGESTION: Congestion = "cubic";

/** The settings that may be given. Absent ones are at their defaults. */
export interface ConfigFields {
  /** Peers to dial after a start. Default: none. */
  readonly bootstrapPeers?: readonly ConfiguredPeer[];
  /** Lifetimes of the certificates that this node issues. */
  readonly certTtls?: CertTtls;
  /** How the engine finds out how fast it may send. Default `cubic`. */
  readonly congestion?: Congestion;
  /** Whether the router is asked for a port. Default true. */
  readonly portMapping?: boolean;
  /** Whether packets are carried for other members that cannot meet. Default true. */
  readonly relay?: boolean;
  /** What is carried for each of them in each direction, in megabytes per second, 1…10,000. Default 12. */
  readonly relayLimit?: number;
}

/** The settings of one node. */
export class Config {
  /** Lifetimes of the certificates that this node issues. */
  readonly certTtls: CertTtls;
  /** How the engine finds out how fast it may send. */
  readonly congestion: Congestion;
  /** Whether the router is asked for a port. */
  readonly portMapping: boolean;
  /** Whether packets are carried for other members that cannot meet. */
  readonly relay: boolean;
  /** What each such relay may carry in each direction, in megabytes per second. */
  readonly relayLimit: number;
  /** What the owner should know of the file that was loaded. */
  readonly loadWarnings: readonly string[];
  #bootstrapPeers: readonly ConfiguredPeer[];
  /** The text it was read from, whose comments and unknown keys a save keeps. */
  readonly #source: string;

  /**
   * Settings that are in no file yet.
   *
   * @param source The text of the file they were read from, whose comments a save keeps.
   * @param loadWarnings What there is to say of that file.
   * @throws {PollenError} `invalid_argument` for peers that are none.
   */
  constructor(fields: ConfigFields = {}, source = "", loadWarnings: readonly string[] = []) {
    this.#bootstrapPeers = canonicalPeers(fields.bootstrapPeers ?? []);
    this.certTtls = fields.certTtls ?? new CertTtls();
    this.congestion = fields.congestion ?? DEFAULT_CONGESTION;
    this.portMapping = fields.portMapping ?? true;
    this.relay = fields.relay ?? true;
    this.relayLimit = fields.relayLimit ?? RELAY_MEGABYTES_DEFAULT;
    this.#source = source;
    this.loadWarnings = loadWarnings;
  }

  /** Peers to dial after a start, sorted by key. */
  get bootstrapPeers(): readonly ConfiguredPeer[] {
    return this.#bootstrapPeers;
  }

  /**
   * The settings in the directory's `config.yaml`; the defaults when it is missing. So they are when it
   * is empty, with a warning: no command leaves it so, and what it said may have been lost.
   *
   * @throws {PollenError} `malformed` when it is not understood, `permission_denied`, `io`, `too_large`.
   */
  static async load(disk: Disk, dir: string): Promise<Config> {
    const path = `${dir}/${CONFIG_FILE}`;
    const bytes = await disk.read(path, CONFIG_BYTES_MAX);
    if (bytes === null) return new Config();
    try {
      const source = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      const warnings = source.trim() === "" ? [emptyFile(path)] : [];
      const config = new Config(readConfigFields(parse(source)), source, warnings);
      // What the library reads and would not write is refused now, not at the first save.
      config.toYaml();
      return config;
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      throw new PollenError("malformed", `${path} is not understood. ${why}`, {
        fix: "Correct the file, or move it away to start from the defaults.",
        cause: thrown,
        details: { path },
      });
    }
  }

  /**
   * Writes `config.yaml`, whole or not at all, readable by its owner only.
   *
   * @returns itself, as the contract has it.
   * @throws {PollenError} `permission_denied`, `io`.
   */
  async save(disk: Disk, dir: string): Promise<this> {
    await disk.makeDirectory(dir, DIRECTORY_MODE);
    const bytes = new TextEncoder().encode(this.toYaml());
    await disk.writeAtomic(`${dir}/${CONFIG_FILE}`, bytes, CONFIG_MODE);
    return this;
  }

  /** The text that `save` writes. */
  toYaml(): string {
    const document = parse(this.#source);
    if (!isMap(document.contents)) document.contents = new Document({}).contents;
    if (this.#bootstrapPeers.length === 0) document.delete("bootstrapPeers");
    else document.set("bootstrapPeers", document.createNode(this.#bootstrapPeers.map(toYamlPeer)));

    const lifetimes: Record<string, string> = {};
    for (const [name, field] of Object.entries(TTL_NAMES)) {
      const value = this.certTtls.fields[field];
      if (value !== undefined) lifetimes[name] = formatDuration(value);
    }
    if (Object.keys(lifetimes).length === 0) document.delete("certTTLs");
    else document.set("certTTLs", document.createNode(lifetimes));
    if (this.congestion === DEFAULT_CONGESTION) document.delete("congestion");
    else document.set("congestion", this.congestion);
    if (this.portMapping) document.delete("portMapping");
    else document.set("portMapping", "off");
    if (this.relay) document.delete("relay");
    else document.set("relay", "off");
    if (this.relayLimit === RELAY_MEGABYTES_DEFAULT) document.delete("relayLimit");
    else document.set("relayLimit", String(this.relayLimit));
    return isEmptyMap(document) ? "" : document.toString({ lineWidth: 0 });
  }

  /**
   * Adds a peer to dial after a start, or addresses to one that is there. The newest addresses are
   * kept when there are more than 64.
   *
   * @throws {PollenError} `invalid_argument` for a key that is none, or without addresses.
   */
  rememberBootstrapPeer(peer: BootstrapPeer): void {
    if (peer.peerPub.length !== PEER_KEY_BYTES) {
      throw new PollenError("invalid_argument", "invalid bootstrap peer key length.");
    }
    const fresh = { peerKey: peer.peerPub.toHex(), addrs: peer.addrs };
    const [added] = canonicalPeers([fresh]);
    const known = this.#bootstrapPeers.find(({ peerKey }) => peerKey === added!.peerKey);
    const addrs = new Set([...added!.addrs, ...known?.addrs ?? []]);
    this.#bootstrapPeers = canonicalPeers([
      ...this.#bootstrapPeers.filter((other) => other !== known),
      { peerKey: added!.peerKey, addrs: [...addrs].slice(0, ADDRESSES_PER_PEER_MAX) },
    ]);
  }

  /** The peers to dial after a start, as tokens carry them. */
  bootstrapProtoPeers(): BootstrapPeer[] {
    return this.#bootstrapPeers.map(toProtoPeer);
  }
}

function emptyFile(path: string): string {
  return `${path} is empty. The defaults count, and no bootstrap peer is known. If there was ` +
    "something in it, restore it from a backup; to be rid of this warning, remove it.";
}

/**
 * Parses without guessing types: a key of digits alone stays the text it is. A pair of which one half
 * is missing gets an empty text there, because without types there is no way to write nothing.
 */
function parse(source: string): Document {
  // Inside a file it is an invisible part of a name; at its start, where a save may put it, it is none.
  if (source.includes(BYTE_ORDER_MARK)) {
    throw new Error("There is a byte-order mark (U+FEFF), which cannot be seen, within the text.");
  }
  const document = parseDocument(source, { schema: "failsafe", logLevel: "error" });
  visit(document, {
    Pair: (_, pair) => {
      pair.key ??= new Scalar("");
      pair.value ??= new Scalar("");
    },
  });
  const [problem] = document.errors;
  // The first line names the place; what follows draws a picture of it.
  if (problem !== undefined) throw new Error(problem.message.split("\n")[0]!.replace(/:?$/, "."));
  return document;
}

function toYamlPeer(peer: ConfiguredPeer): Record<string, unknown> {
  const peerPub = new Scalar(peer.peerKey);
  peerPub.type = Scalar.QUOTE_DOUBLE; // Other readers of YAML would take digits alone for a number.
  return { peerPub, addrs: peer.addrs };
}

function isEmptyMap(document: Document): boolean {
  return isMap(document.contents) && document.contents.items.length === 0 &&
    !document.commentBefore && !document.comment && !document.contents.comment;
}
