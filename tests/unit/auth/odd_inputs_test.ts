// Inputs that only a defect or an attacker makes: each gets its own refusal, and none passes.

import { equal, throws } from "node:assert/strict";
import { decodeToken } from "../../../lib/auth/mod.ts";
import { signRevocation } from "../../../lib/auth/revocations.ts";
import { SignedTimes } from "../../../lib/auth/signed_times.ts";
import { trustOf, verifyTrust } from "../../../lib/auth/trust.ts";
import { MembershipCert } from "../../../lib/proto/mod.ts";
import { PollenError, unixSeconds } from "../../../lib/types/mod.ts";
import { makeRoot, NOW } from "./fixtures.ts";

function refused(code: PollenError["code"], text: RegExp) {
  return (thrown: unknown) =>
    thrown instanceof PollenError && thrown.code === code && text.test(thrown.text);
}

Deno.test("nobody is revoked by something that is no key", () => {
  const admin = { publicKey: new Uint8Array(32), seed: new Uint8Array(32) };
  for (const length of [0, 31, 33]) {
    const entry = {
      clusterId: new Uint8Array(32),
      subjectPub: new Uint8Array(length),
      revokedAtUnix: 0n,
    };
    throws(() => signRevocation(admin, entry), refused("invalid_argument", /subject key length/));
  }
});

Deno.test("a trust bundle that is none is refused before it is compared", () => {
  const trust = trustOf(new Uint8Array(32).fill(1));
  verifyTrust(trust);
  const none = /./;
  throws(() => verifyTrust(undefined), refused("unauthenticated", none));
  for (const odd of [{ clusterId: new Uint8Array(31) }, { rootPub: new Uint8Array(33) }]) {
    throws(() => verifyTrust({ ...trust, ...odd }), refused("unauthenticated", none));
  }
  const other = { ...trust, clusterId: new Uint8Array(32) };
  throws(() => verifyTrust(other), refused("unauthenticated", /cluster id mismatch/));
});

Deno.test("a token whose length never ends is none; one that ends in its length is cut short", () => {
  const text = (bytes: readonly number[]) => Uint8Array.from(bytes).toBase64();
  throws(
    () => decodeToken(text([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])),
    refused("malformed", /./),
  );
  throws(() => decodeToken(text([0x0a, 0x80])), refused("malformed", /cut short/));
  throws(() => decodeToken("ab=="), refused("malformed", /./));
});

Deno.test("the newest signed moment is that of the membership or of its issuer, whichever is later", async () => {
  const { credentials: { cert } } = await makeRoot();
  const now = unixSeconds(NOW);
  const times = (own: bigint, issued: bigint) =>
    new SignedTimes({
      ...cert,
      claims: { ...cert.claims!, notBeforeUnix: own },
      issuer: { ...cert.issuer!, claims: { ...cert.issuer!.claims!, notBeforeUnix: issued } },
    });
  equal(times(now + 100n, now).aheadOf(NOW), now + 100n);
  equal(times(now, now + 200n).aheadOf(NOW), now + 200n);
  equal(times(now + 60n, now + 60n).aheadOf(NOW), null);
  equal(new SignedTimes(MembershipCert.create()).aheadOf(NOW), null);
});
