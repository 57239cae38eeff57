// The chain from root to member: every reason to say no, in its order and its words.

import { equal, match, throws } from "node:assert/strict";
import fc from "fast-check";
import { isCertExpiredAt, verifyAdminCert, verifyMembershipCert } from "../../../lib/auth/mod.ts";
import { issueAdminCert, issueMembershipCert } from "../../../lib/auth/certificates.ts";
import { publicKeyOf, type SigningKey } from "../../../lib/auth/signature.ts";
import { trustOf } from "../../../lib/auth/trust.ts";
import { AdminCert, MembershipCert } from "../../../lib/proto/mod.ts";
import type { PollenError } from "../../../lib/types/mod.ts";
import { flipBit, later, NOW, NOW_SECONDS, other, refused } from "./fixtures.ts";

function keyOf(fill: number): SigningKey {
  const seed = new Uint8Array(32).fill(fill);
  return { seed, publicKey: publicKeyOf(seed) };
}

const ROOT = keyOf(1);
const ADMIN = keyOf(2);
const STRANGER = keyOf(3);
const SUBJECT = keyOf(4).publicKey;
const TRUST = trustOf(ROOT.publicKey);
const LIFE = 1_000n;

const adminClaims = {
  clusterId: TRUST.clusterId,
  adminPub: ADMIN.publicKey,
  notBeforeUnix: NOW_SECONDS,
  notAfterUnix: NOW_SECONDS + LIFE,
  serial: 5n,
};
const ISSUER = issueAdminCert(ROOT, adminClaims);
const fields = {
  clusterId: TRUST.clusterId,
  subjectPub: SUBJECT,
  notBeforeUnix: NOW_SECONDS,
  notAfterUnix: NOW_SECONDS + LIFE,
  serial: 6n,
  nonRenewable: false,
};
const MEMBER = issueMembershipCert(ADMIN, ISSUER, fields);

Deno.test("a chain verifies, also after it was encoded and decoded", () => {
  verifyAdminCert(AdminCert.decode(AdminCert.encode(ISSUER)), TRUST, NOW);
  verifyMembershipCert(MembershipCert.decode(MembershipCert.encode(MEMBER)), TRUST, NOW, SUBJECT);
});

Deno.test("an administrator's certificate is refused in this order", () => {
  const verify = (cert: AdminCert | null) => () => verifyAdminCert(cert, TRUST, NOW);
  throws(verify(null), refused("admin cert is nil."));
  throws(verify(AdminCert.create()), refused("admin cert invalid: missing claims."));
  const cases: [Partial<typeof adminClaims>, string][] = [
    [{ clusterId: new Uint8Array(31) }, "invalid cluster id length: expected 32 bytes, got 31"],
    [{ adminPub: new Uint8Array(0) }, "invalid admin key length: expected 32 bytes, got 0"],
  ];
  for (const [change, problem] of cases) {
    const cert = { claims: { ...adminClaims, ...change }, signature: ISSUER.signature };
    throws(verify(cert), refused(`admin cert invalid: ${problem}.`));
  }
  throws(
    verify({ ...ISSUER, signature: new Uint8Array(63) }),
    refused("admin cert invalid: invalid signature length: expected 64 bytes, got 63."),
  );
  // Too late as well, but the signature is judged first.
  throws(
    () => verifyAdminCert({ ...ISSUER, signature: other(ISSUER.signature) }, TRUST, later(1e6)),
    refused("admin cert signature invalid."),
  );
  throws(verify(issueAdminCert(STRANGER, adminClaims)), refused("admin cert signature invalid."));
  const elsewhere = issueAdminCert(ROOT, { ...adminClaims, clusterId: other(TRUST.clusterId) });
  throws(verify(elsewhere), refused("admin cert not scoped to cluster."));
});

