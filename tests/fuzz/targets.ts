// Every decoder of bytes and texts from outside: from peers, from the control socket, from the files
// of the state folder, from the command line, from the engine.

import { decodePem, encodePem } from "../../lib/auth/pem.ts";
import { decodeToken, encodeInviteToken, encodeJoinToken } from "../../lib/auth/mod.ts";
import { IDENTITY_KEY } from "../../lib/auth/key_files.ts";
import { openRedemption } from "../../lib/auth/sealed_redemption.ts";
import { openOnPort } from "../../lib/app/listen_port.ts";
import { parseArguments } from "../../lib/cli/arguments.ts";
import { COMMANDS } from "../../lib/cli/commands.ts";
import {
  parseIps,
  parseKeyPrefix,
  parseListenPort,
  parsePort,
  parseServiceName,
} from "../../lib/cli/values.ts";
import { decodeInvites, encodeInvites } from "../../lib/config/consumed_invites_file.ts";
import { formatDuration } from "../../lib/config/duration.ts";
import { Config, normalizeRelayAddr, parseDuration } from "../../lib/config/mod.ts";
import { systemRandom } from "../../lib/host/mod.ts";
import { readPeerCertificate } from "../../lib/mesh/certificate.ts";
import { FrameSplitter } from "../../lib/mesh/framing.ts";
import { sourceOf } from "../../lib/mesh/sources.ts";
import {
  AgentSummary,
  Envelope,
  EventRecords,
  Frame,
  GossipEventBatch,
  SealedRedemption,
} from "../../lib/proto/mod.ts";
import { PayloadReader, readRecords } from "../../lib/quic/records.ts";
import { decodeError, encodeError } from "../../lib/rpc/status.ts";
import { restore } from "../../lib/store/core_restore.ts";
import { Pages } from "../../lib/store/core_pages.ts";
import { missingRecords, summaryOf } from "../../lib/store/core_sync.ts";
import { recordOf } from "../../lib/registry/cluster/entries.ts";
import { formatSnapshot, readSnapshot } from "../../lib/store/snapshot.ts";
import {
  ERROR_TRAILER_BYTES_MAX,
  isIpLiteral,
  joinHostPort,
  PollenError,
  silentLog,
  splitHostPort,
  tryParsePeerKey,
} from "../../lib/types/mod.ts";
import { CODECS, goldenBytes, goldenEntries } from "../golden/golden.ts";
import { ROOT } from "../golden/network.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { addressOf, TestCore } from "../unit/node/fixtures.ts";
import { authority, BOB, ME } from "../unit/store/fixtures.ts";
import { mutateBytes } from "./mutate_bytes.ts";
import { mutateText } from "./mutate_text.ts";
import { ROUTER_TARGETS } from "./router_targets.ts";
import * as samples from "./samples.ts";
import type { Target } from "./target.ts";

const DIR = "/state";

/** A decoder of bytes in the form of protobuf or DER. */
function ofBytes<T>(
  name: string,
  form: "protobuf" | "der",
  valid: readonly Uint8Array[],
  decode: (bytes: Uint8Array) => T,
  again?: (value: T) => unknown,
): Target {
  return {
    name,
    input: (seeded) => mutateBytes(valid, form, seeded),
    decode: decode as Target["decode"],
    ...(again === undefined ? {} : { again: again as NonNullable<Target["again"]> }),
  };
}

/** A decoder of text. */
function ofText<T>(
  name: string,
  valid: readonly string[],
  decode: (text: string) => T,
  again?: (value: Awaited<T>) => unknown,
): Target {
  return {
    name,
    input: (seeded) => mutateText(valid, seeded),
    decode: decode as Target["decode"],
    ...(again === undefined ? {} : { again: again as NonNullable<Target["again"]> }),
  };
}

/** A decoder of the bytes of a text. */
function ofTextBytes<T>(
  name: string,
  valid: readonly string[],
  decode: (bytes: Uint8Array) => T,
  again?: (value: T) => unknown,
): Target {
  const encoder = new TextEncoder();
  return ofText(name, valid, (text) => decode(encoder.encode(text)), again as never);
}

const all = goldenEntries();
const bytesOf = (type: string) => all.filter((entry) => entry.type === type).map((e) => e.bytes);

