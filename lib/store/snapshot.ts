// The state file as text. What is written can be read again and means the same; what cannot be
// understood as a whole is refused, so that a damaged file is never replaced by an empty state.
//
//   # Pollen's state. …                  the first line; the last one is "# end"
//   format: 1                            what a reader must know; absent before it was counted: 0
//   local:
//     identityPublic: <64 hex>           this node; empty in a file that was never filled
//     counter: 65539                     the highest number on an own event; absent means 0
//     ended:                             own attributes to announce as deleted at the next start
//       services: [<name>]
//       reachability: [<64 hex>]
//       externalPort: true
//       publiclyAccessible: true
//   peers:                               sorted by key
//     - {identityPublic: <64 hex>, lastAddr: <ip:port>, addresses: [<ip>], port: 60611, externalPort: 60611}
//   services:                            of all nodes, sorted by name, provider
//     - {name: web, provider: <64 hex>, port: 8080}
//     - {name: dns, provider: <64 hex>, udp: 53}
//   connections:                         wanted forwards; localPort is the port that it had last
//     - {peer: <64 hex>, remotePort: 8080, localPort: 8080}
//     - {peer: <64 hex>, udp: 53, localPort: 53}
//   revocations:                         sorted by subject; data is a SignedRevocation
//     - {subjectPub: <64 hex>, data: <base64>}
//
// Everything but `format`, `counter`, `ended` and the two lines around it is the format of the original. Absent
// parts are empty, an unknown field is ignored, and an entry that means nothing is left out and named;
// a revocation that cannot be read is an error, or a node that was shut out would come back. YAML
// that is cut off between two lines is still YAML: hence the last line.

import { parse, stringify, YAMLParseError } from "yaml";
import { SignedRevocation } from "../proto/mod.ts";
import {
  comparePeerKeys,
  CONNECTIONS_MAX,
  errorText,
  formatAddress,
  type PeerKey,
  PollenError,
  SAVED_SERVICES_PER_PEER_MAX,
  type ServicePort,
  shortPeerKey,
  tryParsePeerKey,
} from "../types/mod.ts";
import { areAddresses, isServiceName } from "./core_attribute.ts";
import type { Connection, RememberedPeer, Snapshot } from "./records.ts";
import {
  asAddress,
  asCounter,
  asFields,
  asFormat,
  asKey,
  asList,
  asPort,
  asRecord,
  asServicePort,
  asText,
  asTexts,
  portFields,
} from "./snapshot_fields.ts";

const FIRST_WORDS = "# Pollen's state.";
const FIRST_LINE = `${FIRST_WORDS} Without the line "# end" at its end it is cut short.`;
const LAST_LINE = "# end";

/** What a state file holds, and what of it was left out. */
export interface ReadSnapshot {
  readonly snapshot: Snapshot;
  /** One sentence for each entry that means nothing. */
  readonly warnings: readonly string[];
}

/**
 * The format that is written; all up to it are read. It grows when a file of the state folder gets
 * content that earlier versions would misunderstand or lose.
 */
const STATE_FORMAT = 1;

/** The text of the state file. The same state gives the same text. */
export function formatSnapshot(local: PeerKey, snapshot: Snapshot): string {
  const { counter, ended, services, peers, connections, revocations } = snapshot;
  const allServices = [
    ...[...services].map(([name, port]) => ({
      name,
      provider: local,
      ...portFields(port, "port"),
    })),
    ...peers.flatMap(({ peer, services }) =>
      [...services].slice(0, SAVED_SERVICES_PER_PEER_MAX)
        .map(([name, port]) => ({ name, provider: peer, ...portFields(port, "port") }))
    ),
  ].sort((a, b) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : comparePeerKeys(a.provider, b.provider)
  );
  const body = stringify({
    format: STATE_FORMAT,
    local: {
      identityPublic: local,
      counter,
      ended: {
        services: ended.services,
        reachability: ended.reachability,
        ...(ended.externalPort ? { externalPort: true } : {}),
        ...(ended.publiclyAccessible ? { publiclyAccessible: true } : {}),
      },
    },
    peers: peers.map(({ peer, lastAddr, ips, localPort, externalPort }) => ({
      identityPublic: peer,
      ...(lastAddr === null ? {} : { lastAddr: formatAddress(lastAddr) }),
      ...(ips.length === 0 ? {} : { addresses: ips }),
      ...(localPort === 0 ? {} : { port: localPort }),
      ...(externalPort === 0 ? {} : { externalPort }),
    })),
    services: allServices,
    connections: connections.map(({ peerId, remotePort, localPort, service }) => ({
      peer: peerId,
      ...portFields(remotePort, "remotePort"),
      localPort,
      ...(service === undefined ? {} : { service }),
    })),
    revocations: revocations.map((revocation) => ({
      subjectPub: revocation.entry?.subjectPub.toHex() ?? "",
      data: SignedRevocation.encode(revocation).toBase64(),
    })),
  }, { aliasDuplicateObjects: false, lineWidth: 0 });
  return `${FIRST_LINE}\n${body}${LAST_LINE}\n`;
}

/**
 * Reads the text of a state file.
 *
 * @throws {PollenError} `malformed` when it is empty, cut short, no YAML or not of this shape,
 *   `unsupported` when a newer version wrote it, `failed_precondition` when it belongs to another node.
 */
