// When a membership is renewed, and with what, also where the signer's clock is wrong or its own
// certificate ends.

import { deepEqual, equal } from "node:assert/strict";
import { type AdminSigner, loadAdminSigner, verifyMembershipCert } from "../../../lib/auth/mod.ts";
import { isBetter, isRenewalDue, renewed } from "../../../lib/auth/renewal.ts";
import type { MembershipCert } from "../../../lib/proto/mod.ts";
import { peerKeyBytes, type WallMs } from "../../../lib/types/mod.ts";
import {
  DAY_MS,
  DIR,
  later,
  makeDelegate,
  makeNode,
  makeRoot,
  NOW,
  NOW_SECONDS,
  seededRandom,
} from "./fixtures.ts";

const YEAR_MS = 365 * DAY_MS;
const root = await makeRoot();
const { peerKey: subject } = (await makeNode(2)).identity;

function issue(ttlMs: number, nonRenewable = false, signer = root.signer): MembershipCert {
  return signer.issueMembership({ subject, ttlMs, nonRenewable, now: NOW });
}

for (
  const [what, lifeMs, ttlMs, windowMs] of [
    ["a year's membership in its last month", YEAR_MS, YEAR_MS, 30 * DAY_MS],
    ["a short one in the last third", 9 * DAY_MS, 9 * DAY_MS, 3 * DAY_MS],
    ["one of another length by how long the next one lasts", YEAR_MS, 9 * DAY_MS, 3 * DAY_MS],
  ] as const
) {
  Deno.test(`${what} is due, until it has ended`, () => {
    const cert = issue(lifeMs);
    const isDue = (leftMs: number) => isRenewalDue(cert, ttlMs, NOW + lifeMs - leftMs as WallMs);
    deepEqual(
      [windowMs + 1, windowMs, 0, -60_000, -61_000].map(isDue),
      [false, true, true, true, false],
    );
  });
}

Deno.test("what was given for a time only is never due", () => {
  const cert = issue(9 * DAY_MS, true);
  equal(isRenewalDue(cert, 9 * DAY_MS, later(9 * 86_400)), false);
  equal(renewed(root.signer, cert, 9 * DAY_MS, later(9 * 86_400)), null);
});

Deno.test("a renewed membership is the same node's, lasts from now on, and is good for all", () => {
  const old = issue(9 * DAY_MS);
  const now = later(8 * 86_400);
  equal(renewed(root.signer, old, 9 * DAY_MS, NOW), null);
  const next = renewed(root.signer, old, 9 * DAY_MS, now)!;
  verifyMembershipCert(next, root.credentials.trust, now, peerKeyBytes(subject));
  equal(next.claims!.notAfterUnix, NOW_SECONDS + 17n * 86_400n);
  equal(next.claims!.nonRenewable, false);
});

Deno.test("a membership for good is better than a guest's, and else what lasts longer", () => {
  const [short, long] = [issue(9 * DAY_MS), issue(10 * DAY_MS)];
  const [guest, longGuest] = [issue(20 * DAY_MS, true), issue(30 * DAY_MS, true)];
  const rising = [guest, longGuest, short, long];
  for (const [at, one] of rising.entries()) {
    deepEqual(rising.map((other) => isBetter(one, other)), rising.map((_, than) => than < at));
  }
});

/** The root's signer in a process that began at that moment. */
async function startSigner(now: WallMs, adminTtlMs = 5 * YEAR_MS): Promise<AdminSigner> {
  const options = { now, random: seededRandom(7), adminTtlMs };
  return (await loadAdminSigner(root.disk, DIR, root.credentials, options))!;
}

for (const startsAhead of [false, true]) {
  const when = startsAhead ? "when its process began" : "later";
  Deno.test(`what a root renews whose clock was ahead ${when} is valid at once`, async () => {
    const [ahead, right] = [later(8 * 86_400), later(60)];
    const signer = await startSigner(startsAhead ? ahead : NOW);
    const next = renewed(signer, issue(9 * DAY_MS), 9 * DAY_MS, ahead)!;
    verifyMembershipCert(next, root.credentials.trust, right, peerKeyBytes(subject));
  });
}

Deno.test("however often it is renewed, it reaches back by no more than one length", () => {
  let cert = issue(9 * DAY_MS);
  for (let day = 7; day < 200; day++) {
    cert = renewed(root.signer, cert, 9 * DAY_MS, later(day * 86_400)) ?? cert;
  }
  const { notBeforeUnix, notAfterUnix } = cert.claims!;
  equal(notAfterUnix > NOW_SECONDS + 200n * 86_400n, true);
  equal(notAfterUnix - notBeforeUnix <= 18n * 86_400n, true);
});

Deno.test("a delegate renews up to the end of its own certificate, and then nothing", async () => {
  const delegate = await makeDelegate(root, 50, 12 * DAY_MS);
  const old = issue(9 * DAY_MS, false, delegate);
  // A day later the old one has a day left, and a new one would last four.
  equal(renewed(delegate, old, 9 * DAY_MS, later(7 * 86_400)), null);
  const last = renewed(delegate, old, 9 * DAY_MS, later(8 * 86_400))!;
  equal(last.claims!.notAfterUnix, NOW_SECONDS + 12n * 86_400n);
  for (let hour = 8 * 24; hour <= 12 * 24; hour++) {
    equal(renewed(delegate, last, 9 * DAY_MS, later(hour * 3_600)), null);
  }
});

for (const adminDays of [9, 20, 2]) {
  Deno.test(`a root's certificates of ${adminDays} days do not keep it from renewing those of 9`, async () => {
    const signer = await startSigner(NOW, adminDays * DAY_MS);
    let cert = signer.issueMembership({ subject, ttlMs: 9 * DAY_MS, now: NOW });
    for (let hour = 0; hour < 100 * 24; hour++) {
      const now = later(hour * 3_600);
      verifyMembershipCert(cert, root.credentials.trust, now, peerKeyBytes(subject));
      cert = renewed(signer, cert, 9 * DAY_MS, now) ?? cert;
    }
  });
}
