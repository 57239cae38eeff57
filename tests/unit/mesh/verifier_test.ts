// The verdict on a certificate that was admitted before is as strict as on a new one.

import { equal, throws } from "node:assert/strict";
import { systemClock, systemRandom } from "../../../lib/host/mod.ts";
import { memberProtocols } from "../../../lib/mesh/mod.ts";
import { KnownCertificates } from "../../../lib/mesh/known_certificates.ts";
import { knownCertificateCount, verifyMember } from "../../../lib/mesh/verifier.ts";
import { KNOWN_CERTIFICATES_MAX, type PeerKey, type WallMs } from "../../../lib/types/mod.ts";
import { DAY_MS, makeNode, makeRoot, NOW, type Root } from "../auth/fixtures.ts";

const root = await makeRoot();
const clock = { ...systemClock, wallNow: () => NOW };

/** A member's key and the certificate of one process of it. */
async function newMember(seed: number, of: Root = root) {
  const { identity } = await makeNode(seed);
  const cert = of.signer.issueMembership({ subject: identity.peerKey, ttlMs: DAY_MS, now: NOW });
  const options = { identity, tlsIdentityTtlMs: DAY_MS, clock, random: systemRandom };
  const [protocol] = await memberProtocols(options, cert);
  return { key: identity.peerKey, der: protocol!.identity.certificate };
}

const usual = {
  credentials: root.credentials,
  now: NOW,
  expected: null as PeerKey | null,
  isRevoked: () => false,
};

Deno.test("a certificate that is known is checked like any other", async () => {
  const { key, der } = await newMember(70);
  const before = knownCertificateCount();
  for (let time = 0; time < 2; time++) {
    equal(verifyMember(der, usual), key);
    equal(knownCertificateCount(), before + 1);
  }
  equal(verifyMember(der, { ...usual, expected: key }), key);

  const stranger = (await makeNode(71)).identity.peerKey;
  const foreign = await makeRoot(9);
  const refusals = [
    [{ isRevoked: (peer: PeerKey) => peer === key }, "refused"],
    [{ expected: stranger }, "identity_mismatch"],
    [{ now: NOW + 2 * DAY_MS as WallMs }, "unauthenticated"],
    [{ now: NOW - DAY_MS as WallMs }, "unauthenticated"],
    [{ credentials: foreign.credentials }, "unauthenticated"],
  ] as const;
  for (const [change, code] of refusals) {
    throws(() => verifyMember(der, { ...usual, ...change }), { code });
  }
  equal(verifyMember(der, usual), key);
});

Deno.test("a certificate that is refused is not remembered", async () => {
  const foreign = await makeRoot(9);
  const { der } = await newMember(72, foreign);
  const { der: revoked } = await newMember(73);
  const before = knownCertificateCount();
  throws(() => verifyMember(der, usual), { code: "unauthenticated" });
  throws(() => verifyMember(revoked, { ...usual, isRevoked: () => true }), { code: "refused" });
  throws(() => verifyMember(new Uint8Array(100), usual), { code: "unauthenticated" });
  equal(knownCertificateCount(), before);
});

Deno.test("certificates known are bounded; the one used longest ago goes first", () => {
  const known = new KnownCertificates();
  const der = (number: number) => Uint8Array.of(number >> 8, number & 0xff);
  const says = (number: number) => ({ peer: String(number) as PeerKey, membership: null });
  for (let number = 0; number < KNOWN_CERTIFICATES_MAX; number++) {
    known.remember(der(number), says(number));
  }
  equal(known.recall(der(0))?.peer, "0");
  known.remember(der(0xffff), says(0xffff));
  equal(known.size, KNOWN_CERTIFICATES_MAX);
  equal(known.recall(der(1)), null);
  for (const number of [0, 2, 0xffff]) equal(known.recall(der(number))?.peer, String(number));
  // A single other bit is another certificate.
  equal(known.recall(Uint8Array.of(0xff, 0xfe)), null);
});
