// Generated from proto/pollen/admission/v1/admission.proto by scripts/generate_proto.ts. Do not edit.
// deno-lint-ignore-file

import { codec, finish, readBytes, readInt64, readString, readUint64, skip, spend, subEnd, type Budget, type Codec, type Reader, type Writer, writeUint64 } from "../wire.ts";

/** What a node believes in: one network and its root key. */
export interface TrustBundle {
  /** 32 bytes, SHA-256 of root_pub */
  readonly clusterId: Uint8Array;
  /** 32 bytes */
  readonly rootPub: Uint8Array;
}

export function writeTrustBundle(writer: Writer, message: TrustBundle): void {
  if (message.clusterId.length > 0) {
    writer.uint32(10); writer.bytes(message.clusterId);
  }
  if (message.rootPub.length > 0) {
    writer.uint32(18); writer.bytes(message.rootPub);
  }
}

export function readTrustBundle(reader: Reader, end: number, budget: Budget): TrustBundle {
  const message: { -readonly [K in keyof TrustBundle]: TrustBundle[K] } = { clusterId: new Uint8Array(0), rootPub: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.clusterId = readBytes(reader);
        break;
      case 18:
        message.rootPub = readBytes(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const TrustBundle: Codec<TrustBundle> = codec(
  "pollen.admission.v1.TrustBundle",
  () => ({ clusterId: new Uint8Array(0), rootPub: new Uint8Array(0) }),
  writeTrustBundle,
  readTrustBundle,
);

/** What the root says of an administrator. */
export interface AdminCertClaims {
  readonly clusterId: Uint8Array;
  readonly adminPub: Uint8Array;
  readonly notBeforeUnix: bigint;
  readonly notAfterUnix: bigint;
  readonly serial: bigint;
}

export function writeAdminCertClaims(writer: Writer, message: AdminCertClaims): void {
  if (message.clusterId.length > 0) {
    writer.uint32(10); writer.bytes(message.clusterId);
  }
  if (message.adminPub.length > 0) {
    writer.uint32(18); writer.bytes(message.adminPub);
  }
  if (message.notBeforeUnix !== 0n) {
    writer.uint32(24); writeUint64(writer, message.notBeforeUnix);
  }
  if (message.notAfterUnix !== 0n) {
    writer.uint32(32); writeUint64(writer, message.notAfterUnix);
  }
  if (message.serial !== 0n) {
    writer.uint32(40); writeUint64(writer, message.serial);
  }
}

export function readAdminCertClaims(reader: Reader, end: number, budget: Budget): AdminCertClaims {
  const message: { -readonly [K in keyof AdminCertClaims]: AdminCertClaims[K] } = { clusterId: new Uint8Array(0), adminPub: new Uint8Array(0), notBeforeUnix: 0n, notAfterUnix: 0n, serial: 0n };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.clusterId = readBytes(reader);
        break;
      case 18:
        message.adminPub = readBytes(reader);
        break;
      case 24:
        message.notBeforeUnix = readInt64(reader);
        break;
      case 32:
        message.notAfterUnix = readInt64(reader);
        break;
      case 40:
        message.serial = readUint64(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const AdminCertClaims: Codec<AdminCertClaims> = codec(
  "pollen.admission.v1.AdminCertClaims",
  () => ({ clusterId: new Uint8Array(0), adminPub: new Uint8Array(0), notBeforeUnix: 0n, notAfterUnix: 0n, serial: 0n }),
  writeAdminCertClaims,
  readAdminCertClaims,
);

/** An administrator, certified by the root; signed with the context pollen.admin.v1. */
export interface AdminCert {
  readonly claims?: AdminCertClaims | undefined;
  /** 64 bytes */
  readonly signature: Uint8Array;
}

export function writeAdminCert(writer: Writer, message: AdminCert): void {
  if (message.claims !== undefined) {
    writer.uint32(10).fork(); writeAdminCertClaims(writer, message.claims); writer.ldelim();
  }
  if (message.signature.length > 0) {
    writer.uint32(18); writer.bytes(message.signature);
  }
}

export function readAdminCert(reader: Reader, end: number, budget: Budget): AdminCert {
  const message: { -readonly [K in keyof AdminCert]: AdminCert[K] } = { signature: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.claims = readAdminCertClaims(reader, subEnd(reader), budget);
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

export const AdminCert: Codec<AdminCert> = codec(
  "pollen.admission.v1.AdminCert",
  () => ({ signature: new Uint8Array(0) }),
  writeAdminCert,
  readAdminCert,
);

/** What an administrator says of a member. */
export interface MembershipCertClaims {
  readonly clusterId: Uint8Array;
  readonly subjectPub: Uint8Array;
  readonly issuerAdminPub: Uint8Array;
  readonly notBeforeUnix: bigint;
  readonly notAfterUnix: bigint;
  readonly serial: bigint;
  readonly nonRenewable: boolean;
}

export function writeMembershipCertClaims(writer: Writer, message: MembershipCertClaims): void {
  if (message.clusterId.length > 0) {
    writer.uint32(10); writer.bytes(message.clusterId);
  }
  if (message.subjectPub.length > 0) {
    writer.uint32(18); writer.bytes(message.subjectPub);
  }
  if (message.issuerAdminPub.length > 0) {
    writer.uint32(26); writer.bytes(message.issuerAdminPub);
  }
  if (message.notBeforeUnix !== 0n) {
    writer.uint32(32); writeUint64(writer, message.notBeforeUnix);
  }
  if (message.notAfterUnix !== 0n) {
    writer.uint32(40); writeUint64(writer, message.notAfterUnix);
  }
  if (message.serial !== 0n) {
    writer.uint32(48); writeUint64(writer, message.serial);
  }
  if (message.nonRenewable) {
    writer.uint32(56); writer.bool(message.nonRenewable);
  }
}

export function readMembershipCertClaims(reader: Reader, end: number, budget: Budget): MembershipCertClaims {
  const message: { -readonly [K in keyof MembershipCertClaims]: MembershipCertClaims[K] } = { clusterId: new Uint8Array(0), subjectPub: new Uint8Array(0), issuerAdminPub: new Uint8Array(0), notBeforeUnix: 0n, notAfterUnix: 0n, serial: 0n, nonRenewable: false };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.clusterId = readBytes(reader);
        break;
      case 18:
        message.subjectPub = readBytes(reader);
        break;
      case 26:
        message.issuerAdminPub = readBytes(reader);
        break;
      case 32:
        message.notBeforeUnix = readInt64(reader);
        break;
      case 40:
        message.notAfterUnix = readInt64(reader);
        break;
      case 48:
        message.serial = readUint64(reader);
        break;
      case 56:
        message.nonRenewable = readUint64(reader) !== 0n;
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const MembershipCertClaims: Codec<MembershipCertClaims> = codec(
  "pollen.admission.v1.MembershipCertClaims",
  () => ({ clusterId: new Uint8Array(0), subjectPub: new Uint8Array(0), issuerAdminPub: new Uint8Array(0), notBeforeUnix: 0n, notAfterUnix: 0n, serial: 0n, nonRenewable: false }),
  writeMembershipCertClaims,
  readMembershipCertClaims,
);

/** A membership with its issuer; signed with the context pollen.membership.v1. */
export interface MembershipCert {
  readonly claims?: MembershipCertClaims | undefined;
  readonly issuer?: AdminCert | undefined;
  readonly signature: Uint8Array;
}

export function writeMembershipCert(writer: Writer, message: MembershipCert): void {
  if (message.claims !== undefined) {
    writer.uint32(10).fork(); writeMembershipCertClaims(writer, message.claims); writer.ldelim();
  }
  if (message.issuer !== undefined) {
    writer.uint32(18).fork(); writeAdminCert(writer, message.issuer); writer.ldelim();
  }
  if (message.signature.length > 0) {
    writer.uint32(26); writer.bytes(message.signature);
  }
}

export function readMembershipCert(reader: Reader, end: number, budget: Budget): MembershipCert {
  const message: { -readonly [K in keyof MembershipCert]: MembershipCert[K] } = { signature: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.claims = readMembershipCertClaims(reader, subEnd(reader), budget);
        break;
      case 18:
        message.issuer = readAdminCert(reader, subEnd(reader), budget);
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

export const MembershipCert: Codec<MembershipCert> = codec(
  "pollen.admission.v1.MembershipCert",
  () => ({ signature: new Uint8Array(0) }),
  writeMembershipCert,
  readMembershipCert,
);

/** A node to find the network through. */
export interface BootstrapPeer {
  readonly peerPub: Uint8Array;
  /** host:port */
  readonly addrs: readonly string[];
}

export function writeBootstrapPeer(writer: Writer, message: BootstrapPeer): void {
  if (message.peerPub.length > 0) {
    writer.uint32(10); writer.bytes(message.peerPub);
  }
  for (const item of message.addrs) {
    writer.uint32(18); writer.string(item);
  }
}

export function readBootstrapPeer(reader: Reader, end: number, budget: Budget): BootstrapPeer {
  const message: { -readonly [K in keyof BootstrapPeer]: BootstrapPeer[K] } = { peerPub: new Uint8Array(0), addrs: [] };
  const addrs: string[] = [];
  message.addrs = addrs;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.peerPub = readBytes(reader);
        break;
      case 18:
        spend(budget);
        addrs.push(readString(reader));
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const BootstrapPeer: Codec<BootstrapPeer> = codec(
  "pollen.admission.v1.BootstrapPeer",
  () => ({ peerPub: new Uint8Array(0), addrs: [] }),
  writeBootstrapPeer,
  readBootstrapPeer,
);

/** What a newcomer needs: trust, membership, and where to find the network. */
export interface JoinTokenClaims {
  readonly tokenId: string;
  readonly trust?: TrustBundle | undefined;
  readonly issuer?: AdminCert | undefined;
  readonly memberCert?: MembershipCert | undefined;
  readonly bootstrap: readonly BootstrapPeer[];
  readonly issuedAtUnix: bigint;
  readonly expiresAtUnix: bigint;
}

export function writeJoinTokenClaims(writer: Writer, message: JoinTokenClaims): void {
  if (message.tokenId !== "") {
    writer.uint32(10); writer.string(message.tokenId);
  }
  if (message.trust !== undefined) {
    writer.uint32(18).fork(); writeTrustBundle(writer, message.trust); writer.ldelim();
  }
  if (message.issuer !== undefined) {
    writer.uint32(26).fork(); writeAdminCert(writer, message.issuer); writer.ldelim();
  }
  if (message.memberCert !== undefined) {
    writer.uint32(34).fork(); writeMembershipCert(writer, message.memberCert); writer.ldelim();
  }
  for (const item of message.bootstrap) {
    writer.uint32(42).fork(); writeBootstrapPeer(writer, item); writer.ldelim();
  }
  if (message.issuedAtUnix !== 0n) {
    writer.uint32(48); writeUint64(writer, message.issuedAtUnix);
  }
  if (message.expiresAtUnix !== 0n) {
    writer.uint32(56); writeUint64(writer, message.expiresAtUnix);
  }
}

export function readJoinTokenClaims(reader: Reader, end: number, budget: Budget): JoinTokenClaims {
  const message: { -readonly [K in keyof JoinTokenClaims]: JoinTokenClaims[K] } = { tokenId: "", bootstrap: [], issuedAtUnix: 0n, expiresAtUnix: 0n };
  const bootstrap: BootstrapPeer[] = [];
  message.bootstrap = bootstrap;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.tokenId = readString(reader);
        break;
      case 18:
        message.trust = readTrustBundle(reader, subEnd(reader), budget);
        break;
      case 26:
        message.issuer = readAdminCert(reader, subEnd(reader), budget);
        break;
      case 34:
        message.memberCert = readMembershipCert(reader, subEnd(reader), budget);
        break;
      case 42:
        spend(budget);
        bootstrap.push(readBootstrapPeer(reader, subEnd(reader), budget));
        break;
      case 48:
        message.issuedAtUnix = readInt64(reader);
        break;
      case 56:
        message.expiresAtUnix = readInt64(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const JoinTokenClaims: Codec<JoinTokenClaims> = codec(
  "pollen.admission.v1.JoinTokenClaims",
  () => ({ tokenId: "", bootstrap: [], issuedAtUnix: 0n, expiresAtUnix: 0n }),
  writeJoinTokenClaims,
  readJoinTokenClaims,
);

/** A membership to take along; signed with the context pollen.join.v1. */
export interface JoinToken {
  readonly claims?: JoinTokenClaims | undefined;
  readonly signature: Uint8Array;
}

export function writeJoinToken(writer: Writer, message: JoinToken): void {
  if (message.claims !== undefined) {
    writer.uint32(10).fork(); writeJoinTokenClaims(writer, message.claims); writer.ldelim();
  }
  if (message.signature.length > 0) {
    writer.uint32(18); writer.bytes(message.signature);
  }
}

export function readJoinToken(reader: Reader, end: number, budget: Budget): JoinToken {
  const message: { -readonly [K in keyof JoinToken]: JoinToken[K] } = { signature: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.claims = readJoinTokenClaims(reader, subEnd(reader), budget);
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

export const JoinToken: Codec<JoinToken> = codec(
  "pollen.admission.v1.JoinToken",
  () => ({ signature: new Uint8Array(0) }),
  writeJoinToken,
  readJoinToken,
);

/** A permission to ask for a membership, once. */
export interface InviteTokenClaims {
  readonly tokenId: string;
  readonly trust?: TrustBundle | undefined;
  readonly issuer?: AdminCert | undefined;
  readonly bootstrap: readonly BootstrapPeer[];
  /** empty: any key may redeem it */
  readonly subjectPub: Uint8Array;
  readonly issuedAtUnix: bigint;
  readonly expiresAtUnix: bigint;
  /** 0: the redeeming node's own */
  readonly membershipTtlSeconds: bigint;
  readonly nonRenewable: boolean;
}

export function writeInviteTokenClaims(writer: Writer, message: InviteTokenClaims): void {
  if (message.tokenId !== "") {
    writer.uint32(10); writer.string(message.tokenId);
  }
  if (message.trust !== undefined) {
    writer.uint32(18).fork(); writeTrustBundle(writer, message.trust); writer.ldelim();
  }
  if (message.issuer !== undefined) {
    writer.uint32(26).fork(); writeAdminCert(writer, message.issuer); writer.ldelim();
  }
  for (const item of message.bootstrap) {
    writer.uint32(34).fork(); writeBootstrapPeer(writer, item); writer.ldelim();
  }
  if (message.subjectPub.length > 0) {
    writer.uint32(42); writer.bytes(message.subjectPub);
  }
  if (message.issuedAtUnix !== 0n) {
    writer.uint32(48); writeUint64(writer, message.issuedAtUnix);
  }
  if (message.expiresAtUnix !== 0n) {
    writer.uint32(56); writeUint64(writer, message.expiresAtUnix);
  }
  if (message.membershipTtlSeconds !== 0n) {
    writer.uint32(64); writeUint64(writer, message.membershipTtlSeconds);
  }
  if (message.nonRenewable) {
    writer.uint32(72); writer.bool(message.nonRenewable);
  }
}

export function readInviteTokenClaims(reader: Reader, end: number, budget: Budget): InviteTokenClaims {
  const message: { -readonly [K in keyof InviteTokenClaims]: InviteTokenClaims[K] } = { tokenId: "", bootstrap: [], subjectPub: new Uint8Array(0), issuedAtUnix: 0n, expiresAtUnix: 0n, membershipTtlSeconds: 0n, nonRenewable: false };
  const bootstrap: BootstrapPeer[] = [];
  message.bootstrap = bootstrap;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.tokenId = readString(reader);
        break;
      case 18:
        message.trust = readTrustBundle(reader, subEnd(reader), budget);
        break;
      case 26:
        message.issuer = readAdminCert(reader, subEnd(reader), budget);
        break;
      case 34:
        spend(budget);
        bootstrap.push(readBootstrapPeer(reader, subEnd(reader), budget));
        break;
      case 42:
        message.subjectPub = readBytes(reader);
        break;
      case 48:
        message.issuedAtUnix = readInt64(reader);
        break;
      case 56:
        message.expiresAtUnix = readInt64(reader);
        break;
      case 64:
        message.membershipTtlSeconds = readInt64(reader);
        break;
      case 72:
        message.nonRenewable = readUint64(reader) !== 0n;
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const InviteTokenClaims: Codec<InviteTokenClaims> = codec(
  "pollen.admission.v1.InviteTokenClaims",
  () => ({ tokenId: "", bootstrap: [], subjectPub: new Uint8Array(0), issuedAtUnix: 0n, expiresAtUnix: 0n, membershipTtlSeconds: 0n, nonRenewable: false }),
  writeInviteTokenClaims,
  readInviteTokenClaims,
);

/** An invite; signed with the context pollen.invite.v1. */
export interface InviteToken {
  readonly claims?: InviteTokenClaims | undefined;
  readonly signature: Uint8Array;
}

export function writeInviteToken(writer: Writer, message: InviteToken): void {
  if (message.claims !== undefined) {
    writer.uint32(10).fork(); writeInviteTokenClaims(writer, message.claims); writer.ldelim();
  }
  if (message.signature.length > 0) {
    writer.uint32(18); writer.bytes(message.signature);
  }
}

export function readInviteToken(reader: Reader, end: number, budget: Budget): InviteToken {
  const message: { -readonly [K in keyof InviteToken]: InviteToken[K] } = { signature: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.claims = readInviteTokenClaims(reader, subEnd(reader), budget);
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

export const InviteToken: Codec<InviteToken> = codec(
  "pollen.admission.v1.InviteToken",
  () => ({ signature: new Uint8Array(0) }),
  writeInviteToken,
  readInviteToken,
);

/** The root takes a membership away, for good. */
export interface RevocationEntry {
  readonly clusterId: Uint8Array;
  readonly subjectPub: Uint8Array;
  readonly revokedAtUnix: bigint;
  readonly issuerAdminPub: Uint8Array;
}

export function writeRevocationEntry(writer: Writer, message: RevocationEntry): void {
  if (message.clusterId.length > 0) {
    writer.uint32(10); writer.bytes(message.clusterId);
  }
  if (message.subjectPub.length > 0) {
    writer.uint32(18); writer.bytes(message.subjectPub);
  }
  if (message.revokedAtUnix !== 0n) {
    writer.uint32(24); writeUint64(writer, message.revokedAtUnix);
  }
  if (message.issuerAdminPub.length > 0) {
    writer.uint32(34); writer.bytes(message.issuerAdminPub);
  }
}

export function readRevocationEntry(reader: Reader, end: number, budget: Budget): RevocationEntry {
  const message: { -readonly [K in keyof RevocationEntry]: RevocationEntry[K] } = { clusterId: new Uint8Array(0), subjectPub: new Uint8Array(0), revokedAtUnix: 0n, issuerAdminPub: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.clusterId = readBytes(reader);
        break;
      case 18:
        message.subjectPub = readBytes(reader);
        break;
      case 24:
        message.revokedAtUnix = readInt64(reader);
        break;
      case 34:
        message.issuerAdminPub = readBytes(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const RevocationEntry: Codec<RevocationEntry> = codec(
  "pollen.admission.v1.RevocationEntry",
  () => ({ clusterId: new Uint8Array(0), subjectPub: new Uint8Array(0), revokedAtUnix: 0n, issuerAdminPub: new Uint8Array(0) }),
  writeRevocationEntry,
  readRevocationEntry,
);

/** A revocation; signed with the context pollen.revocation.v1. */
export interface SignedRevocation {
  readonly entry?: RevocationEntry | undefined;
  readonly signature: Uint8Array;
}

export function writeSignedRevocation(writer: Writer, message: SignedRevocation): void {
  if (message.entry !== undefined) {
    writer.uint32(10).fork(); writeRevocationEntry(writer, message.entry); writer.ldelim();
  }
  if (message.signature.length > 0) {
    writer.uint32(18); writer.bytes(message.signature);
  }
}

export function readSignedRevocation(reader: Reader, end: number, budget: Budget): SignedRevocation {
  const message: { -readonly [K in keyof SignedRevocation]: SignedRevocation[K] } = { signature: new Uint8Array(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.entry = readRevocationEntry(reader, subEnd(reader), budget);
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

export const SignedRevocation: Codec<SignedRevocation> = codec(
  "pollen.admission.v1.SignedRevocation",
  () => ({ signature: new Uint8Array(0) }),
  writeSignedRevocation,
  readSignedRevocation,
);