Deno.test("60 seconds of difference between clocks are tolerated, not one more", () => {
  const table: [number, string | null][] = [
    [-61, "not_yet_valid"],
    [-60, null],
    [0, null],
    [1_060, null],
    [1_061, "expired"],
  ];
  for (const [seconds, reason] of table) {
    for (
      const [name, verify] of [
        ["admin", () => verifyAdminCert(ISSUER, TRUST, later(seconds))],
        ["membership", () => {
          // The issuer is valid for longer, so that it is the membership that is judged.
          const issuer = issueAdminCert(ROOT, {
            ...adminClaims,
            notBeforeUnix: 0n,
            notAfterUnix: NOW_SECONDS * 2n,
          });
          const cert = issueMembershipCert(ADMIN, issuer, fields);
          verifyMembershipCert(cert, TRUST, later(seconds), SUBJECT);
        }],
      ] as const
    ) {
      if (reason === null) {
        verify();
        continue;
      }
      throws(verify, (error: PollenError) => {
        match(error.message, new RegExp(`^${name} cert outside validity window\\. It .+Z\\.$`));
        equal(error.details["reason"], reason);
        return true;
      });
    }
  }
  equal(isCertExpiredAt(NOW_SECONDS, later(60)), false);
  equal(isCertExpiredAt(NOW_SECONDS, later(61)), true);
});

Deno.test("a membership is refused in this order", () => {
  const verify = (cert: MembershipCert | null, subject = SUBJECT) => () =>
    verifyMembershipCert(cert, TRUST, NOW, subject);
  throws(verify(null), refused("membership cert is nil."));
  throws(verify(MembershipCert.create()), refused("membership cert invalid: missing claims."));
  const shapes: [MembershipCert, string][] = [
    [{ ...MEMBER, issuer: undefined }, "missing issuer admin cert"],
    [
      { ...MEMBER, issuer: AdminCert.create() },
      "issuer admin cert: missing claims",
    ],
    [
      { ...MEMBER, signature: new Uint8Array(0) },
      "invalid signature length: expected 64 bytes, got 0",
    ],
    [
      { ...MEMBER, claims: { ...MEMBER.claims!, subjectPub: new Uint8Array(33) } },
      "invalid subject key length: expected 32 bytes, got 33",
    ],
    [
      { ...MEMBER, claims: { ...MEMBER.claims!, clusterId: new Uint8Array(0) } },
      "invalid cluster id length: expected 32 bytes, got 0",
    ],
    [
      { ...MEMBER, claims: { ...MEMBER.claims!, issuerAdminPub: new Uint8Array(5) } },
      "invalid issuer admin key length: expected 32 bytes, got 5",
    ],
  ];
  for (const [cert, problem] of shapes) {
    throws(verify(cert), refused(`membership cert invalid: ${problem}.`));
  }

  const foreignTrust = trustOf(STRANGER.publicKey);
  throws(
    () => verifyMembershipCert(MEMBER, foreignTrust, NOW, SUBJECT),
    refused("membership cert not scoped to cluster."),
  );
  const forgedIssuer = issueAdminCert(STRANGER, adminClaims);
  throws(
    verify({ ...MEMBER, issuer: forgedIssuer }),
    refused("membership cert issuer invalid: admin cert signature invalid."),
  );
  const otherIssuer = issueAdminCert(ROOT, { ...adminClaims, adminPub: STRANGER.publicKey });
  throws(
    verify({ ...MEMBER, issuer: otherIssuer }),
    refused("membership cert issuer key mismatch."),
  );
  throws(
    verify({ ...MEMBER, signature: other(MEMBER.signature) }, other(SUBJECT)),
    refused("membership cert signature invalid."),
  );
  const self = issueMembershipCert(
    STRANGER,
    issueAdminCert(STRANGER, { ...adminClaims, adminPub: STRANGER.publicKey }),
    fields,
  );
  throws(verify(self), refused("membership cert issuer invalid: admin cert signature invalid."));
  throws(verify(MEMBER, other(SUBJECT)), refused("membership cert subject mismatch."));
  throws(verify(MEMBER, new Uint8Array(0)), refused("membership cert subject mismatch."));
});

