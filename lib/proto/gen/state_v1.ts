// Generated from proto/pollen/state/v1/state.proto by scripts/generate_proto.ts. Do not edit.
// deno-lint-ignore-file

import { codec, finish, readBytes, readInt64, readString, readUint64, skip, spend, subEnd, type Budget, type Codec, type Reader, type Writer, writeUint64 } from "../wire.ts";
import { readSignedRevocation, type SignedRevocation, writeSignedRevocation } from "./admission_v1.ts";

/** A TCP port under a name. */
export interface Service {
  readonly name: string;
  readonly port: number;
}

export function writeService(writer: Writer, message: Service): void {
  if (message.name !== "") {
    writer.uint32(10); writer.string(message.name);
  }
  if (message.port !== 0) {
    writer.uint32(16); writer.uint32(message.port);
  }
}

export function readService(reader: Reader, end: number, budget: Budget): Service {
  const message: { -readonly [K in keyof Service]: Service[K] } = { name: "", port: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.name = readString(reader);
        break;
      case 16:
        message.port = reader.uint32();
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const Service: Codec<Service> = codec(
  "pollen.state.v1.Service",
  () => ({ name: "", port: 0 }),
  writeService,
  readService,
);

/** The highest counter that somebody has seen of each author. */
export interface GossipVectorClock {
  /** author's key in hex */
  readonly counters: ReadonlyMap<string, bigint>;
}

export function writeGossipVectorClock(writer: Writer, message: GossipVectorClock): void {
  for (const key of [...message.counters.keys()].sort()) {
    writer.uint32(10).fork();
    writer.uint32(10).string(key);
    writer.uint32(16); writeUint64(writer, message.counters.get(key)!);
    writer.ldelim();
  }
}

export function readGossipVectorClock(reader: Reader, end: number, budget: Budget): GossipVectorClock {
  const message: { -readonly [K in keyof GossipVectorClock]: GossipVectorClock[K] } = { counters: new Map() };
  const counters: Map<string, bigint> = new Map();
  message.counters = counters;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10: {
        spend(budget);
        const entryEnd = subEnd(reader);
        let key = "";
        let value: bigint = 0n;
        while (reader.pos < entryEnd) {
          const entryTag = reader.uint32();
          if (entryTag === 10) key = readString(reader);
          else if (entryTag === 16) value = readUint64(reader);
          else skip(reader, entryTag);
        }
        finish(reader, entryEnd);
        counters.set(key, value);
        break;
      }
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const GossipVectorClock: Codec<GossipVectorClock> = codec(
  "pollen.state.v1.GossipVectorClock",
  () => ({ counters: new Map() }),
  writeGossipVectorClock,
  readGossipVectorClock,
);

/** Where the author listens. */
export interface NetworkChange {
  readonly ips: readonly string[];
  readonly localPort: number;
}

export function writeNetworkChange(writer: Writer, message: NetworkChange): void {
  for (const item of message.ips) {
    writer.uint32(10); writer.string(item);
  }
  if (message.localPort !== 0) {
    writer.uint32(16); writer.uint32(message.localPort);
  }
}

export function readNetworkChange(reader: Reader, end: number, budget: Budget): NetworkChange {
  const message: { -readonly [K in keyof NetworkChange]: NetworkChange[K] } = { ips: [], localPort: 0 };
  const ips: string[] = [];
  message.ips = ips;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        spend(budget);
        ips.push(readString(reader));
        break;
      case 16:
        message.localPort = reader.uint32();
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const NetworkChange: Codec<NetworkChange> = codec(
  "pollen.state.v1.NetworkChange",
  () => ({ ips: [], localPort: 0 }),
  writeNetworkChange,
  readNetworkChange,
);

/** The port others see the author at, through NAT. */
export interface ExternalPortChange {
  readonly externalPort: number;
}

export function writeExternalPortChange(writer: Writer, message: ExternalPortChange): void {
  if (message.externalPort !== 0) {
    writer.uint32(8); writer.uint32(message.externalPort);
  }
}

export function readExternalPortChange(reader: Reader, end: number, budget: Budget): ExternalPortChange {
  const message: { -readonly [K in keyof ExternalPortChange]: ExternalPortChange[K] } = { externalPort: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 8:
        message.externalPort = reader.uint32();
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ExternalPortChange: Codec<ExternalPortChange> = codec(
  "pollen.state.v1.ExternalPortChange",
  () => ({ externalPort: 0 }),
  writeExternalPortChange,
  readExternalPortChange,
);

/** The author's key and the end of its membership, seconds since 1970. */
export interface IdentityChange {
  readonly identityPub: Uint8Array;
  readonly certExpiryUnix: bigint;
}

export function writeIdentityChange(writer: Writer, message: IdentityChange): void {
  if (message.identityPub.length > 0) {
    writer.uint32(10); writer.bytes(message.identityPub);
  }
  if (message.certExpiryUnix !== 0n) {
    writer.uint32(16); writeUint64(writer, message.certExpiryUnix);
  }
}

export function readIdentityChange(reader: Reader, end: number, budget: Budget): IdentityChange {
  const message: { -readonly [K in keyof IdentityChange]: IdentityChange[K] } = { identityPub: new Uint8Array(0), certExpiryUnix: 0n };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.identityPub = readBytes(reader);
        break;
      case 16:
        message.certExpiryUnix = readInt64(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const IdentityChange: Codec<IdentityChange> = codec(
  "pollen.state.v1.IdentityChange",
  () => ({ identityPub: new Uint8Array(0), certExpiryUnix: 0n }),
  writeIdentityChange,
  readIdentityChange,
);

/** A service that the author offers. */
export interface ServiceChange {
  readonly name: string;
  readonly port: number;
}

export function writeServiceChange(writer: Writer, message: ServiceChange): void {
  if (message.name !== "") {
    writer.uint32(10); writer.string(message.name);
  }
  if (message.port !== 0) {
    writer.uint32(16); writer.uint32(message.port);
  }
}

export function readServiceChange(reader: Reader, end: number, budget: Budget): ServiceChange {
  const message: { -readonly [K in keyof ServiceChange]: ServiceChange[K] } = { name: "", port: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.name = readString(reader);
        break;
      case 16:
        message.port = reader.uint32();
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ServiceChange: Codec<ServiceChange> = codec(
  "pollen.state.v1.ServiceChange",
  () => ({ name: "", port: 0 }),
  writeServiceChange,
  readServiceChange,
);

/** A node that the author has a session with. */
export interface ReachabilityChange {
  /** hex */
  readonly peerId: string;
}

export function writeReachabilityChange(writer: Writer, message: ReachabilityChange): void {
  if (message.peerId !== "") {
    writer.uint32(10); writer.string(message.peerId);
  }
}

export function readReachabilityChange(reader: Reader, end: number, budget: Budget): ReachabilityChange {
  const message: { -readonly [K in keyof ReachabilityChange]: ReachabilityChange[K] } = { peerId: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.peerId = readString(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ReachabilityChange: Codec<ReachabilityChange> = codec(
  "pollen.state.v1.ReachabilityChange",
  () => ({ peerId: "" }),
  writeReachabilityChange,
  readReachabilityChange,
);

/** A revocation that the author passes on. */
export interface RevocationChange {
  readonly revocation?: SignedRevocation | undefined;
}

export function writeRevocationChange(writer: Writer, message: RevocationChange): void {
  if (message.revocation !== undefined) {
    writer.uint32(10).fork(); writeSignedRevocation(writer, message.revocation); writer.ldelim();
  }
}

export function readRevocationChange(reader: Reader, end: number, budget: Budget): RevocationChange {
  const message: { -readonly [K in keyof RevocationChange]: RevocationChange[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.revocation = readSignedRevocation(reader, subEnd(reader), budget);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const RevocationChange: Codec<RevocationChange> = codec(
  "pollen.state.v1.RevocationChange",
  () => ({  }),
  writeRevocationChange,
  readRevocationChange,
);

/** The author is reached without help. */
export interface PubliclyAccessibleChange {
}

export function writePubliclyAccessibleChange(writer: Writer, message: PubliclyAccessibleChange): void {
}

export function readPubliclyAccessibleChange(reader: Reader, end: number, budget: Budget): PubliclyAccessibleChange {
  const message: { -readonly [K in keyof PubliclyAccessibleChange]: PubliclyAccessibleChange[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const PubliclyAccessibleChange: Codec<PubliclyAccessibleChange> = codec(
  "pollen.state.v1.PubliclyAccessibleChange",
  () => ({  }),
  writePubliclyAccessibleChange,
  readPubliclyAccessibleChange,
);

/** One author's statement about itself, or its withdrawal. */
export interface GossipEvent {
  /** the author's key in hex */
  readonly peerId: string;
  readonly counter: bigint;
  readonly deleted: boolean;
  readonly change?:
    | { readonly kind: "network"; readonly value: NetworkChange }
    | { readonly kind: "externalPort"; readonly value: ExternalPortChange }
    | { readonly kind: "identityPub"; readonly value: IdentityChange }
    | { readonly kind: "service"; readonly value: ServiceChange }
    | { readonly kind: "reachability"; readonly value: ReachabilityChange }
    | { readonly kind: "revocation"; readonly value: RevocationChange }
    | { readonly kind: "publiclyAccessible"; readonly value: PubliclyAccessibleChange }
    | undefined;
}

export function writeGossipEvent(writer: Writer, message: GossipEvent): void {
  if (message.peerId !== "") {
    writer.uint32(10); writer.string(message.peerId);
  }
  if (message.counter !== 0n) {
    writer.uint32(16); writeUint64(writer, message.counter);
  }
  if (message.change?.kind === "network") {
    writer.uint32(26).fork(); writeNetworkChange(writer, message.change.value); writer.ldelim();
  }
  if (message.change?.kind === "externalPort") {
    writer.uint32(34).fork(); writeExternalPortChange(writer, message.change.value); writer.ldelim();
  }
  if (message.change?.kind === "identityPub") {
    writer.uint32(42).fork(); writeIdentityChange(writer, message.change.value); writer.ldelim();
  }
  if (message.change?.kind === "service") {
    writer.uint32(50).fork(); writeServiceChange(writer, message.change.value); writer.ldelim();
  }
  if (message.change?.kind === "reachability") {
    writer.uint32(58).fork(); writeReachabilityChange(writer, message.change.value); writer.ldelim();
  }
  if (message.deleted) {
    writer.uint32(64); writer.bool(message.deleted);
  }
  if (message.change?.kind === "revocation") {
    writer.uint32(74).fork(); writeRevocationChange(writer, message.change.value); writer.ldelim();
  }
  if (message.change?.kind === "publiclyAccessible") {
    writer.uint32(82).fork(); writePubliclyAccessibleChange(writer, message.change.value); writer.ldelim();
  }
}

export function readGossipEvent(reader: Reader, end: number, budget: Budget): GossipEvent {
  const message: { -readonly [K in keyof GossipEvent]: GossipEvent[K] } = { peerId: "", counter: 0n, deleted: false };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.peerId = readString(reader);
        break;
      case 16:
        message.counter = readUint64(reader);
        break;
      case 26:
        message.change = { kind: "network", value: readNetworkChange(reader, subEnd(reader), budget) };
        break;
      case 34:
        message.change = { kind: "externalPort", value: readExternalPortChange(reader, subEnd(reader), budget) };
        break;
      case 42:
        message.change = { kind: "identityPub", value: readIdentityChange(reader, subEnd(reader), budget) };
        break;
      case 50:
        message.change = { kind: "service", value: readServiceChange(reader, subEnd(reader), budget) };
        break;
      case 58:
        message.change = { kind: "reachability", value: readReachabilityChange(reader, subEnd(reader), budget) };
        break;
      case 64:
        message.deleted = readUint64(reader) !== 0n;
        break;
      case 74:
        message.change = { kind: "revocation", value: readRevocationChange(reader, subEnd(reader), budget) };
        break;
      case 82:
        message.change = { kind: "publiclyAccessible", value: readPubliclyAccessibleChange(reader, subEnd(reader), budget) };
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const GossipEvent: Codec<GossipEvent> = codec(
  "pollen.state.v1.GossipEvent",
  () => ({ peerId: "", counter: 0n, deleted: false }),
  writeGossipEvent,
  readGossipEvent,
);

/** Events, as many as fit a datagram. */
export interface GossipEventBatch {
  readonly events: readonly GossipEvent[];
}

export function writeGossipEventBatch(writer: Writer, message: GossipEventBatch): void {
  for (const item of message.events) {
    writer.uint32(10).fork(); writeGossipEvent(writer, item); writer.ldelim();
  }
}

export function readGossipEventBatch(reader: Reader, end: number, budget: Budget): GossipEventBatch {
  const message: { -readonly [K in keyof GossipEventBatch]: GossipEventBatch[K] } = { events: [] };
  const events: GossipEvent[] = [];
  message.events = events;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        spend(budget);
        events.push(readGossipEvent(reader, subEnd(reader), budget));
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const GossipEventBatch: Codec<GossipEventBatch> = codec(
  "pollen.state.v1.GossipEventBatch",
  () => ({ events: [] }),
  writeGossipEventBatch,
  readGossipEventBatch,
);
