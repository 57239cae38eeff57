// Generated from proto/pollen/mesh/v2/mesh.proto by scripts/generate_proto.ts. Do not edit.
// deno-lint-ignore-file

import { codec, finish, readBytes, readString, readUint64, skip, spend, subEnd, type Budget, type Codec, type Reader, type Writer } from "../wire.ts";
import { readInviteToken, readMembershipCert, type InviteToken, type MembershipCert, writeInviteToken, writeMembershipCert } from "./admission_v1.ts";
import { readObservedAddress, readPunchCoordRequest, readPunchCoordTrigger, type ObservedAddress, type PunchCoordRequest, type PunchCoordTrigger, writeObservedAddress, writePunchCoordRequest, writePunchCoordTrigger } from "./mesh_v1.ts";
import { readAuthorPages, readEventRecord, readPosition, readSignedPage, type AuthorPages, type EventRecord, type Position, type SignedPage, writeAuthorPages, writeEventRecord, writePosition, writeSignedPage } from "./state_v2.ts";

/** The first frame of each end. */
export interface Hello {
  /** of the program, for people */
  readonly version: string;
  /** what the sender understands beyond the frames below */
  readonly capabilities: readonly string[];
}

export function writeHello(writer: Writer, message: Hello): void {
  if (message.version !== "") {
    writer.uint32(10); writer.string(message.version);
  }
  for (const item of message.capabilities) {
    writer.uint32(18); writer.string(item);
  }
}