const messages = [...CODECS].map(([type, codec]) => {
  const known = bytesOf(type);
  const valid = known.length > 0 ? known : all.map(({ bytes }) => bytes);
  return ofBytes(
    type,
    "protobuf",
    [...valid, codec.encode(codec.create())],
    (bytes) => codec.decode(bytes),
    (value) => codec.decode(codec.encode(value)),
  );
});

const core = await TestCore.open();
core.connect(BOB);
const state = restore(ME, authority(), null);
/** Believes everything, so that the forms of what is signed are what decides. */
const believing = { ...authority(), verifyEvent: () => true, isGenuine: () => true };
const signed = restore(ME, believing, null);
const pages = new Pages({
  local: ME,
  authority: { signPage: () => new Uint8Array(64), verifyPage: () => true },
  isMember: () => true,
  isRevoked: () => false,
});
const newer = await TestCore.open();
newer.connect(BOB, addressOf(BOB), "pollen/2");

const peers: readonly Target[] = [
  ofBytes(
    "a peer's certificate",
    "der",
    all.filter(({ name }) => /TLS certificate/.test(name)).map(({ bytes }) => bytes),
    readPeerCertificate,
  ),
  ofBytes(
    "an envelope, in the node's core",
    "protobuf",
    bytesOf("pollen.mesh.v1.Envelope"),
    (bytes) => {
      core.receive(BOB, Envelope.decode(bytes).body);
      core.now += 10;
    },
  ),
  ofBytes(
    "a batch of events, in the replicated state",
    "protobuf",
    bytesOf("pollen.state.v1.GossipEventBatch"),
    (bytes) => {
      state.apply(GossipEventBatch.decode(bytes).events);
      for (const event of state.missingFor({ counters: state.clock().counters })) {
        throw new Error(`the clock lacks ${event.counter}`);
      }
    },
  ),
  ofBytes(
    "a frame, in the node's core",
    "protobuf",
    bytesOf("pollen.mesh.v2.Frame"),
    (bytes) => {
      newer.step({ kind: "frame", packet: { peer: BOB, frame: Frame.decode(bytes) } });
      newer.now += 1_000;
    },
  ),
  ofBytes(
    "records of events, in the replicated state",
    "protobuf",
    bytesOf("pollen.mesh.v2.EventRecords"),
    (bytes) => {
      signed.applyRecords(EventRecords.decode(bytes));
      const { records } = missingRecords(signed, summaryOf(signed), { bytesMax: Infinity });
      if (records.length > 0) throw new Error("a replica lacks something of its own");
    },
  ),
  ofBytes(
    "a page of agents, in the replicated state and at a registry",
    "protobuf",
    bytesOf("pollen.state.v2.AgentPage"),
    (page) => {
      pages.apply([{ page, signature: new Uint8Array(64) }]);
      for (const { author, agents } of pages.all()) {
        for (const agent of agents) recordOf(agent, author);
        pages.drop(author);
      }
    },
  ),
  ofBytes(
    "a summary of agents, in the replicated state",
    "protobuf",
    bytesOf("pollen.mesh.v2.AgentSummary"),
    (bytes) => {
      const summary = AgentSummary.decode(bytes);
      pages.missing(summary, { bytesMax: Infinity });
      pages.mayLack(summary);
    },
  ),
  ofBytes(
    "a sealed redemption, at its issuer",
    "protobuf",
    bytesOf("pollen.mesh.v2.SealedRedemption"),
    (bytes) => openRedemption(SealedRedemption.decode(bytes), ROOT, systemRandom).subject,
  ),
  ofBytes(
    "the frames of a stream",
    "protobuf",
    [goldenBytes("a hello on its stream")],
    (bytes) => [...new FrameSplitter(65_536).push(bytes)],
  ),
  ofText("a token", samples.TOKENS, decodeToken, (token) =>
    decodeToken(
      token.kind === "join" ? encodeJoinToken(token.token) : encodeInviteToken(token.token),
    )),
  ofText("the source of an address", samples.ADDRESSES, sourceOf),
];

