// The messages of state2.golden and mesh2.golden.

import type {
  AgentEntry,
  AgentPage,
  AgentPages,
  AgentSummary,
  AuthorPages,
  Digest,
  EventRecord,
  EventRecords,
  Frame,
  Hello,
  Links,
  MemberEvent,
  NatReport,
  PageCounter,
  Position,
  PunchCoordRefusal,
  PunchCoordUnequal,
  Reachability,
  RelayAcceptance,
  RelayGrant,
  RelayRefusal,
  RelayRequest,
  RelayWithdrawal,
  SignedEvent,
  SignedPage,
  Summary,
} from "../../../lib/proto/mod.ts";
import { RelayRefusalReason } from "../../../lib/proto/mod.ts";
import { goldenBytes } from "../golden.ts";
import { MEMBERSHIP, NODE, OTHER } from "../network.ts";
import { MESH_VALUES } from "./mesh.ts";
import { STATE_VALUES } from "./state.ts";

const author = NODE.publicKey;
const reachability: Reachability = { peer: OTHER.publicKey };

function event(
  counter: bigint,
  change: NonNullable<MemberEvent["change"]>,
  deleted = false,
): MemberEvent {
  return { author, counter, deleted, change };
}

export const MEMBER_EVENTS = {
  "a member's event: network": event(1n, {
    kind: "network",
    value: STATE_VALUES["a network change"],
  }),
  "a member's event: external port": event(2n, {
    kind: "externalPort",
    value: STATE_VALUES["an external port"],
  }),
  "a member's event: identity": event(3n, {
    kind: "identityPub",
    value: STATE_VALUES["an identity"],
  }),
  "a member's event: service": event(300n, {
    kind: "service",
    value: STATE_VALUES["a service change"],
  }),
  "a member's event: service deleted": event(
    301n,
    { kind: "service", value: { name: "wéb", port: 0 } },
    true,
  ),
  "a member's event: udp service": event(302n, {
    kind: "udpService",
    value: STATE_VALUES["a service change"],
  }),
  "a member's event: reachability": event(5n, { kind: "reachability", value: reachability }),
  "a member's event: revocation": event(2n ** 64n - 1n, {
    kind: "revocation",
    value: STATE_VALUES["a revocation change"],
  }),
  "a member's event: accessible": event(8n, {
    kind: "publiclyAccessible",
    value: STATE_VALUES["an accessibility"],
  }),
};

/** What was signed is bytes; they, the signature and the hashes over them are taken as they are. */
const part = (name: string, from: number, length: number) =>
  goldenBytes(name).slice(from, from + length);

function signed(name: string, of: keyof typeof MEMBER_EVENTS): SignedEvent {
  const event = goldenBytes(of);
  return { event, signature: goldenBytes(name).slice(-64) };
}

const first = signed("a signed event", "a member's event: reachability");
const second = signed("another signed event", "a member's event: service");
const record: EventRecord = { body: { kind: "signed", value: first } };
const unsigned: EventRecord = {
  body: { kind: "unsigned", value: STATE_VALUES["an event: reachability"] },
};
const [mine, theirs]: Position[] = [
  { author, counter: 300n, fingerprint: Uint8Array.of() },
  { author: OTHER.publicKey, counter: 5n, fingerprint: Uint8Array.of() },
];
const positions = [mine!, theirs!]
  .sort((a, b) => a.author.toHex() < b.author.toHex() ? -1 : 1)
  .map((position, index): Position => ({
    ...position,
    fingerprint: index === 0
      ? goldenBytes("a position").slice(-8)
      : goldenBytes("a summary").slice(-8),
  }));
