// Generated from proto/pollen/state/v2/state.proto by scripts/generate_proto.ts. Do not edit.
// deno-lint-ignore-file

import { codec, finish, readBytes, readString, readUint64, skip, spend, subEnd, type Budget, type Codec, type Reader, type Writer, writeUint64 } from "../wire.ts";
import { readExternalPortChange, readGossipEvent, readIdentityChange, readNetworkChange, readPubliclyAccessibleChange, readRevocationChange, readServiceChange, type ExternalPortChange, type GossipEvent, type IdentityChange, type NetworkChange, type PubliclyAccessibleChange, type RevocationChange, type ServiceChange, writeExternalPortChange, writeGossipEvent, writeIdentityChange, writeNetworkChange, writePubliclyAccessibleChange, writeRevocationChange, writeServiceChange } from "./state_v1.ts";

/** A node that the author has a session with. */
export interface Reachability {
  /** 32 bytes */
  readonly peer: Uint8Array;
}

export function writeReachability(writer: Writer, message: Reachability): void {
  if (message.peer.length > 0) {
    writer.uint32(10); writer.bytes(message.peer);
  }
}

export function readReachability(reader: Reader, end: number, budget: Budget): Reachability {
  const message: { -readonly [K in keyof Reachability]: Reachability[K] } = { peer: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.peer = readBytes(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const Reachability: Codec<Reachability> = codec(
  "pollen.state.v2.Reachability",
  () => ({ peer: new Uint8Array(0) }),
  writeReachability,
  readReachability,
);

/** One author's statement about itself, or its withdrawal. */
export interface MemberEvent {
  /** 32 bytes */
  readonly author: Uint8Array;
  readonly counter: bigint;
  readonly deleted: boolean;
  readonly change?:
    | { readonly kind: "network"; readonly value: NetworkChange }
    | { readonly kind: "externalPort"; readonly value: ExternalPortChange }
    | { readonly kind: "identityPub"; readonly value: IdentityChange }
    | { readonly kind: "service"; readonly value: ServiceChange }
    | { readonly kind: "reachability"; readonly value: Reachability }
    | { readonly kind: "revocation"; readonly value: RevocationChange }
    | { readonly kind: "publiclyAccessible"; readonly value: PubliclyAccessibleChange }
    | { readonly kind: "udpService"; readonly value: ServiceChange }
    | undefined;
}

export function writeMemberEvent(writer: Writer, message: MemberEvent): void {
  if (message.author.length > 0) {
    writer.uint32(10); writer.bytes(message.author);
  }
  if (message.counter !== 0n) {
    writer.uint32(16); writeUint64(writer, message.counter);
  }
  if (message.deleted) {
    writer.uint32(24); writer.bool(message.deleted);
  }
  if (message.change?.kind === "network") {
    writer.uint32(34).fork(); writeNetworkChange(writer, message.change.value); writer.ldelim();
  }
  if (message.change?.kind === "externalPort") {
    writer.uint32(42).fork(); writeExternalPortChange(writer, message.change.value); writer.ldelim();
  }
  if (message.change?.kind === "identityPub") {
    writer.uint32(50).fork(); writeIdentityChange(writer, message.change.value); writer.ldelim();
  }
  if (message.change?.kind === "service") {
    writer.uint32(58).fork(); writeServiceChange(writer, message.change.value); writer.ldelim();
  }
  if (message.change?.kind === "reachability") {
    writer.uint32(66).fork(); writeReachability(writer, message.change.value); writer.ldelim();
  }
  if (message.change?.kind === "revocation") {
    writer.uint32(74).fork(); writeRevocationChange(writer, message.change.value); writer.ldelim();
  }
  if (message.change?.kind === "publiclyAccessible") {
    writer.uint32(82).fork(); writePubliclyAccessibleChange(writer, message.change.value); writer.ldelim();
  }
  if (message.change?.kind === "udpService") {
    writer.uint32(90).fork(); writeServiceChange(writer, message.change.value); writer.ldelim();
  }
}

export function readMemberEvent(reader: Reader, end: number, budget: Budget): MemberEvent {
  const message: { -readonly [K in keyof MemberEvent]: MemberEvent[K] } = { author: new Uint8Array(0), counter: 0n, deleted: false };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.author = readBytes(reader);
        break;
      case 16:
        message.counter = readUint64(reader);
        break;
      case 24:
        message.deleted = readUint64(reader) !== 0n;
        break;
      case 34:
        message.change = { kind: "network", value: readNetworkChange(reader, subEnd(reader), budget) };
        break;
      case 42:
        message.change = { kind: "externalPort", value: readExternalPortChange(reader, subEnd(reader), budget) };
        break;
      case 50:
        message.change = { kind: "identityPub", value: readIdentityChange(reader, subEnd(reader), budget) };
        break;
      case 58:
        message.change = { kind: "service", value: readServiceChange(reader, subEnd(reader), budget) };
        break;
      case 66:
        message.change = { kind: "reachability", value: readReachability(reader, subEnd(reader), budget) };
        break;
      case 74:
        message.change = { kind: "revocation", value: readRevocationChange(reader, subEnd(reader), budget) };
        break;
      case 82:
        message.change = { kind: "publiclyAccessible", value: readPubliclyAccessibleChange(reader, subEnd(reader), budget) };
        break;
      case 90:
        message.change = { kind: "udpService", value: readServiceChange(reader, subEnd(reader), budget) };
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const MemberEvent: Codec<MemberEvent> = codec(
  "pollen.state.v2.MemberEvent",
  () => ({ author: new Uint8Array(0), counter: 0n, deleted: false }),
  writeMemberEvent,
  readMemberEvent,
);

/** An event as its author encoded it. */
export interface SignedEvent {
  readonly event: Uint8Array;
  /** Ed25519 of the author's key over "pollen/2 event", a zero byte, and the event */
  readonly signature: Uint8Array;
}

export function writeSignedEvent(writer: Writer, message: SignedEvent): void {
  if (message.event.length > 0) {
    writer.uint32(10); writer.bytes(message.event);
  }
  if (message.signature.length > 0) {
    writer.uint32(18); writer.bytes(message.signature);
  }
}

export function readSignedEvent(reader: Reader, end: number, budget: Budget): SignedEvent {
  const message: { -readonly [K in keyof SignedEvent]: SignedEvent[K] } = { event: new Uint8Array(0), signature: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.event = readBytes(reader);
        break;
      case 18:
        message.signature = readBytes(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const SignedEvent: Codec<SignedEvent> = codec(
  "pollen.state.v2.SignedEvent",
  () => ({ event: new Uint8Array(0), signature: new Uint8Array(0) }),
  writeSignedEvent,
  readSignedEvent,
);

/** An event on its way: that of an author who speaks pollen/2, or of one who does not. */
export interface EventRecord {
  readonly body?:
    | { readonly kind: "signed"; readonly value: SignedEvent }
    | { readonly kind: "unsigned"; readonly value: GossipEvent }
    | undefined;
}

export function writeEventRecord(writer: Writer, message: EventRecord): void {
  if (message.body?.kind === "signed") {
    writer.uint32(10).fork(); writeSignedEvent(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "unsigned") {
    writer.uint32(18).fork(); writeGossipEvent(writer, message.body.value); writer.ldelim();
  }
}

export function readEventRecord(reader: Reader, end: number, budget: Budget): EventRecord {
  const message: { -readonly [K in keyof EventRecord]: EventRecord[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.body = { kind: "signed", value: readSignedEvent(reader, subEnd(reader), budget) };
        break;
      case 18:
        message.body = { kind: "unsigned", value: readGossipEvent(reader, subEnd(reader), budget) };
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const EventRecord: Codec<EventRecord> = codec(
  "pollen.state.v2.EventRecord",
  () => ({  }),
  writeEventRecord,
  readEventRecord,
);

/** How much somebody knows of one author. */
export interface Position {
  /** 32 bytes */
  readonly author: Uint8Array;
  /** the highest of the events that are kept */
  readonly counter: bigint;
  /** 8 bytes: the exclusive or over the kept events' SHA-256, each cut to 8 bytes */
  readonly fingerprint: Uint8Array;
}

export function writePosition(writer: Writer, message: Position): void {
  if (message.author.length > 0) {
    writer.uint32(10); writer.bytes(message.author);
  }
  if (message.counter !== 0n) {
    writer.uint32(16); writeUint64(writer, message.counter);
  }
  if (message.fingerprint.length > 0) {
    writer.uint32(26); writer.bytes(message.fingerprint);
  }
}

export function readPosition(reader: Reader, end: number, budget: Budget): Position {
  const message: { -readonly [K in keyof Position]: Position[K] } = { author: new Uint8Array(0), counter: 0n, fingerprint: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.author = readBytes(reader);
        break;
      case 16:
        message.counter = readUint64(reader);
        break;
      case 26:
        message.fingerprint = readBytes(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const Position: Codec<Position> = codec(
  "pollen.state.v2.Position",
  () => ({ author: new Uint8Array(0), counter: 0n, fingerprint: new Uint8Array(0) }),
  writePosition,
  readPosition,
);

/** An agent as the registry beside a node knows it, or what a node says of its own machine. */
export interface AgentEntry {
  /** empty for the author's own machine */
  readonly id: string;
  readonly hostname: string;
  /** host:port of the agent's own service */
  readonly agentAddress: string;
  /** an encoded orchion.v1.Capabilities; empty where nothing is known */
  readonly capabilities: Uint8Array;
  /** milliseconds since 1970, as all moments here */
  readonly registeredAtMs: bigint;
  /** when this entry was made: heartbeats alone make none */
  readonly lastSeenMs: bigint;
  /** 0 while it is online */
  readonly offlineAtMs: bigint;
  /** the IP address from which it registered */
  readonly source: string;
}

export function writeAgentEntry(writer: Writer, message: AgentEntry): void {
  if (message.id !== "") {
    writer.uint32(10); writer.string(message.id);
  }
  if (message.hostname !== "") {
    writer.uint32(18); writer.string(message.hostname);
  }
  if (message.agentAddress !== "") {
    writer.uint32(26); writer.string(message.agentAddress);
  }
  if (message.capabilities.length > 0) {
    writer.uint32(34); writer.bytes(message.capabilities);
  }
  if (message.registeredAtMs !== 0n) {
    writer.uint32(40); writeUint64(writer, message.registeredAtMs);
  }
  if (message.lastSeenMs !== 0n) {
    writer.uint32(48); writeUint64(writer, message.lastSeenMs);
  }
  if (message.offlineAtMs !== 0n) {
    writer.uint32(56); writeUint64(writer, message.offlineAtMs);
  }
  if (message.source !== "") {
    writer.uint32(66); writer.string(message.source);
  }
}

export function readAgentEntry(reader: Reader, end: number, budget: Budget): AgentEntry {
  const message: { -readonly [K in keyof AgentEntry]: AgentEntry[K] } = { id: "", hostname: "", agentAddress: "", capabilities: new Uint8Array(0), registeredAtMs: 0n, lastSeenMs: 0n, offlineAtMs: 0n, source: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.id = readString(reader);
        break;
      case 18:
        message.hostname = readString(reader);
        break;
      case 26:
        message.agentAddress = readString(reader);
        break;
      case 34:
        message.capabilities = readBytes(reader);
        break;
      case 40:
        message.registeredAtMs = readUint64(reader);
        break;
      case 48:
        message.lastSeenMs = readUint64(reader);
        break;
      case 56:
        message.offlineAtMs = readUint64(reader);
        break;
      case 66:
        message.source = readString(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const AgentEntry: Codec<AgentEntry> = codec(
  "pollen.state.v2.AgentEntry",
  () => ({ id: "", hostname: "", agentAddress: "", capabilities: new Uint8Array(0), registeredAtMs: 0n, lastSeenMs: 0n, offlineAtMs: 0n, source: "" }),
  writeAgentEntry,
  readAgentEntry,
);

/** How the sessions of an author go. Each is named by the first 8 bytes of the peer's key. */
export interface Links {
  /** 8 bytes each, ascending */
  readonly peers: Uint8Array;
  /** a byte each: the round trip in steps of a tenth, and 128 where another machine carries it */
  readonly paths: Uint8Array;
  /** 8 bytes for each of the latter, in that order: who carries it; zeros for nobody known */
  readonly carriers: Uint8Array;
}

export function writeLinks(writer: Writer, message: Links): void {
  if (message.peers.length > 0) {
    writer.uint32(10); writer.bytes(message.peers);
  }
  if (message.paths.length > 0) {
    writer.uint32(18); writer.bytes(message.paths);
  }
  if (message.carriers.length > 0) {
    writer.uint32(26); writer.bytes(message.carriers);
  }
}

export function readLinks(reader: Reader, end: number, budget: Budget): Links {
  const message: { -readonly [K in keyof Links]: Links[K] } = { peers: new Uint8Array(0), paths: new Uint8Array(0), carriers: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.peers = readBytes(reader);
        break;
      case 18:
        message.paths = readBytes(reader);
        break;
      case 26:
        message.carriers = readBytes(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const Links: Codec<Links> = codec(
  "pollen.state.v2.Links",
  () => ({ peers: new Uint8Array(0), paths: new Uint8Array(0), carriers: new Uint8Array(0) }),
  writeLinks,
  readLinks,
);

/** Some of an author's agents: all that it says of them is in the page's highest counter. */
export interface AgentPage {
  /** 32 bytes */
  readonly author: Uint8Array;
  /** 0 has the author's own machine, the others have agents */
  readonly page: number;
  readonly counter: bigint;
  readonly agents: readonly AgentEntry[];
  /** on page 0 alone */
  readonly links?: Links | undefined;
}

export function writeAgentPage(writer: Writer, message: AgentPage): void {
  if (message.author.length > 0) {
    writer.uint32(10); writer.bytes(message.author);
  }
  if (message.page !== 0) {
    writer.uint32(16); writer.uint32(message.page);
  }
  if (message.counter !== 0n) {
    writer.uint32(24); writeUint64(writer, message.counter);
  }
  for (const item of message.agents) {
    writer.uint32(34).fork(); writeAgentEntry(writer, item); writer.ldelim();
  }
  if (message.links !== undefined) {
    writer.uint32(42).fork(); writeLinks(writer, message.links); writer.ldelim();
  }
}

export function readAgentPage(reader: Reader, end: number, budget: Budget): AgentPage {
  const message: { -readonly [K in keyof AgentPage]: AgentPage[K] } = { author: new Uint8Array(0), page: 0, counter: 0n, agents: [] };
  const agents: AgentEntry[] = [];
  message.agents = agents;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.author = readBytes(reader);
        break;
      case 16:
        message.page = reader.uint32();
        break;
      case 24:
        message.counter = readUint64(reader);
        break;
      case 34:
        spend(budget);
        agents.push(readAgentEntry(reader, subEnd(reader), budget));
        break;
      case 42:
        message.links = readLinks(reader, subEnd(reader), budget);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const AgentPage: Codec<AgentPage> = codec(
  "pollen.state.v2.AgentPage",
  () => ({ author: new Uint8Array(0), page: 0, counter: 0n, agents: [] }),
  writeAgentPage,
  readAgentPage,
);

/** A page as its author encoded it. */
export interface SignedPage {
  readonly page: Uint8Array;
  /** Ed25519 of the author's key over "pollen/2 page", a zero byte, and the page */
  readonly signature: Uint8Array;
}

export function writeSignedPage(writer: Writer, message: SignedPage): void {
  if (message.page.length > 0) {
    writer.uint32(10); writer.bytes(message.page);
  }
  if (message.signature.length > 0) {
    writer.uint32(18); writer.bytes(message.signature);
  }
}

export function readSignedPage(reader: Reader, end: number, budget: Budget): SignedPage {
  const message: { -readonly [K in keyof SignedPage]: SignedPage[K] } = { page: new Uint8Array(0), signature: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.page = readBytes(reader);
        break;
      case 18:
        message.signature = readBytes(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const SignedPage: Codec<SignedPage> = codec(
  "pollen.state.v2.SignedPage",
  () => ({ page: new Uint8Array(0), signature: new Uint8Array(0) }),
  writeSignedPage,
  readSignedPage,
);

/** Which version of a page somebody has. */
export interface PageCounter {
  readonly page: number;
  readonly counter: bigint;
}

export function writePageCounter(writer: Writer, message: PageCounter): void {
  if (message.page !== 0) {
    writer.uint32(8); writer.uint32(message.page);
  }
  if (message.counter !== 0n) {
    writer.uint32(16); writeUint64(writer, message.counter);
  }
}

export function readPageCounter(reader: Reader, end: number, budget: Budget): PageCounter {
  const message: { -readonly [K in keyof PageCounter]: PageCounter[K] } = { page: 0, counter: 0n };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 8:
        message.page = reader.uint32();
        break;
      case 16:
        message.counter = readUint64(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const PageCounter: Codec<PageCounter> = codec(
  "pollen.state.v2.PageCounter",
  () => ({ page: 0, counter: 0n }),
  writePageCounter,
  readPageCounter,
);

/** Which of an author's pages somebody has. */
export interface AuthorPages {
  /** 32 bytes */
  readonly author: Uint8Array;
  /** by page, ascending */
  readonly pages: readonly PageCounter[];
}

export function writeAuthorPages(writer: Writer, message: AuthorPages): void {
  if (message.author.length > 0) {
    writer.uint32(10); writer.bytes(message.author);
  }
  for (const item of message.pages) {
    writer.uint32(18).fork(); writePageCounter(writer, item); writer.ldelim();
  }
}

export function readAuthorPages(reader: Reader, end: number, budget: Budget): AuthorPages {
  const message: { -readonly [K in keyof AuthorPages]: AuthorPages[K] } = { author: new Uint8Array(0), pages: [] };
  const pages: PageCounter[] = [];
  message.pages = pages;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.author = readBytes(reader);
        break;
      case 18:
        spend(budget);
        pages.push(readPageCounter(reader, subEnd(reader), budget));
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const AuthorPages: Codec<AuthorPages> = codec(
  "pollen.state.v2.AuthorPages",
  () => ({ author: new Uint8Array(0), pages: [] }),
  writeAuthorPages,
  readAuthorPages,
);
