// The verdict on a peer's certificate: is it a current member of our own network, is it the one we
// dialled, and is it not revoked. Every session passes here before a byte of it is served.

import { type NodeCredentials, verifyMembershipCert } from "../auth/mod.ts";
import type { MembershipCert } from "../proto/mod.ts";
import {
  assert,
  type PeerKey,
  peerKeyBytes,
  PollenError,
  shortPeerKey,
  type WallMs,
} from "../types/mod.ts";
import { type PeerCertificate, readPeerCertificate } from "./certificate.ts";
import { KnownCertificates } from "./known_certificates.ts";

/** Those of the members of any network whose certificates passed here. */
const known = new KnownCertificates();

/** How many certificates are known now. */
export function knownCertificateCount(): number {
  return known.size;
}

/** What memberships are judged by. */
export interface MembershipOptions {
  readonly credentials: NodeCredentials;
  readonly now: WallMs;
  isRevoked(peer: PeerKey): boolean;
}

export interface VerifyOptions extends MembershipOptions {
  /** The key that was dialled; null for somebody who dialled us. */
  readonly expected: PeerKey | null;
}

/**
 * Verifies a member's certificate.
 *
 * @throws {PollenError} `unauthenticated`, `identity_mismatch` or `refused`.
 */
export function verifyMember(der: Uint8Array, options: VerifyOptions): PeerKey {
  const recalled = known.recall(der);
  const certificate = recalled ?? readPeerCertificate(der);
  const { peer, membership } = certificate;
  verifyExpected(peer, options.expected);
  if (membership === null) {
    throw new PollenError(
      "unauthenticated",
      "peer certificate missing membership extension: the other side is not a member of a network.",
      { fix: "Let it join with an invite first." },
    );
  }
  verifyMembership(membership, peer, options);
  if (recalled === null) known.remember(der, certificate);
  return peer;
}

/**
 * Verifies that this makes the peer a member now.
 *
 * @throws {PollenError} `unauthenticated` or `refused`.
 */
export function verifyMembership(
  membership: MembershipCert,
  peer: PeerKey,
  { credentials, now, isRevoked }: MembershipOptions,
): void {
  verifyMembershipCert(membership, credentials.trust, now, peerKeyBytes(peer));
  if (isRevoked(peer)) {
    throw new PollenError("refused", "peer membership certificate has been revoked.");
  }
}

/** The membership in a certificate that passed `verifyMember`. */
export function membershipIn(der: Uint8Array): MembershipCert {
  const { membership } = known.recall(der) ?? readPeerCertificate(der);
  assert(membership !== null, "it was verified");
  return membership;
}

/**
 * Verifies that the certificate holds the expected key; for links on which nobody is a member yet.
 *
 * @throws {PollenError} `unauthenticated`, `identity_mismatch`.
 */
export function verifyKey(der: Uint8Array, expected: PeerKey): PeerCertificate {
  const certificate = readPeerCertificate(der);
  verifyExpected(certificate.peer, expected);
  return certificate;
}

function verifyExpected(peer: PeerKey, expected: PeerKey | null): void {
  if (expected === null || peer === expected) return;
  throw new PollenError(
    "identity_mismatch",
    `peer identity mismatch: expected ${shortPeerKey(expected)} got ${shortPeerKey(peer)}.`,
    { fix: "Another node answers at that address now; check the address." },
  );
}