const hello: Hello = { version: "1.2.3", capabilities: ["paths", "udp"] };
const agent: AgentEntry = {
  id: "a-1",
  hostname: "machine",
  agentAddress: "machine:50052",
  capabilities: new TextEncoder().encode("\n\x074 cores"),
  registeredAtMs: 1_800_000_000_000n,
  lastSeenMs: 1_800_000_000_001n,
  offlineAtMs: 0n,
  source: "192.0.2.7",
};
const gone: AgentEntry = {
  id: "a-2",
  hostname: "",
  agentAddress: "",
  capabilities: Uint8Array.of(),
  registeredAtMs: 0n,
  lastSeenMs: 0n,
  offlineAtMs: 1_800_000_000_002n,
  source: "",
};
const page: AgentPage = { author, page: 1, counter: 7n, agents: [agent, gone] };
const links: Links = {
  peers: Uint8Array.fromHex("00112233445566778899aabbccddeeff"),
  paths: Uint8Array.of(25, 128 + 64),
  carriers: OTHER.publicKey.slice(0, 8),
};
const machinePage: AgentPage = { author, page: 0, counter: 8n, agents: [gone], links };
const signedPage: SignedPage = {
  page: goldenBytes("a page of agents"),
  signature: goldenBytes("a signed page").slice(-64),
};
const counter: PageCounter = { page: 1, counter: 7n };
const authorPages: AuthorPages = { author, pages: [counter] };
const agentSummary: AgentSummary = { authors: [authorPages] };
const agentPages: AgentPages = { pages: [signedPage], more: true };
const digest: Digest = { hash: part("a digest", 2, 32), agents: part("a digest", 36, 32) };
const summary: Summary = { positions };
const records: EventRecords = {
  records: [record, unsigned],
  more: true,
  memberships: [MEMBERSHIP],
};

const refusal: PunchCoordRefusal = { peerId: OTHER.publicKey };
const relayRequest: RelayRequest = { peerId: OTHER.publicKey };
const relayGrant: RelayGrant = { peerId: OTHER.publicKey, flow: 2 ** 32 - 1 };
const relayAcceptance: RelayAcceptance = { flow: 300 };
const relayRefusal: RelayRefusal = {
  peerId: OTHER.publicKey,
  reason: RelayRefusalReason.DECLINED,
};
const relayWithdrawal: RelayWithdrawal = { flow: 300, carried: true };
const nat: NatReport = { mapping: 3 };
const unequal: PunchCoordUnequal = { trigger: MESH_VALUES["a punch trigger"], isHard: true };
const frame = (body: NonNullable<Frame["body"]>): Frame => ({ body });

export const FRAME_VALUES = {
  "a binary reachability": reachability,
  ...MEMBER_EVENTS,
  "a signed event": first,
  "another signed event": second,
  "a record of a signed event": record,
  "a record of an unsigned event": unsigned,
  "a position": positions[0]!,
  "an agent": agent,
  "a page of agents": page,
  "how sessions go": links,
  "a page of a machine": machinePage,
  "a signed page": signedPage,
  "a page's counter": counter,
  "an author's pages": authorPages,
  "a summary of agents": agentSummary,
  "pages of agents": agentPages,
  "a frame: summary of agents": frame({ kind: "agentSummary", value: agentSummary }),
  "a frame: pages of agents": frame({ kind: "agentPages", value: agentPages }),
  "a hello": hello,
  "a digest": digest,
  "a summary": summary,
  "records": records,
  "a frame: hello": frame({ kind: "hello", value: hello }),
  "a frame: digest": frame({ kind: "digest", value: digest }),
  "a frame: summary": frame({ kind: "summary", value: summary }),
  "a frame: records": frame({ kind: "records", value: records }),
  "a punch refusal": refusal,
  "a frame: punch request": frame({
    kind: "punchCoordRequest",
    value: MESH_VALUES["a punch request"],
  }),
  "a frame: punch trigger": frame({
    kind: "punchCoordTrigger",
    value: MESH_VALUES["a punch trigger"],
  }),
  "a frame: punch refusal": frame({ kind: "punchCoordRefusal", value: refusal }),
  "a relay request": relayRequest,
  "a relay grant": relayGrant,
  "a relay acceptance": relayAcceptance,
  "a relay refusal": relayRefusal,
  "a relay withdrawal": relayWithdrawal,
  "a frame: relay request": frame({ kind: "relayRequest", value: relayRequest }),
  "a frame: relay grant": frame({ kind: "relayGrant", value: relayGrant }),
  "a frame: relay acceptance": frame({ kind: "relayAcceptance", value: relayAcceptance }),
  "a frame: relay refusal": frame({ kind: "relayRefusal", value: relayRefusal }),
  "a frame: relay withdrawal": frame({ kind: "relayWithdrawal", value: relayWithdrawal }),
  "a report of a NAT": nat,
  "a punch of unequal ends": unequal,
  "a frame: nat report": frame({ kind: "natReport", value: nat }),
  "a frame: punch of unequal ends": frame({ kind: "punchCoordUnequal", value: unequal }),
  "a frame: membership": frame({ kind: "membership", value: MEMBERSHIP }),
  "a frame: observed address": frame({
    kind: "observedAddress",
    value: { addr: "192.0.2.7:60611" },
  }),
};