export function readHello(reader: Reader, end: number, budget: Budget): Hello {
  const message: { -readonly [K in keyof Hello]: Hello[K] } = { version: "", capabilities: [] };
  const capabilities: string[] = [];
  message.capabilities = capabilities;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.version = readString(reader);
        break;
      case 18:
        spend(budget);
        capabilities.push(readString(reader));
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const Hello: Codec<Hello> = codec(
  "pollen.mesh.v2.Hello",
  () => ({ version: "", capabilities: [] }),
  writeHello,
  readHello,
);

/** All that the sender knows, in one number. */
export interface Digest {
  /** SHA-256 of the encoded Summary */
  readonly hash: Uint8Array;
  /** SHA-256 of the encoded AgentSummary */
  readonly agents: Uint8Array;
}

export function writeDigest(writer: Writer, message: Digest): void {
  if (message.hash.length > 0) {
    writer.uint32(10); writer.bytes(message.hash);
  }
  if (message.agents.length > 0) {
    writer.uint32(18); writer.bytes(message.agents);
  }
}

export function readDigest(reader: Reader, end: number, budget: Budget): Digest {
  const message: { -readonly [K in keyof Digest]: Digest[K] } = { hash: new Uint8Array(0), agents: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.hash = readBytes(reader);
        break;
      case 18:
        message.agents = readBytes(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const Digest: Codec<Digest> = codec(
  "pollen.mesh.v2.Digest",
  () => ({ hash: new Uint8Array(0), agents: new Uint8Array(0) }),
  writeDigest,
  readDigest,
);

/** All that the sender knows, by author. What it lacks is to be sent. */
export interface Summary {
  /** by author, ascending */
  readonly positions: readonly Position[];
}

export function writeSummary(writer: Writer, message: Summary): void {
  for (const item of message.positions) {
    writer.uint32(10).fork(); writePosition(writer, item); writer.ldelim();
  }
}

export function readSummary(reader: Reader, end: number, budget: Budget): Summary {
  const message: { -readonly [K in keyof Summary]: Summary[K] } = { positions: [] };
  const positions: Position[] = [];
  message.positions = positions;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        spend(budget);
        positions.push(readPosition(reader, subEnd(reader), budget));
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const Summary: Codec<Summary> = codec(
  "pollen.mesh.v2.Summary",
  () => ({ positions: [] }),
  writeSummary,
  readSummary,
);

/** Events that the receiver may lack. */
export interface EventRecords {
  readonly records: readonly EventRecord[];
  /** these were not all: a Summary asks for the rest */
  readonly more: boolean;
  /** of authors the receiver may not know */
  readonly memberships: readonly MembershipCert[];
}

export function writeEventRecords(writer: Writer, message: EventRecords): void {
  for (const item of message.records) {
    writer.uint32(10).fork(); writeEventRecord(writer, item); writer.ldelim();
  }
  if (message.more) {
    writer.uint32(16); writer.bool(message.more);
  }
  for (const item of message.memberships) {
    writer.uint32(26).fork(); writeMembershipCert(writer, item); writer.ldelim();
  }
}

export function readEventRecords(reader: Reader, end: number, budget: Budget): EventRecords {
  const message: { -readonly [K in keyof EventRecords]: EventRecords[K] } = { records: [], more: false, memberships: [] };
  const records: EventRecord[] = [];
  message.records = records;
  const memberships: MembershipCert[] = [];
  message.memberships = memberships;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        spend(budget);
        records.push(readEventRecord(reader, subEnd(reader), budget));
        break;
      case 16:
        message.more = readUint64(reader) !== 0n;
        break;
      case 26:
        spend(budget);
        memberships.push(readMembershipCert(reader, subEnd(reader), budget));
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const EventRecords: Codec<EventRecords> = codec(
  "pollen.mesh.v2.EventRecords",
  () => ({ records: [], more: false, memberships: [] }),
  writeEventRecords,
  readEventRecords,
);

/** All pages of agents that the sender has. What it lacks is to be sent. */
export interface AgentSummary {
  /** by author, ascending */
  readonly authors: readonly AuthorPages[];
}

export function writeAgentSummary(writer: Writer, message: AgentSummary): void {
  for (const item of message.authors) {
    writer.uint32(10).fork(); writeAuthorPages(writer, item); writer.ldelim();
  }
}

export function readAgentSummary(reader: Reader, end: number, budget: Budget): AgentSummary {
  const message: { -readonly [K in keyof AgentSummary]: AgentSummary[K] } = { authors: [] };
  const authors: AuthorPages[] = [];
  message.authors = authors;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        spend(budget);
        authors.push(readAuthorPages(reader, subEnd(reader), budget));
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const AgentSummary: Codec<AgentSummary> = codec(
  "pollen.mesh.v2.AgentSummary",
  () => ({ authors: [] }),
  writeAgentSummary,
  readAgentSummary,
);

/** Pages that the receiver may lack. */
export interface AgentPages {
  readonly pages: readonly SignedPage[];
  /** these were not all: an AgentSummary asks for the rest */
  readonly more: boolean;
}

export function writeAgentPages(writer: Writer, message: AgentPages): void {
  for (const item of message.pages) {
    writer.uint32(10).fork(); writeSignedPage(writer, item); writer.ldelim();
  }
  if (message.more) {
    writer.uint32(16); writer.bool(message.more);
  }
}

export function readAgentPages(reader: Reader, end: number, budget: Budget): AgentPages {
  const message: { -readonly [K in keyof AgentPages]: AgentPages[K] } = { pages: [], more: false };
  const pages: SignedPage[] = [];
  message.pages = pages;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        spend(budget);
        pages.push(readSignedPage(reader, subEnd(reader), budget));
        break;
      case 16:
        message.more = readUint64(reader) !== 0n;
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const AgentPages: Codec<AgentPages> = codec(
  "pollen.mesh.v2.AgentPages",
  () => ({ pages: [], more: false }),
  writeAgentPages,
  readAgentPages,
);

/** A punch that was asked for is not coordinated. */
export interface PunchCoordRefusal {
  /** who was to be reached */
  readonly peerId: Uint8Array;
}

export function writePunchCoordRefusal(writer: Writer, message: PunchCoordRefusal): void {
  if (message.peerId.length > 0) {
    writer.uint32(10); writer.bytes(message.peerId);
  }
}

export function readPunchCoordRefusal(reader: Reader, end: number, budget: Budget): PunchCoordRefusal {
  const message: { -readonly [K in keyof PunchCoordRefusal]: PunchCoordRefusal[K] } = { peerId: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.peerId = readBytes(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const PunchCoordRefusal: Codec<PunchCoordRefusal> = codec(
  "pollen.mesh.v2.PunchCoordRefusal",
  () => ({ peerId: new Uint8Array(0) }),
  writePunchCoordRefusal,
  readPunchCoordRefusal,
);

/** A stranger wants to become a member: only who issued the invite reads this. */
export interface Redemption {
  readonly token?: InviteToken | undefined;
  /** the stranger's key */
  readonly subjectPub: Uint8Array;
  /** of that key; see docs/pollen-2.md */
  readonly signature: Uint8Array;
}

export function writeRedemption(writer: Writer, message: Redemption): void {
  if (message.token !== undefined) {
    writer.uint32(10).fork(); writeInviteToken(writer, message.token); writer.ldelim();
  }
  if (message.subjectPub.length > 0) {
    writer.uint32(18); writer.bytes(message.subjectPub);
  }
  if (message.signature.length > 0) {
    writer.uint32(26); writer.bytes(message.signature);
  }
}

export function readRedemption(reader: Reader, end: number, budget: Budget): Redemption {
  const message: { -readonly [K in keyof Redemption]: Redemption[K] } = { subjectPub: new Uint8Array(0), signature: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.token = readInviteToken(reader, subEnd(reader), budget);
        break;
      case 18:
        message.subjectPub = readBytes(reader);
        break;
      case 26:
        message.signature = readBytes(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const Redemption: Codec<Redemption> = codec(
  "pollen.mesh.v2.Redemption",
  () => ({ subjectPub: new Uint8Array(0), signature: new Uint8Array(0) }),
  writeRedemption,
  readRedemption,
);

/** A Redemption, sealed to the key that issued its invite. */
export interface SealedRedemption {
  /** whose key it is sealed to */
  readonly issuerPub: Uint8Array;
  /** a key of this request alone */
  readonly encapsulated: Uint8Array;
  readonly ciphertext: Uint8Array;
  /** the network that the invite is of */
  readonly clusterId: Uint8Array;
}

export function writeSealedRedemption(writer: Writer, message: SealedRedemption): void {
  if (message.issuerPub.length > 0) {
    writer.uint32(10); writer.bytes(message.issuerPub);
  }
  if (message.encapsulated.length > 0) {
    writer.uint32(18); writer.bytes(message.encapsulated);
  }
  if (message.ciphertext.length > 0) {
    writer.uint32(26); writer.bytes(message.ciphertext);
  }
  if (message.clusterId.length > 0) {
    writer.uint32(34); writer.bytes(message.clusterId);
  }
}

export function readSealedRedemption(reader: Reader, end: number, budget: Budget): SealedRedemption {
  const message: { -readonly [K in keyof SealedRedemption]: SealedRedemption[K] } = { issuerPub: new Uint8Array(0), encapsulated: new Uint8Array(0), ciphertext: new Uint8Array(0), clusterId: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.issuerPub = readBytes(reader);
        break;
      case 18:
        message.encapsulated = readBytes(reader);
        break;
      case 26:
        message.ciphertext = readBytes(reader);
        break;
      case 34:
        message.clusterId = readBytes(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const SealedRedemption: Codec<SealedRedemption> = codec(
  "pollen.mesh.v2.SealedRedemption",
  () => ({ issuerPub: new Uint8Array(0), encapsulated: new Uint8Array(0), ciphertext: new Uint8Array(0), clusterId: new Uint8Array(0) }),
  writeSealedRedemption,
  readSealedRedemption,
);

/** Why a sealed request did not come to an answer. */
export const RedemptionFailure = {
  UNSPECIFIED: 0,
  UNKNOWN_ISSUER: 1,
  BUSY: 2,
  UNANSWERED: 3,
  UNREADABLE: 4,
  FOREIGN_NETWORK: 5,
} as const;
/** One of the constants above, or a number that this version does not know. */
export type RedemptionFailure = number;

/** The answer: an InviteRedeemResponse, sealed for the stranger, or why there is none. */
export interface SealedAnswer {
  readonly sealed: Uint8Array;
  readonly failure: RedemptionFailure;
}

export function writeSealedAnswer(writer: Writer, message: SealedAnswer): void {
  if (message.sealed.length > 0) {
    writer.uint32(10); writer.bytes(message.sealed);
  }
  if (message.failure !== 0) {
    writer.uint32(16); writer.int32(message.failure);
  }
}

export function readSealedAnswer(reader: Reader, end: number, budget: Budget): SealedAnswer {
  const message: { -readonly [K in keyof SealedAnswer]: SealedAnswer[K] } = { sealed: new Uint8Array(0), failure: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.sealed = readBytes(reader);
        break;
      case 16:
        message.failure = reader.int32();
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const SealedAnswer: Codec<SealedAnswer> = codec(
  "pollen.mesh.v2.SealedAnswer",
  () => ({ sealed: new Uint8Array(0), failure: 0 }),
  writeSealedAnswer,
  readSealedAnswer,
);

/** Carry packets between the sender and that peer. */
export interface RelayRequest {
  readonly peerId: Uint8Array;
}

export function writeRelayRequest(writer: Writer, message: RelayRequest): void {
  if (message.peerId.length > 0) {
    writer.uint32(10); writer.bytes(message.peerId);
  }
}

export function readRelayRequest(reader: Reader, end: number, budget: Budget): RelayRequest {
  const message: { -readonly [K in keyof RelayRequest]: RelayRequest[K] } = { peerId: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.peerId = readBytes(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const RelayRequest: Codec<RelayRequest> = codec(
  "pollen.mesh.v2.RelayRequest",
  () => ({ peerId: new Uint8Array(0) }),
  writeRelayRequest,
  readRelayRequest,
);

/** Packets of this flow are carried between the receiver and that peer. */
export interface RelayGrant {
  readonly peerId: Uint8Array;
  /** never the same again in this session */
  readonly flow: number;
}

export function writeRelayGrant(writer: Writer, message: RelayGrant): void {
  if (message.peerId.length > 0) {
    writer.uint32(10); writer.bytes(message.peerId);
  }
  if (message.flow !== 0) {
    writer.uint32(16); writer.uint32(message.flow);
  }
}

export function readRelayGrant(reader: Reader, end: number, budget: Budget): RelayGrant {
  const message: { -readonly [K in keyof RelayGrant]: RelayGrant[K] } = { peerId: new Uint8Array(0), flow: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.peerId = readBytes(reader);
        break;
      case 16:
        message.flow = reader.uint32();
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const RelayGrant: Codec<RelayGrant> = codec(
  "pollen.mesh.v2.RelayGrant",
  () => ({ peerId: new Uint8Array(0), flow: 0 }),
  writeRelayGrant,
  readRelayGrant,
);

/** The sender takes part in the flow that it was granted. */
export interface RelayAcceptance {
  readonly flow: number;
}

export function writeRelayAcceptance(writer: Writer, message: RelayAcceptance): void {
  if (message.flow !== 0) {
    writer.uint32(8); writer.uint32(message.flow);
  }
}

export function readRelayAcceptance(reader: Reader, end: number, budget: Budget): RelayAcceptance {
  const message: { -readonly [K in keyof RelayAcceptance]: RelayAcceptance[K] } = { flow: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 8:
        message.flow = reader.uint32();
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const RelayAcceptance: Codec<RelayAcceptance> = codec(
  "pollen.mesh.v2.RelayAcceptance",
  () => ({ flow: 0 }),
  writeRelayAcceptance,
  readRelayAcceptance,
);

/** Why a relay is not granted. */
export const RelayRefusalReason = {
  UNSPECIFIED: 0,
  OFF: 1,
  NOT_CONNECTED: 2,
  FULL: 3,
  DECLINED: 4,
} as const;
/** One of the constants above, or a number that this version does not know. */
export type RelayRefusalReason = number;

/** A relay that was asked for is not granted. */
export interface RelayRefusal {
  /** who was to be reached */
  readonly peerId: Uint8Array;
  readonly reason: RelayRefusalReason;
}

export function writeRelayRefusal(writer: Writer, message: RelayRefusal): void {
  if (message.peerId.length > 0) {
    writer.uint32(10); writer.bytes(message.peerId);
  }
  if (message.reason !== 0) {
    writer.uint32(16); writer.int32(message.reason);
  }
}

export function readRelayRefusal(reader: Reader, end: number, budget: Budget): RelayRefusal {
  const message: { -readonly [K in keyof RelayRefusal]: RelayRefusal[K] } = { peerId: new Uint8Array(0), reason: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.peerId = readBytes(reader);
        break;
      case 16:
        message.reason = reader.int32();
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const RelayRefusal: Codec<RelayRefusal> = codec(
  "pollen.mesh.v2.RelayRefusal",
  () => ({ peerId: new Uint8Array(0), reason: 0 }),
  writeRelayRefusal,
  readRelayRefusal,
);

/** A flow ends: the carrier's word to both ends, or an end's to the carrier. */
export interface RelayWithdrawal {
  readonly flow: number;
  /** the sender carries it; otherwise it is an end */
  readonly carried: boolean;
}

export function writeRelayWithdrawal(writer: Writer, message: RelayWithdrawal): void {
  if (message.flow !== 0) {
    writer.uint32(8); writer.uint32(message.flow);
  }
  if (message.carried) {
    writer.uint32(16); writer.bool(message.carried);
  }
}

export function readRelayWithdrawal(reader: Reader, end: number, budget: Budget): RelayWithdrawal {
  const message: { -readonly [K in keyof RelayWithdrawal]: RelayWithdrawal[K] } = { flow: 0, carried: false };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 8:
        message.flow = reader.uint32();
        break;
      case 16:
        message.carried = readUint64(reader) !== 0n;
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const RelayWithdrawal: Codec<RelayWithdrawal> = codec(
  "pollen.mesh.v2.RelayWithdrawal",
  () => ({ flow: 0, carried: false }),
  writeRelayWithdrawal,
  readRelayWithdrawal,
);

/** How the router in front of the sender gives out ports, as far as it knows. */
export interface NatReport {
  /** 0 unknown, 1 no router, 2 the same port for all, 3 another one for each */
  readonly mapping: number;
}

export function writeNatReport(writer: Writer, message: NatReport): void {
  if (message.mapping !== 0) {
    writer.uint32(8); writer.uint32(message.mapping);
  }
}

export function readNatReport(reader: Reader, end: number, budget: Budget): NatReport {
  const message: { -readonly [K in keyof NatReport]: NatReport[K] } = { mapping: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 8:
        message.mapping = reader.uint32();
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const NatReport: Codec<NatReport> = codec(
  "pollen.mesh.v2.NatReport",
  () => ({ mapping: 0 }),
  writeNatReport,
  readNatReport,
);

/** As PunchCoordTrigger, where one router gives out another port for each destination. */
export interface PunchCoordUnequal {
  readonly trigger?: PunchCoordTrigger | undefined;
  /** whether the receiver is behind that router */
  readonly isHard: boolean;
}

export function writePunchCoordUnequal(writer: Writer, message: PunchCoordUnequal): void {
  if (message.trigger !== undefined) {
    writer.uint32(10).fork(); writePunchCoordTrigger(writer, message.trigger); writer.ldelim();
  }
  if (message.isHard) {
    writer.uint32(16); writer.bool(message.isHard);
  }
}

export function readPunchCoordUnequal(reader: Reader, end: number, budget: Budget): PunchCoordUnequal {
  const message: { -readonly [K in keyof PunchCoordUnequal]: PunchCoordUnequal[K] } = { isHard: false };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.trigger = readPunchCoordTrigger(reader, subEnd(reader), budget);
        break;
      case 16:
        message.isHard = readUint64(reader) !== 0n;
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const PunchCoordUnequal: Codec<PunchCoordUnequal> = codec(
  "pollen.mesh.v2.PunchCoordUnequal",
  () => ({ isHard: false }),
  writePunchCoordUnequal,
  readPunchCoordUnequal,
);

/** One message. */
export interface Frame {
  readonly body?:
    | { readonly kind: "hello"; readonly value: Hello }
    | { readonly kind: "digest"; readonly value: Digest }
    | { readonly kind: "summary"; readonly value: Summary }
    | { readonly kind: "records"; readonly value: EventRecords }
    | { readonly kind: "observedAddress"; readonly value: ObservedAddress }
    | { readonly kind: "punchCoordRequest"; readonly value: PunchCoordRequest }
    | { readonly kind: "punchCoordTrigger"; readonly value: PunchCoordTrigger }
    | { readonly kind: "punchCoordRefusal"; readonly value: PunchCoordRefusal }
    | { readonly kind: "agentSummary"; readonly value: AgentSummary }
    | { readonly kind: "agentPages"; readonly value: AgentPages }
    | { readonly kind: "relayRequest"; readonly value: RelayRequest }
    | { readonly kind: "relayGrant"; readonly value: RelayGrant }
    | { readonly kind: "relayAcceptance"; readonly value: RelayAcceptance }
    | { readonly kind: "relayRefusal"; readonly value: RelayRefusal }
    | { readonly kind: "relayWithdrawal"; readonly value: RelayWithdrawal }
    | { readonly kind: "natReport"; readonly value: NatReport }
    | { readonly kind: "punchCoordUnequal"; readonly value: PunchCoordUnequal }
    | { readonly kind: "membership"; readonly value: MembershipCert }
    | undefined;
}

export function writeFrame(writer: Writer, message: Frame): void {
  if (message.body?.kind === "hello") {
    writer.uint32(10).fork(); writeHello(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "digest") {
    writer.uint32(18).fork(); writeDigest(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "summary") {
    writer.uint32(26).fork(); writeSummary(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "records") {
    writer.uint32(34).fork(); writeEventRecords(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "observedAddress") {
    writer.uint32(42).fork(); writeObservedAddress(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "punchCoordRequest") {
    writer.uint32(50).fork(); writePunchCoordRequest(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "punchCoordTrigger") {
    writer.uint32(58).fork(); writePunchCoordTrigger(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "punchCoordRefusal") {
    writer.uint32(66).fork(); writePunchCoordRefusal(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "agentSummary") {
    writer.uint32(74).fork(); writeAgentSummary(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "agentPages") {
    writer.uint32(82).fork(); writeAgentPages(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "relayRequest") {
    writer.uint32(90).fork(); writeRelayRequest(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "relayGrant") {
    writer.uint32(98).fork(); writeRelayGrant(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "relayAcceptance") {
    writer.uint32(106).fork(); writeRelayAcceptance(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "relayRefusal") {
    writer.uint32(114).fork(); writeRelayRefusal(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "relayWithdrawal") {
    writer.uint32(122).fork(); writeRelayWithdrawal(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "natReport") {
    writer.uint32(130).fork(); writeNatReport(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "punchCoordUnequal") {
    writer.uint32(138).fork(); writePunchCoordUnequal(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "membership") {
    writer.uint32(146).fork(); writeMembershipCert(writer, message.body.value); writer.ldelim();
  }
}

export function readFrame(reader: Reader, end: number, budget: Budget): Frame {
  const message: { -readonly [K in keyof Frame]: Frame[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.body = { kind: "hello", value: readHello(reader, subEnd(reader), budget) };
        break;
      case 18:
        message.body = { kind: "digest", value: readDigest(reader, subEnd(reader), budget) };
        break;
      case 26:
        message.body = { kind: "summary", value: readSummary(reader, subEnd(reader), budget) };
        break;
      case 34:
        message.body = { kind: "records", value: readEventRecords(reader, subEnd(reader), budget) };
        break;
      case 42:
        message.body = { kind: "observedAddress", value: readObservedAddress(reader, subEnd(reader), budget) };
        break;
      case 50:
        message.body = { kind: "punchCoordRequest", value: readPunchCoordRequest(reader, subEnd(reader), budget) };
        break;
      case 58:
        message.body = { kind: "punchCoordTrigger", value: readPunchCoordTrigger(reader, subEnd(reader), budget) };
        break;
      case 66:
        message.body = { kind: "punchCoordRefusal", value: readPunchCoordRefusal(reader, subEnd(reader), budget) };
        break;
      case 74:
        message.body = { kind: "agentSummary", value: readAgentSummary(reader, subEnd(reader), budget) };
        break;
      case 82:
        message.body = { kind: "agentPages", value: readAgentPages(reader, subEnd(reader), budget) };
        break;
      case 90:
        message.body = { kind: "relayRequest", value: readRelayRequest(reader, subEnd(reader), budget) };
        break;
      case 98:
        message.body = { kind: "relayGrant", value: readRelayGrant(reader, subEnd(reader), budget) };
        break;
      case 106:
        message.body = { kind: "relayAcceptance", value: readRelayAcceptance(reader, subEnd(reader), budget) };
        break;
      case 114:
        message.body = { kind: "relayRefusal", value: readRelayRefusal(reader, subEnd(reader), budget) };
        break;
      case 122:
        message.body = { kind: "relayWithdrawal", value: readRelayWithdrawal(reader, subEnd(reader), budget) };
        break;
      case 130:
        message.body = { kind: "natReport", value: readNatReport(reader, subEnd(reader), budget) };
        break;
      case 138:
        message.body = { kind: "punchCoordUnequal", value: readPunchCoordUnequal(reader, subEnd(reader), budget) };
        break;
      case 146:
        message.body = { kind: "membership", value: readMembershipCert(reader, subEnd(reader), budget) };
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const Frame: Codec<Frame> = codec(
  "pollen.mesh.v2.Frame",
  () => ({  }),
  writeFrame,
  readFrame,
);
