// The certificate against an independent reader, and against hostile bytes.

import { deepEqual, equal, throws } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import fc from "fast-check";
import { createTlsIdentity, readPeerCertificate } from "../../../lib/mesh/certificate.ts";
import { MembershipCert } from "../../../lib/proto/mod.ts";
import { PollenError, type WallMs } from "../../../lib/types/mod.ts";

const seed = new Uint8Array(32).fill(7);
const pkcs8 = Uint8Array.from([...Uint8Array.fromHex("302e020100300506032b657004220420"), ...seed]);
const publicKey = new Uint8Array(
  createPublicKey(createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" }))
    .export({ format: "der", type: "spki" }),
).slice(-32);
const membership = MembershipCert.create({ signature: new Uint8Array(64).fill(9) });
const random = {
  bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
  uniform: () => 0.5,
};
const common = { publicKey, seed, now: 1_700_000_000_000 as WallMs, ttlMs: 86_400_000, random };

Deno.test("what is minted says what pollen/1 wants, as an independent reader sees it", async () => {
  const { certificate } = await createTlsIdentity({ ...common, membership });
  const seen = new X509Certificate(certificate);
  equal(seen.subject, "CN=pollen-peer");
  equal(seen.verify(seen.publicKey), true);
  equal(seen.ca, false);
  equal(new Date(seen.validFrom).getTime(), common.now - 3_600_000);
  equal(new Date(seen.validTo).getTime(), common.now + common.ttlMs);
  equal(seen.publicKey.asymmetricKeyType, "ed25519");
  // The extension's identifier, 2.25.37271.6445.…, and its value: an OCTET STRING of its own.
  const hex = certificate.toHex();
  const proto = MembershipCert.encode(membership).toHex();
  const length = (proto.length / 2).toString(16).padStart(2, "0");
  equal(
    hex.includes(`04${(proto.length / 2 + 2).toString(16).padStart(2, "0")}04${length}${proto}`),
    true,
  );
});

Deno.test("reading gives back the key and the membership; a bare certificate has none", async () => {
  const full = readPeerCertificate(
    (await createTlsIdentity({ ...common, membership })).certificate,
  );
  equal(full.peer, publicKey.toHex());
  deepEqual(full.membership, membership);
  equal(readPeerCertificate((await createTlsIdentity(common)).certificate).membership, null);
});

Deno.test("two processes of one node never show the same certificate", async () => {
  const [a, b] = [await createTlsIdentity(common), await createTlsIdentity(common)];
  equal(a.certificate.toHex() === b.certificate.toHex(), false);
});

Deno.test("bytes that are no certificate are refused with a reason, never with a crash", async () => {
  const { certificate } = await createTlsIdentity({ ...common, membership });
  throws(() => readPeerCertificate(new Uint8Array(0)), { code: "unauthenticated" });
  throws(() => readPeerCertificate(new Uint8Array(1 << 20)), { code: "unauthenticated" });
  const isRefusedOrRead = (bytes: Uint8Array) => {
    try {
      readPeerCertificate(bytes);
    } catch (thrown) {
      equal(thrown instanceof PollenError && thrown.code, "unauthenticated", String(thrown));
    }
  };
  for (let length = 0; length < certificate.length; length += 7) {
    isRefusedOrRead(certificate.slice(0, length));
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), isRefusedOrRead));
  fc.assert(
    fc.property(fc.nat(certificate.length - 1), fc.nat(255), (at, byte) => {
      const altered = new Uint8Array(certificate);
      altered[at] = byte;
      isRefusedOrRead(altered);
    }),
    { numRuns: 300 },
  );
});