Deno.test("memberships die with the certificate of their issuer", () => {
  const cert = issueMembershipCert(ADMIN, ISSUER, { ...fields, notAfterUnix: NOW_SECONDS * 2n });
  verifyMembershipCert(cert, TRUST, later(1_060), SUBJECT);
  throws(
    () => verifyMembershipCert(cert, TRUST, later(1_061), SUBJECT),
    /^PollenError: membership cert issuer invalid: admin cert outside validity window\. It expired/,
  );
});

Deno.test("a member's key cannot act as an administrator's", () => {
  // A member makes up an issuer certificate out of its own membership's signature.
  const member = keyOf(4);
  const issuer: AdminCert = {
    claims: { ...adminClaims, adminPub: member.publicKey },
    signature: MEMBER.signature,
  };
  const cert = issueMembershipCert(member, issuer, { ...fields, subjectPub: STRANGER.publicKey });
  throws(
    () => verifyMembershipCert(cert, TRUST, NOW, STRANGER.publicKey),
    refused("membership cert issuer invalid: admin cert signature invalid."),
  );
});

Deno.test("claims that could not verify are not signed", () => {
  const issue = (change: Partial<typeof fields>, issuer: AdminCert | undefined = ISSUER) => () =>
    issueMembershipCert(ADMIN, issuer, { ...fields, ...change });
  throws(issue({ clusterId: new Uint8Array(1) }), { message: "invalid cluster id length." });
  throws(issue({ subjectPub: new Uint8Array(1) }), { message: "invalid subject key length." });
  throws(issue({ notAfterUnix: NOW_SECONDS }), {
    message: "invalid membership certificate validity window.",
  });
  throws(issue({}, AdminCert.create()), { message: "missing issuer admin cert." });
  throws(issue({ clusterId: other(TRUST.clusterId) }), {
    message: "issuer admin cert cluster mismatch.",
  });
  throws(() => issueMembershipCert(STRANGER, ISSUER, fields), {
    message: "issuer admin cert does not match signing admin key.",
  });
  throws(() => issueAdminCert(ROOT, { ...adminClaims, notAfterUnix: NOW_SECONDS }), {
    message: "invalid admin certificate validity window.",
  });
});

Deno.test("no bit of a certificate can be turned over", () => {
  const bytes = MembershipCert.encode(MEMBER);
  fc.assert(
    fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
      let cert: MembershipCert;
      try {
        cert = MembershipCert.decode(flipBit(bytes, bit));
      } catch (thrown) {
        equal((thrown as PollenError).code, "malformed");
        return;
      }
      throws(() => verifyMembershipCert(cert, TRUST, NOW, SUBJECT), { code: "unauthenticated" });
    }),
    { numRuns: 400 },
  );
});

Deno.test("any claims that are signed verify after a round trip", () => {
  const int64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      int64,
      int64,
      fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      fc.boolean(),
      (subjectPub, a, b, serial, nonRenewable) => {
        const [notBeforeUnix, notAfterUnix] = a < b ? [a, b] : [b, a];
        if (notBeforeUnix === notAfterUnix) return;
        const cert = issueMembershipCert(ADMIN, ISSUER, {
          clusterId: TRUST.clusterId,
          subjectPub,
          notBeforeUnix,
          notAfterUnix,
          serial,
          nonRenewable,
        });
        const isNow = NOW_SECONDS >= notBeforeUnix - 60n && NOW_SECONDS <= notAfterUnix + 60n;
        const decoded = MembershipCert.decode(MembershipCert.encode(cert));
        const verify = () => verifyMembershipCert(decoded, TRUST, NOW, subjectPub);
        if (isNow) verify();
        else throws(verify, /membership cert outside validity window/);
      },
    ),
    { numRuns: 60 },
  );
});