const files: readonly Target[] = [
  ofText(
    "state.yaml",
    samples.STATES,
    (text) => readSnapshot(ME, text).snapshot,
    (snapshot) => readSnapshot(ME, formatSnapshot(ME, snapshot)).snapshot,
  ),
  ofText("config.yaml", samples.CONFIGS, readConfig, (config) => readConfig(config.text)),
  ofTextBytes(
    "consumed_invites.json",
    samples.CONSUMED,
    (bytes) => decodeInvites(bytes, "file"),
    (invites) => decodeInvites(encodeInvites(invites), "file"),
  ),
  ofTextBytes(
    "a key file",
    samples.KEY_FILES,
    (bytes) => decodePem(IDENTITY_KEY.privateType, bytes, 32),
    (seed) => decodePem(IDENTITY_KEY.privateType, encodePem(IDENTITY_KEY.privateType, seed), 32),
  ),
  ofTextBytes("udp_port", ["60611\n", "1", "65535"], readPort),
];

const engine: readonly Target[] = [
  ofBytes("records of the engine", "der", samples.RECORDS, (bytes) => [...readRecords(bytes)]),
  ofBytes("a payload of the engine", "der", samples.PAYLOADS, (bytes) => {
    const reader = new PayloadReader(bytes);
    return [reader.address(), reader.number(), reader.text()];
  }),
];

const socket: readonly Target[] = [
  ofTextBytes("an error of the daemon", samples.ERRORS, (trailer) => {
    const { code, message, fix, details } = decodeError({ code: 13, details: "", trailer });
    return { code, message, fix, details };
  }, (value) => {
    const { code, message, fix, details } = value;
    // Long texts are cut when they are sent on.
    if (JSON.stringify(value).length > ERROR_TRAILER_BYTES_MAX / 2) return value;
    const options = { details, ...(fix === undefined ? {} : { fix }) };
    const again = decodeError(encodeError(new PollenError(code, message, options)));
    return { code: again.code, message: again.message, fix: again.fix, details: again.details };
  }),
];

const commandLine: readonly Target[] = [
  ofText("a duration", samples.DURATIONS, parseDuration, (ms) =>
    // People write fractions of what is written in whole milliseconds.
    Number.isInteger(ms) ? parseDuration(formatDuration(ms)) : ms),
  ofText("an address to join", samples.ADDRESSES, normalizeRelayAddr, normalizeRelayAddr),
  ofText(
    "host and port",
    samples.ADDRESSES,
    splitHostPort,
    ({ host, port }) => splitHostPort(joinHostPort(host, port)),
  ),
  ofText("an IP address", samples.ADDRESSES, isIpLiteral),
  ofText("IP addresses", samples.ADDRESSES, parseIps, (ips) => parseIps(ips.join(","))),
  ofText(
    "a port",
    samples.PORTS,
    (text) => parsePort(text, "port"),
    (port) => parsePort(String(port), "port"),
  ),
  ofText("a port to listen on", samples.PORTS, (text) => parseListenPort(text, "port")),
  ofText("the name of a service", samples.NAMES, parseServiceName, parseServiceName),
  ofText("a key", samples.KEYS, (text) => tryParsePeerKey(text)),
  ofText("the beginning of a key", samples.KEYS, parseKeyPrefix, parseKeyPrefix),
  ofText(
    "the words of a command",
    samples.COMMAND_LINES,
    (text) => parseArguments(text.split(" "), COMMANDS).args.positionals,
  ),
];

/** All of them. */
export const TARGETS: readonly Target[] = [
  ...messages,
  ...peers,
  ...files,
  ...engine,
  ...socket,
  ...commandLine,
  ...ROUTER_TARGETS,
];

async function readConfig(text: string) {
  const disk = new MemoryDisk();
  disk.put(`${DIR}/config.yaml`, text);
  const config = await Config.load(disk, DIR);
  const { bootstrapPeers, certTtls, congestion, portMapping, relay, relayLimit } = config;
  const relays = { relay, relayLimit };
  const settings = { bootstrapPeers, ttls: certTtls.fields, congestion, portMapping, ...relays };
  // Not compared: one text may be written in several ways.
  const written = config.toYaml();
  return Object.defineProperty(settings, "text", { value: written }) as typeof settings & {
    readonly text: string;
  };
}

async function readPort(bytes: Uint8Array): Promise<number> {
  const disk = new MemoryDisk();
  disk.put(`${DIR}/udp_port`, bytes);
  let opened = -1;
  const open = (port: number) => {
    opened = port;
    return Promise.resolve({} as never);
  };
  await openOnPort({ disk, dir: DIR, requested: undefined, log: silentLog, open });
  return opened;
}
