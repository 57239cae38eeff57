// Certificates: the root key signs administrators, administrators sign members, and no deeper. An
// administrator's certificate travels inside each membership it signed, and is checked with it every
// time: when it lapses, so do they.

import {
  AdminCert,
  AdminCertClaims,
  MembershipCert,
  MembershipCertClaims,
  type TrustBundle,
} from "../proto/mod.ts";
import { PEER_KEY_BYTES, PollenError, type WallMs } from "../types/mod.ts";
import { checkWindow, refusal, within } from "./refusal.ts";
import { adminCertProblem, CLUSTER_ID_BYTES, membershipCertProblem } from "./shapes.ts";
import { sign, type SigningKey, verifySignature } from "./signature.ts";
import { isSameBytes } from "./trust.ts";

/** Certificates are valid from this much before they are issued, in seconds, for clocks that lag (pollen/1). */
export const BACKDATE_SECONDS = 60n;

const MEMBER_REMEDY = "Ask an administrator of the network for a new invite.";
const ADMIN_REMEDY = "The network's root administrator has to certify this administrator anew.";

/** An administrator's certificate, signed by the root key. */
export function issueAdminCert(root: SigningKey, claims: AdminCertClaims): AdminCert {
  if (claims.notAfterUnix <= claims.notBeforeUnix) {
    throw new PollenError("invalid_argument", "invalid admin certificate validity window.");
  }
  return { claims, signature: sign("admin", root.seed, AdminCertClaims.encode(claims)) };
}

/**
 * Checks an administrator's certificate against the network's root key.
 *
 * @throws {PollenError} `unauthenticated`.
 */
export function verifyAdminCert(
  cert: AdminCert | null | undefined,
  trust: TrustBundle,
  now: WallMs,
): asserts cert is AdminCert {
  if (cert === null || cert === undefined) throw refusal("admin cert is nil");
  const problem = adminCertProblem(cert);
  if (problem !== null) throw refusal(`admin cert invalid: ${problem}`);
  const claims = cert.claims!;
  if (!verifySignature("admin", trust.rootPub, AdminCertClaims.encode(claims), cert.signature)) {
    throw refusal("admin cert signature invalid");
  }
  // The root's signature implies it for an honest root; one more comparison makes it certain.
  if (!isSameBytes(claims.clusterId, trust.clusterId)) {
    throw refusal("admin cert not scoped to cluster");
  }
  const window = { fromUnix: claims.notBeforeUnix, untilUnix: claims.notAfterUnix };
  checkWindow(window, now, "admin cert outside validity window", ADMIN_REMEDY);
}

/** What a membership is to say; the issuer's key and certificate come with the signer. */
export type MembershipFields = Omit<MembershipCertClaims, "issuerAdminPub">;

/**
 * A membership signed by an administrator.
 *
 * @throws {PollenError} `invalid_argument` for claims that could not verify.
 */
export function issueMembershipCert(
  admin: SigningKey,
  issuer: AdminCert | undefined,
  fields: MembershipFields,
): MembershipCert {
  const problem = issuanceProblem(admin, issuer, fields);
  if (problem !== null) throw new PollenError("invalid_argument", `${problem}.`);
  const claims: MembershipCertClaims = { ...fields, issuerAdminPub: admin.publicKey };
  const signature = sign("membership", admin.seed, MembershipCertClaims.encode(claims));
  return { claims, issuer, signature };
}

function issuanceProblem(
  admin: SigningKey,
  issuer: AdminCert | undefined,
  fields: MembershipFields,
): string | null {
  if (fields.clusterId.length !== CLUSTER_ID_BYTES) return "invalid cluster id length";
  if (fields.subjectPub.length !== PEER_KEY_BYTES) return "invalid subject key length";
  if (fields.notAfterUnix <= fields.notBeforeUnix) {
    return "invalid membership certificate validity window";
  }
  if (issuer?.claims === undefined) return "missing issuer admin cert";
  if (!isSameBytes(issuer.claims.clusterId, fields.clusterId)) {
    return "issuer admin cert cluster mismatch";
  }
  if (!isSameBytes(issuer.claims.adminPub, admin.publicKey)) {
    return "issuer admin cert does not match signing admin key";
  }
  return null;
}

/**
 * Checks that the certificate makes `expectedSubject` a current member of the network.
 *
 * @throws {PollenError} `unauthenticated`; `details.reason` is `expired` or `not_yet_valid` where
 *   only time is against it.
 */
export function verifyMembershipCert(
  cert: MembershipCert | null | undefined,
  trust: TrustBundle,
  now: WallMs,
  expectedSubject: Uint8Array,
): asserts cert is MembershipCert {
  if (cert === null || cert === undefined) throw refusal("membership cert is nil");
  const problem = membershipCertProblem(cert);
  if (problem !== null) throw refusal(`membership cert invalid: ${problem}`);
  const claims = cert.claims!;
  const issuer = cert.issuer!;
  if (!isSameBytes(claims.clusterId, trust.clusterId)) {
    throw refusal("membership cert not scoped to cluster", {
      fix: "It belongs to another network.",
    });
  }
  within("membership cert issuer invalid", () => verifyAdminCert(issuer, trust, now));
  const issuerPub = issuer.claims!.adminPub;
  if (!isSameBytes(issuerPub, claims.issuerAdminPub)) {
    throw refusal("membership cert issuer key mismatch");
  }
  const message = MembershipCertClaims.encode(claims);
  if (!verifySignature("membership", issuerPub, message, cert.signature)) {
    throw refusal("membership cert signature invalid");
  }
  const window = { fromUnix: claims.notBeforeUnix, untilUnix: claims.notAfterUnix };
  checkWindow(window, now, "membership cert outside validity window", MEMBER_REMEDY);
  if (!isSameBytes(claims.subjectPub, expectedSubject)) {
    throw refusal("membership cert subject mismatch", {
      fix: "It was issued to another node's key.",
    });
  }
}

/**
 * Whether the certificate makes its subject a member of the network now, or did before it lapsed.
 * For what a member once said, which does not become untrue when it leaves.
 */
export function isGenuineMembership(
  cert: MembershipCert,
  trust: TrustBundle,
  now: WallMs,
): boolean {
  const ends = [cert.claims?.notAfterUnix ?? 0n, cert.issuer?.claims?.notAfterUnix ?? 0n];
  const lastValidMs = 1_000 * Number(ends[0]! < ends[1]! ? ends[0] : ends[1]);
  const moment = Math.min(now, lastValidMs) as WallMs;
  try {
    verifyMembershipCert(cert, trust, moment, cert.claims?.subjectPub ?? new Uint8Array(0));
    return true;
  } catch (thrown) {
    if (thrown instanceof PollenError) return false;
    throw thrown;
  }
}