export function readSnapshot(local: PeerKey, text: string): ReadSnapshot {
  if (text.startsWith(FIRST_WORDS) && !text.trimEnd().endsWith(`\n${LAST_LINE}`)) {
    throw new PollenError("malformed", "It is cut short.");
  }
  const tree = parseYaml(text);
  if (tree === null || tree === "") {
    throw new PollenError("malformed", "It is empty, which Pollen never leaves it.");
  }
  const root = asRecord(tree, "the file");
  demandKnownFormat(asFormat(root.format));
  const localPart = asRecord(root.local, "local");
  const owner = asText(localPart.identityPublic, "local.identityPublic");
  if (owner !== "" && owner.toLowerCase() !== local) {
    const other = tryParsePeerKey(owner);
    throw new PollenError(
      "failed_precondition",
      `It belongs to another node${other === null ? "" : ` (${shortPeerKey(other)})`}, not to ${
        shortPeerKey(local)
      }.`,
    );
  }
  const reader = new EntryReader(local);
  reader.readPeers(asList(root.peers, "peers"));
  reader.readServices(asList(root.services, "services"));
  const ended = asRecord(localPart.ended, "local.ended");
  return {
    snapshot: {
      counter: asCounter(localPart.counter),
      ended: {
        services: asList(ended.services, "local.ended.services")
          .filter((name) => typeof name === "string" && isServiceName(name)) as string[],
        reachability: asList(ended.reachability, "local.ended.reachability")
          .map(asKey).filter((key) => key !== null),
        externalPort: ended.externalPort === "true",
        publiclyAccessible: ended.publiclyAccessible === "true",
      },
      services: reader.ownServices,
      peers: [...reader.peers.values()],
      connections: reader.readConnections(asList(root.connections, "connections")),
      revocations: reader.readRevocations(asList(root.revocations, "revocations")),
    },
    warnings: reader.warnings,
  };
}

/** What a newer version wrote is neither guessed at nor written over. */
function demandKnownFormat(format: number): void {
  if (format <= STATE_FORMAT) return;
  throw new PollenError(
    "unsupported",
    `A newer version of pollen wrote it: its format is ${format}, and this version knows those up ` +
      `to ${STATE_FORMAT}. Nothing was changed.`,
  );
}

/** Reads lists of entries, noting those that mean nothing. */
class EntryReader {
  readonly warnings: string[] = [];
  readonly peers = new Map<PeerKey, RememberedPeer & { services: Map<string, ServicePort> }>();
  readonly ownServices = new Map<string, ServicePort>();
  readonly #local: PeerKey;

  constructor(local: PeerKey) {
    this.#local = local;
  }

  readPeers(entries: readonly unknown[]): void {
    for (const [index, entry] of entries.entries()) {
      const { identityPublic, lastAddr, addresses, port, externalPort } = asFields(entry);
      const peer = asKey(identityPublic);
      if (peer === null) {
        this.#leaveOut("peers", index);
        continue;
      }
      const ips = asTexts(addresses);
      this.peers.set(peer, {
        peer,
        ips: areAddresses(ips) ? ips : [],
        localPort: asPort(port),
        externalPort: asPort(externalPort),
        lastAddr: asAddress(lastAddr),
        services: new Map(),
      });
    }
  }

  readServices(entries: readonly unknown[]): void {
    for (const [index, entry] of entries.entries()) {
      const fields = asFields(entry);
      const { name } = fields;
      const key = asKey(fields.provider);
      const port = asServicePort(fields, "port");
      const isValid = typeof name === "string" && isServiceName(name) && port > 0;
      if (key === null || !isValid) {
        this.#leaveOut("services", index);
        continue;
      }
      if (key === this.#local) this.ownServices.set(name, port);
      else this.#peer(key).services.set(name, port);
    }
  }

  readConnections(entries: readonly unknown[]): Connection[] {
    const connections: Connection[] = [];
    for (const [index, entry] of entries.entries()) {
      const fields = asFields(entry);
      const peerId = asKey(fields.peer);
      const remotePort = asServicePort(fields, "remotePort");
      const localPort = asPort(fields.localPort);
      const name = fields.service;
      const service = typeof name === "string" && isServiceName(name) ? { service: name } : {};
      const isKept = peerId !== null && remotePort > 0 && localPort > 0 &&
        connections.length < CONNECTIONS_MAX;
      if (isKept) connections.push({ peerId, remotePort, localPort, ...service });
      else this.#leaveOut("connections", index);
    }
    return connections;
  }

  readRevocations(entries: readonly unknown[]): SignedRevocation[] {
    const revocations: SignedRevocation[] = [];
    for (const [index, entry] of entries.entries()) {
      const { data } = asFields(entry);
      try {
        revocations.push(SignedRevocation.decode(Uint8Array.fromBase64(String(data))));
      } catch (cause) {
        throw new PollenError("malformed", `In it, revocation ${index + 1} cannot be read.`, {
          cause,
        });
      }
    }
    return revocations;
  }

  /** A provider of a service that is not among the peers is one of them from now on. */
  #peer(peer: PeerKey): RememberedPeer & { services: Map<string, ServicePort> } {
    const known = this.peers.get(peer);
    if (known !== undefined) return known;
    const services = new Map<string, ServicePort>();
    const made = { peer, ips: [], localPort: 0, externalPort: 0, lastAddr: null, services };
    this.peers.set(peer, made);
    return made;
  }

  #leaveOut(list: string, index: number): void {
    this.warnings.push(`Entry ${index + 1} of "${list}" means nothing and was left out.`);
  }
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { schema: "failsafe", logLevel: "error" });
  } catch (cause) {
    const message = cause instanceof YAMLParseError ? cause.message : errorText(cause);
    throw new PollenError("malformed", `It is not YAML: ${message.split("\n")[0]}`, { cause });
  }
}
