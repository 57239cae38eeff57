// Generated from proto/pollen/mesh/v1/mesh.proto by scripts/generate_proto.ts. Do not edit.
// deno-lint-ignore-file

import { codec, finish, readBytes, readString, readUint64, skip, subEnd, type Budget, type Codec, type Reader, type Writer } from "../wire.ts";
import { readInviteToken, readJoinToken, readMembershipCert, type InviteToken, type JoinToken, type MembershipCert, writeInviteToken, writeJoinToken, writeMembershipCert } from "./admission_v1.ts";
import { readGossipEventBatch, readGossipVectorClock, type GossipEventBatch, type GossipVectorClock, writeGossipEventBatch, writeGossipVectorClock } from "./state_v1.ts";

/** Help us reach that peer. */
export interface PunchCoordRequest {
  readonly peerId: Uint8Array;
}

export function writePunchCoordRequest(writer: Writer, message: PunchCoordRequest): void {
  if (message.peerId.length > 0) {
    writer.uint32(10); writer.bytes(message.peerId);
  }
}

export function readPunchCoordRequest(reader: Reader, end: number, budget: Budget): PunchCoordRequest {
  const message: { -readonly [K in keyof PunchCoordRequest]: PunchCoordRequest[K] } = { peerId: new Uint8Array(0) };
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

export const PunchCoordRequest: Codec<PunchCoordRequest> = codec(
  "pollen.mesh.v1.PunchCoordRequest",
  () => ({ peerId: new Uint8Array(0) }),
  writePunchCoordRequest,
  readPunchCoordRequest,
);

/** Send to that peer now, at this address; this is how you look from here. */
export interface PunchCoordTrigger {
  readonly peerId: Uint8Array;
  readonly selfAddr: string;
  readonly peerAddr: string;
}

export function writePunchCoordTrigger(writer: Writer, message: PunchCoordTrigger): void {
  if (message.peerId.length > 0) {
    writer.uint32(10); writer.bytes(message.peerId);
  }
  if (message.selfAddr !== "") {
    writer.uint32(18); writer.string(message.selfAddr);
  }
  if (message.peerAddr !== "") {
    writer.uint32(26); writer.string(message.peerAddr);
  }
}

export function readPunchCoordTrigger(reader: Reader, end: number, budget: Budget): PunchCoordTrigger {
  const message: { -readonly [K in keyof PunchCoordTrigger]: PunchCoordTrigger[K] } = { peerId: new Uint8Array(0), selfAddr: "", peerAddr: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.peerId = readBytes(reader);
        break;
      case 18:
        message.selfAddr = readString(reader);
        break;
      case 26:
        message.peerAddr = readString(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const PunchCoordTrigger: Codec<PunchCoordTrigger> = codec(
  "pollen.mesh.v1.PunchCoordTrigger",
  () => ({ peerId: new Uint8Array(0), selfAddr: "", peerAddr: "" }),
  writePunchCoordTrigger,
  readPunchCoordTrigger,
);

/** A stranger wants to become a member. */
export interface InviteRedeemRequest {
  readonly token?: InviteToken | undefined;
  readonly subjectPub: Uint8Array;
}

export function writeInviteRedeemRequest(writer: Writer, message: InviteRedeemRequest): void {
  if (message.token !== undefined) {
    writer.uint32(10).fork(); writeInviteToken(writer, message.token); writer.ldelim();
  }
  if (message.subjectPub.length > 0) {
    writer.uint32(18); writer.bytes(message.subjectPub);
  }
}

export function readInviteRedeemRequest(reader: Reader, end: number, budget: Budget): InviteRedeemRequest {
  const message: { -readonly [K in keyof InviteRedeemRequest]: InviteRedeemRequest[K] } = { subjectPub: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.token = readInviteToken(reader, subEnd(reader), budget);
        break;
      case 18:
        message.subjectPub = readBytes(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const InviteRedeemRequest: Codec<InviteRedeemRequest> = codec(
  "pollen.mesh.v1.InviteRedeemRequest",
  () => ({ subjectPub: new Uint8Array(0) }),
  writeInviteRedeemRequest,
  readInviteRedeemRequest,
);

/** The answer: a join token, or why not. */
export interface InviteRedeemResponse {
  readonly accepted: boolean;
  readonly reason: string;
  readonly joinToken?: JoinToken | undefined;
}

export function writeInviteRedeemResponse(writer: Writer, message: InviteRedeemResponse): void {
  if (message.accepted) {
    writer.uint32(8); writer.bool(message.accepted);
  }
  if (message.reason !== "") {
    writer.uint32(18); writer.string(message.reason);
  }
  if (message.joinToken !== undefined) {
    writer.uint32(26).fork(); writeJoinToken(writer, message.joinToken); writer.ldelim();
  }
}

export function readInviteRedeemResponse(reader: Reader, end: number, budget: Budget): InviteRedeemResponse {
  const message: { -readonly [K in keyof InviteRedeemResponse]: InviteRedeemResponse[K] } = { accepted: false, reason: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 8:
        message.accepted = readUint64(reader) !== 0n;
        break;
      case 18:
        message.reason = readString(reader);
        break;
      case 26:
        message.joinToken = readJoinToken(reader, subEnd(reader), budget);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const InviteRedeemResponse: Codec<InviteRedeemResponse> = codec(
  "pollen.mesh.v1.InviteRedeemResponse",
  () => ({ accepted: false, reason: "" }),
  writeInviteRedeemResponse,
  readInviteRedeemResponse,
);

/** How the sender sees the receiver. */
export interface ObservedAddress {
  /** ip:port */
  readonly addr: string;
}

export function writeObservedAddress(writer: Writer, message: ObservedAddress): void {
  if (message.addr !== "") {
    writer.uint32(10); writer.string(message.addr);
  }
}

export function readObservedAddress(reader: Reader, end: number, budget: Budget): ObservedAddress {
  const message: { -readonly [K in keyof ObservedAddress]: ObservedAddress[K] } = { addr: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.addr = readString(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ObservedAddress: Codec<ObservedAddress> = codec(
  "pollen.mesh.v1.ObservedAddress",
  () => ({ addr: "" }),
  writeObservedAddress,
  readObservedAddress,
);

/** A member asks an administrator for a new certificate. */
export interface CertRenewalRequest {
  readonly subjectPub: Uint8Array;
  readonly currentCert: Uint8Array;
}

export function writeCertRenewalRequest(writer: Writer, message: CertRenewalRequest): void {
  if (message.subjectPub.length > 0) {
    writer.uint32(10); writer.bytes(message.subjectPub);
  }
  if (message.currentCert.length > 0) {
    writer.uint32(18); writer.bytes(message.currentCert);
  }
}

export function readCertRenewalRequest(reader: Reader, end: number, budget: Budget): CertRenewalRequest {
  const message: { -readonly [K in keyof CertRenewalRequest]: CertRenewalRequest[K] } = { subjectPub: new Uint8Array(0), currentCert: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.subjectPub = readBytes(reader);
        break;
      case 18:
        message.currentCert = readBytes(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const CertRenewalRequest: Codec<CertRenewalRequest> = codec(
  "pollen.mesh.v1.CertRenewalRequest",
  () => ({ subjectPub: new Uint8Array(0), currentCert: new Uint8Array(0) }),
  writeCertRenewalRequest,
  readCertRenewalRequest,
);

/** The answer: a membership, or why not. */
export interface CertRenewalResponse {
  readonly accepted: boolean;
  readonly reason: string;
  readonly cert?: MembershipCert | undefined;
}

export function writeCertRenewalResponse(writer: Writer, message: CertRenewalResponse): void {
  if (message.accepted) {
    writer.uint32(8); writer.bool(message.accepted);
  }
  if (message.reason !== "") {
    writer.uint32(18); writer.string(message.reason);
  }
  if (message.cert !== undefined) {
    writer.uint32(26).fork(); writeMembershipCert(writer, message.cert); writer.ldelim();
  }
}

export function readCertRenewalResponse(reader: Reader, end: number, budget: Budget): CertRenewalResponse {
  const message: { -readonly [K in keyof CertRenewalResponse]: CertRenewalResponse[K] } = { accepted: false, reason: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 8:
        message.accepted = readUint64(reader) !== 0n;
        break;
      case 18:
        message.reason = readString(reader);
        break;
      case 26:
        message.cert = readMembershipCert(reader, subEnd(reader), budget);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const CertRenewalResponse: Codec<CertRenewalResponse> = codec(
  "pollen.mesh.v1.CertRenewalResponse",
  () => ({ accepted: false, reason: "" }),
  writeCertRenewalResponse,
  readCertRenewalResponse,
);

/** What one datagram carries. */
export interface Envelope {
  readonly body?:
    | { readonly kind: "clock"; readonly value: GossipVectorClock }
    | { readonly kind: "punchCoordRequest"; readonly value: PunchCoordRequest }
    | { readonly kind: "punchCoordTrigger"; readonly value: PunchCoordTrigger }
    | { readonly kind: "inviteRedeemRequest"; readonly value: InviteRedeemRequest }
    | { readonly kind: "inviteRedeemResponse"; readonly value: InviteRedeemResponse }
    | { readonly kind: "observedAddress"; readonly value: ObservedAddress }
    | { readonly kind: "events"; readonly value: GossipEventBatch }
    | { readonly kind: "certRenewalRequest"; readonly value: CertRenewalRequest }
    | { readonly kind: "certRenewalResponse"; readonly value: CertRenewalResponse }
    | undefined;
}

export function writeEnvelope(writer: Writer, message: Envelope): void {
  if (message.body?.kind === "clock") {
    writer.uint32(10).fork(); writeGossipVectorClock(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "punchCoordRequest") {
    writer.uint32(26).fork(); writePunchCoordRequest(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "punchCoordTrigger") {
    writer.uint32(34).fork(); writePunchCoordTrigger(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "inviteRedeemRequest") {
    writer.uint32(50).fork(); writeInviteRedeemRequest(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "inviteRedeemResponse") {
    writer.uint32(58).fork(); writeInviteRedeemResponse(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "observedAddress") {
    writer.uint32(66).fork(); writeObservedAddress(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "events") {
    writer.uint32(74).fork(); writeGossipEventBatch(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "certRenewalRequest") {
    writer.uint32(82).fork(); writeCertRenewalRequest(writer, message.body.value); writer.ldelim();
  }
  if (message.body?.kind === "certRenewalResponse") {
    writer.uint32(90).fork(); writeCertRenewalResponse(writer, message.body.value); writer.ldelim();
  }
}

export function readEnvelope(reader: Reader, end: number, budget: Budget): Envelope {
  const message: { -readonly [K in keyof Envelope]: Envelope[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.body = { kind: "clock", value: readGossipVectorClock(reader, subEnd(reader), budget) };
        break;
      case 26:
        message.body = { kind: "punchCoordRequest", value: readPunchCoordRequest(reader, subEnd(reader), budget) };
        break;
      case 34:
        message.body = { kind: "punchCoordTrigger", value: readPunchCoordTrigger(reader, subEnd(reader), budget) };
        break;
      case 50:
        message.body = { kind: "inviteRedeemRequest", value: readInviteRedeemRequest(reader, subEnd(reader), budget) };
        break;
      case 58:
        message.body = { kind: "inviteRedeemResponse", value: readInviteRedeemResponse(reader, subEnd(reader), budget) };
        break;
      case 66:
        message.body = { kind: "observedAddress", value: readObservedAddress(reader, subEnd(reader), budget) };
        break;
      case 74:
        message.body = { kind: "events", value: readGossipEventBatch(reader, subEnd(reader), budget) };
        break;
      case 82:
        message.body = { kind: "certRenewalRequest", value: readCertRenewalRequest(reader, subEnd(reader), budget) };
        break;
      case 90:
        message.body = { kind: "certRenewalResponse", value: readCertRenewalResponse(reader, subEnd(reader), budget) };
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const Envelope: Codec<Envelope> = codec(
  "pollen.mesh.v1.Envelope",
  () => ({  }),
  writeEnvelope,
  readEnvelope,
);
