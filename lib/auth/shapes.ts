// Shapes: whether an object has all its parts and these have their lengths. Checked before any
// cryptography, so that nothing is hashed or verified that could not be right. Each check returns
// what is wrong as a phrase, or null.

import type {
  AdminCert,
  BootstrapPeer,
  InviteTokenClaims,
  JoinTokenClaims,
  MembershipCert,
  RevocationEntry,
  TrustBundle,
} from "../proto/mod.ts";
import {
  ADDRESS_LENGTH_MAX,
  ADDRESSES_PER_PEER_MAX,
  BOOTSTRAP_PEERS_MAX,
  PEER_KEY_BYTES,
} from "../types/mod.ts";
import { SIGNATURE_BYTES } from "./signature.ts";

/** Bytes of a cluster id: SHA-256. */
export const CLUSTER_ID_BYTES = 32;

const TOKEN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function trustProblem(trust: TrustBundle | undefined): string | null {
  if (trust === undefined) return "missing trust bundle";
  return lengthProblem("cluster id", trust.clusterId, CLUSTER_ID_BYTES) ??
    lengthProblem("root key", trust.rootPub, PEER_KEY_BYTES);
}

export function adminCertProblem(cert: AdminCert): string | null {
  if (cert.claims === undefined) return "missing claims";
  return lengthProblem("cluster id", cert.claims.clusterId, CLUSTER_ID_BYTES) ??
    lengthProblem("admin key", cert.claims.adminPub, PEER_KEY_BYTES) ??
    lengthProblem("signature", cert.signature, SIGNATURE_BYTES);
}

export function membershipCertProblem(cert: MembershipCert): string | null {
  const { claims, issuer } = cert;
  if (claims === undefined) return "missing claims";
  return lengthProblem("cluster id", claims.clusterId, CLUSTER_ID_BYTES) ??
    lengthProblem("subject key", claims.subjectPub, PEER_KEY_BYTES) ??
    lengthProblem("issuer admin key", claims.issuerAdminPub, PEER_KEY_BYTES) ??
    lengthProblem("signature", cert.signature, SIGNATURE_BYTES) ??
    issuerProblem(issuer);
}

export function joinTokenProblem(claims: JoinTokenClaims, signature: Uint8Array): string | null {
  return tokenIdProblem(claims.tokenId) ?? trustProblem(claims.trust) ??
    issuerProblem(claims.issuer) ??
    (claims.memberCert === undefined
      ? "missing membership cert"
      : prefixed("membership cert", membershipCertProblem(claims.memberCert))) ??
    bootstrapProblem(claims.bootstrap) ?? lengthProblem("signature", signature, SIGNATURE_BYTES);
}

export function inviteTokenProblem(
  claims: InviteTokenClaims,
  signature: Uint8Array,
): string | null {
  return inviteClaimsProblem(claims) ?? lengthProblem("signature", signature, SIGNATURE_BYTES);
}

export function inviteClaimsProblem(claims: InviteTokenClaims): string | null {
  if (claims.bootstrap.length === 0) return "at least one bootstrap peer is required";
  if (claims.membershipTtlSeconds < 0n) return "negative membership ttl";
  return tokenIdProblem(claims.tokenId) ?? trustProblem(claims.trust) ??
    issuerProblem(claims.issuer) ?? bootstrapProblem(claims.bootstrap) ??
    (claims.subjectPub.length === 0
      ? null
      : lengthProblem("subject key", claims.subjectPub, PEER_KEY_BYTES));
}

export function revocationProblem(
  entry: RevocationEntry | undefined,
  signature: Uint8Array,
): string | null {
  if (entry === undefined) return "missing entry";
  return lengthProblem("cluster id", entry.clusterId, CLUSTER_ID_BYTES) ??
    lengthProblem("subject key", entry.subjectPub, PEER_KEY_BYTES) ??
    lengthProblem("issuer admin key", entry.issuerAdminPub, PEER_KEY_BYTES) ??
    lengthProblem("signature", signature, SIGNATURE_BYTES);
}

export function bootstrapProblem(peers: readonly BootstrapPeer[]): string | null {
  if (peers.length > BOOTSTRAP_PEERS_MAX) return "too many bootstrap peers";
  for (const { peerPub, addrs } of peers) {
    const problem = lengthProblem("bootstrap peer key", peerPub, PEER_KEY_BYTES);
    if (problem !== null) return problem;
    if (addrs.length === 0) return "a bootstrap peer has no address";
    if (addrs.length > ADDRESSES_PER_PEER_MAX) return "a bootstrap peer has too many addresses";
    if (addrs.some((address) => address === "")) return "a bootstrap peer has an empty address";
    if (addrs.some((address) => address.length > ADDRESS_LENGTH_MAX)) {
      return "a bootstrap peer has too long an address";
    }
  }
  return null;
}

function issuerProblem(issuer: AdminCert | undefined): string | null {
  if (issuer === undefined) return "missing issuer admin cert";
  return prefixed("issuer admin cert", adminCertProblem(issuer));
}

function tokenIdProblem(tokenId: string): string | null {
  return TOKEN_ID.test(tokenId) ? null : "token id is not a UUID";
}

function lengthProblem(what: string, bytes: Uint8Array, length: number): string | null {
  return bytes.length === length
    ? null
    : `invalid ${what} length: expected ${length} bytes, got ${bytes.length}`;
}

function prefixed(what: string, problem: string | null): string | null {
  return problem === null ? null : `${what}: ${problem}`;
}
