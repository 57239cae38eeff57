// Tokens: an invite lets a stranger ask an administrator's node for a membership; a join token
// brings the membership and all that a new member needs. Both carry the network's trust with them:
// who accepts a token accepts that network, so a node that redeems one must compare it with its own.

import {
  type AdminCert,
  InviteToken,
  InviteTokenClaims,
  JoinToken,
  JoinTokenClaims,
} from "../proto/mod.ts";
import { PollenError, type WallMs } from "../types/mod.ts";
import { verifyAdminCert, verifyMembershipCert } from "./certificates.ts";
import { checkWindow, refusal, within } from "./refusal.ts";
import { inviteClaimsProblem, inviteTokenProblem, joinTokenProblem } from "./shapes.ts";
import { sign, type SigningKey, verifySignature } from "./signature.ts";
import { isSameBytes, verifyTrust } from "./trust.ts";

const TOKEN_REMEDY = "Ask for a new one.";

/**
 * Signs a join token.
 *
 * @throws {PollenError} `invalid_argument` for claims that could not verify.
 */
export function signJoinToken(admin: SigningKey, claims: JoinTokenClaims): JoinToken {
  checkIssuance(admin, claims.issuer, "join token");
  const signature = sign("join", admin.seed, JoinTokenClaims.encode(claims));
  const problem = joinTokenProblem(claims, signature);
  if (problem !== null) {
    throw new PollenError("invalid_argument", `join token claims invalid: ${problem}.`);
  }
  return { claims, signature };
}

/**
 * Signs an invite.
 *
 * @throws {PollenError} `invalid_argument` for claims that could not verify.
 */
export function signInviteToken(admin: SigningKey, claims: InviteTokenClaims): InviteToken {
  checkIssuance(admin, claims.issuer, "invite");
  const problem = inviteClaimsProblem(claims);
  if (problem !== null) {
    throw new PollenError("invalid_argument", `invite token claims invalid: ${problem}.`);
  }
  return { claims, signature: sign("invite", admin.seed, InviteTokenClaims.encode(claims)) };
}

function checkIssuance(admin: SigningKey, issuer: AdminCert | undefined, what: string): void {
  if (issuer?.claims === undefined) {
    throw new PollenError("invalid_argument", "missing issuer admin cert.");
  }
  if (!isSameBytes(issuer.claims.adminPub, admin.publicKey)) {
    throw new PollenError(
      "invalid_argument",
      `${what} signer key does not match issuer cert.`,
    );
  }
}

/**
 * Whether the token was signed by the administrator whose certificate it carries, whoever that is:
 * tells a damaged token from a whole one, and proves nothing else.
 */
export function isJoinTokenIntact(token: JoinToken): boolean {
  const { claims, signature } = token;
  const signer = claims?.issuer?.claims?.adminPub;
  return claims !== undefined && signer !== undefined &&
    verifySignature("join", signer, JoinTokenClaims.encode(claims), signature);
}

/** The same for an invite. */
export function isInviteTokenIntact(token: InviteToken): boolean {
  const { claims, signature } = token;
  const signer = claims?.issuer?.claims?.adminPub;
  return claims !== undefined && signer !== undefined &&
    verifySignature("invite", signer, InviteTokenClaims.encode(claims), signature);
}

/**
 * Checks that the join token is current and makes `expectedSubject` a member of the network that
 * it names. Whether that network is the wanted one, the token cannot say.
 *
 * @throws {PollenError} `unauthenticated`; `details.reason` is `expired` or `not_yet_valid` where
 *   only time is against it.
 */
export function verifyJoinToken(token: JoinToken, now: WallMs, expectedSubject: Uint8Array): void {
  const { claims, signature } = token;
  if (claims === undefined) throw refusal("join token missing claims");
  const problem = joinTokenProblem(claims, signature);
  if (problem !== null) throw refusal(`join token invalid: ${problem}`);
  const trust = claims.trust!;
  within("join token invalid", () => verifyTrust(trust));
  within("join token issuer admin cert invalid", () => verifyAdminCert(claims.issuer, trust, now));
  if (!isJoinTokenIntact(token)) throw refusal("join token signature invalid");
  if (claims.expiresAtUnix <= claims.issuedAtUnix) {
    throw refusal("join token validity window invalid");
  }
  const window = { fromUnix: claims.issuedAtUnix, untilUnix: claims.expiresAtUnix };
  checkWindow(window, now, "join token expired or not yet valid", TOKEN_REMEDY);
  within(
    "join token membership cert invalid",
    () => verifyMembershipCert(claims.memberCert, trust, now, expectedSubject),
  );
}

/**
 * Checks that the invite is current and, when it names a subject, that this is `expectedSubject`.
 *
 * @param expectedSubject The key that wants to redeem it; null when that is not known.
 * @throws {PollenError} `unauthenticated`; `details.reason` is `expired` or `not_yet_valid` where
 *   only time is against it.
 */
export function verifyInviteToken(
  token: InviteToken,
  now: WallMs,
  expectedSubject: Uint8Array | null,
): void {
  const { claims, signature } = token;
  if (claims === undefined) throw refusal("invite token missing claims");
  const problem = inviteTokenProblem(claims, signature);
  if (problem !== null) throw refusal(`invite token invalid: ${problem}`);
  const trust = claims.trust!;
  within("invite token invalid", () => verifyTrust(trust));
  within("invite token issuer invalid", () => verifyAdminCert(claims.issuer, trust, now));
  if (!isInviteTokenIntact(token)) throw refusal("invite token signature invalid");
  const isBound = claims.subjectPub.length > 0 && expectedSubject !== null;
  if (isBound && !isSameBytes(claims.subjectPub, expectedSubject)) {
    throw refusal("invite token subject mismatch", {
      fix: "It was made for another node's key; ask for one for yours.",
    });
  }
  if (claims.expiresAtUnix <= claims.issuedAtUnix) {
    throw refusal("invite token validity window invalid");
  }
  const window = { fromUnix: claims.issuedAtUnix, untilUnix: claims.expiresAtUnix };
  checkWindow(window, now, "invite token expired or not yet valid", TOKEN_REMEDY);
}
