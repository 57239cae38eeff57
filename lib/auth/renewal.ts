// Memberships that go on: an administrator gives a member another one before its own ends, without
// being asked, unless the membership was given for a time only. Who is to leave is revoked.

import type { MembershipCert } from "../proto/mod.ts";
import { peerKeyFromBytes, unixSeconds, type WallMs } from "../types/mod.ts";
import type { AdminSigner } from "./admin_signer.ts";
import { isCertExpiredAt } from "./refusal.ts";

/** A membership is renewed at most so long before its end: a month without an administrator does no harm. */
const WINDOW_MS_MAX = 30 * 24 * 60 * 60 * 1000;
/** And with at most this part left of what the next one lasts. */
const WINDOW_SHARE = 1 / 3;

/**
 * Whether a membership is to be renewed now, where the next one lasts `nextMs` milliseconds. What has
 * ended is not: whoever stayed away for so long is to be invited again.
 */
export function isRenewalDue({ claims }: MembershipCert, nextMs: number, now: WallMs): boolean {
  if (claims === undefined || claims.nonRenewable) return false;
  if (isCertExpiredAt(claims.notAfterUnix, now)) return false;
  const leftMs = Number(claims.notAfterUnix) * 1000 - now;
  return leftMs <= Math.min(WINDOW_MS_MAX, nextMs * WINDOW_SHARE);
}

/**
 * The membership that takes the place of this genuine one; null when none is due. It begins in the
 * life of the one before, with its issuer's certificate where that is a root's: what is signed by a
 * clock ahead of the others' must not begin in their future.
 *
 * @param ttlMs Until how long from now it lasts, in milliseconds, as far as its issuer's certificate does.
 * @throws {PollenError} as `AdminSigner.issueMembership` does.
 */
export function renewed(
  signer: AdminSigner,
  cert: MembershipCert,
  ttlMs: number,
  now: WallMs,
): MembershipCert | null {
  // What is not due for a long one is not due for a shorter one either, and nothing is to be signed.
  if (!isRenewalDue(cert, ttlMs, now)) return null;
  const { subjectPub, notBeforeUnix: begin, notAfterUnix: end } = cert.claims!;
  const nextEnd = signer.endOfMembership(ttlMs, now, begin);
  const lasts = nextEnd - unixSeconds(now);
  if (nextEnd <= end || !isRenewalDue(cert, Number(lasts) * 1000, now)) return null;
  const subject = peerKeyFromBytes(subjectPub);
  const notBeforeUnix = begin > end - lasts ? begin : end - lasts;
  return signer.issueMembership({ subject, ttlMs, now, notBeforeUnix });
}

/** Whether one membership of a node is worth more than another: for good before for a time, then by its end. */
export function isBetter(one: MembershipCert, other: MembershipCert): boolean {
  const [isGuest, wasGuest] = [one, other].map(({ claims }) => claims?.nonRenewable === true);
  if (isGuest !== wasGuest) return !isGuest;
  return (one.claims?.notAfterUnix ?? 0n) > (other.claims?.notAfterUnix ?? 0n);
}
