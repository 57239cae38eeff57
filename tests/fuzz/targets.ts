// Every decoder of bytes and texts from outside: from peers and those who are none yet, from agents and
// browsers of a registry, from the control socket, from files, from the command line, from the engine.

import { decodeToken, encodeInviteToken, encodeJoinToken } from "../../lib/auth/mod.ts";
import { openRedemption } from "../../lib/auth/sealed_redemption.ts";
import { parseArguments } from "../../lib/cli/arguments.ts";
import { COMMANDS } from "../../lib/cli/commands.ts";
import {
  parseIps,
  parseKeyPrefix,
  parseListenPort,
  parsePort,
  parseServiceName,
} from "../../lib/cli/values.ts";
import { formatDuration } from "../../lib/config/duration.ts";
import { normalizeRelayAddr, parseDuration } from "../../lib/config/mod.ts";
import { systemRandom } from "../../lib/host/mod.ts";
import { readPeerCertificate } from "../../lib/mesh/certificate.ts";
import { FrameSplitter } from "../../lib/mesh/framing.ts";
import { sealedQuestion } from "../../lib/mesh/invite_ask.ts";
import { ProbeCodec } from "../../lib/mesh/path_probe.ts";
import { sourceOf } from "../../lib/mesh/sources.ts";
import {
  AgentSummary,
  Envelope,
  EventRecords,
  Frame,
  GossipEventBatch,
  health,
  Links,
  orchion,
  reflection,
  SealedAnswer,
  SealedRedemption,
} from "../../lib/proto/mod.ts";
import { PayloadReader, readRecords } from "../../lib/quic/records.ts";
import { decodeError, encodeError } from "../../lib/rpc/status.ts";
import { decodeProbe, encodeProbe } from "../../lib/sock/mod.ts";
import { restore } from "../../lib/store/core_restore.ts";
import { Pages } from "../../lib/store/core_pages.ts";
import { missingRecords, summaryOf } from "../../lib/store/core_sync.ts";
import { decodeLinks, encodeLinks } from "../../lib/store/links.ts";
import { recordOf } from "../../lib/registry/cluster/entries.ts";
import {
  ERROR_TRAILER_BYTES_MAX,
  isIpLiteral,
  joinHostPort,
  peerKeyFromBytes,
  PollenError,
  splitHostPort,
  tryParsePeerKey,
} from "../../lib/types/mod.ts";
import { CODECS, goldenBytes, goldenEntries, isCodec } from "../golden/golden.ts";
import { NODE, OPEN_INVITE, ROOT } from "../golden/network.ts";
import { addressOf, TestCore } from "../unit/node/fixtures.ts";
import { authority, BOB, ME } from "../unit/store/fixtures.ts";
import { FILE_TARGETS } from "./file_targets.ts";
import { ofBytes, ofText, ofTextBytes } from "./forms.ts";
import { REGISTRY_TARGETS } from "./registry_targets.ts";
import { ROUTER_TARGETS } from "./router_targets.ts";
import * as samples from "./samples.ts";
import type { Target } from "./target.ts";

const all = goldenEntries();
const bytesOf = (type: string) => all.filter((entry) => entry.type === type).map((e) => e.bytes);

/** Those of gRPC stand apart from our own in `proto`. */
const codecs = [
  ...CODECS.values(),
  ...[orchion, health, reflection].flatMap((names) => Object.values(names).filter(isCodec)),
];
const messages = codecs.map((codec) => {
  const type = codec.typeName;
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

/** Two ends of a session. A probe that is none of the other end's must not pass for one. */
const [ours, their] = [true, false].map((isDialler) =>
  new ProbeCodec(new Uint8Array(32).fill(7), isDialler)
) as [ProbeCodec, ProbeCodec];
const theirs = (["ask", "answer"] as const).map((kind) => their.encode({ kind, number: 258n }));
const question = sealedAnswer();

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
    "the answer to a sealed redemption, at the newcomer",
    "protobuf",
    [question.answer, ...bytesOf("pollen.mesh.v2.SealedAnswer")],
    question.read,
  ),
  ofBytes(
    "what a node says of its sessions",
    "protobuf",
    samples.LINKS,
    (bytes) => decodeLinks(Links.decode(bytes)),
    (links) => decodeLinks(encodeLinks(links)),
  ),
  ofBytes("a probe of pollen/1", "der", samples.PROBES, (bytes) => {
    const probe = decodeProbe(bytes);
    if (probe !== null) demandSame(encodeProbe(probe), bytes);
  }),
  ofBytes("a probe of pollen/2", "der", theirs, (bytes) => {
    const probe = ours.decode(bytes);
    if (probe !== null) demandSame(their.encode(probe), bytes);
  }),
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
  ...FILE_TARGETS,
  ...engine,
  ...socket,
  ...commandLine,
  ...ROUTER_TARGETS,
  ...REGISTRY_TARGETS,
];

/** A sealed question, the issuer's answer to it as it travels, and who reads it. */
function sealedAnswer() {
  const identity = { ...NODE, peerKey: peerKeyFromBytes(NODE.publicKey) };
  const { request, read } = sealedQuestion({ identity, random: systemRandom }, OPEN_INVITE);
  const opened = openRedemption(SealedRedemption.decode(request), ROOT, systemRandom);
  const sealed = opened.seal({ accepted: false, reason: "used" });
  return { read, answer: SealedAnswer.encode(SealedAnswer.create({ sealed })) };
}

function demandSame(again: Uint8Array, bytes: Uint8Array): void {
  if (again.toHex() !== bytes.toHex()) throw new Error("other bytes stand for the same");
}
