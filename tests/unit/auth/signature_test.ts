// Ed25519ctx: the standard's own vectors, contexts that never cross, and a cache that changes no
// verdict.

import { deepEqual, equal, ok } from "node:assert/strict";
import { ed25519, ed25519ctx } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import {
  publicKeyOf,
  sha256,
  sign,
  SIGNATURE_CONTEXTS,
  type SignatureKind,
  verifiedSignatureCount,
  verifySignature,
} from "../../../lib/auth/signature.ts";
import { flipBit } from "./fixtures.ts";
import { VERIFIED_SIGNATURES_MAX } from "../../../lib/types/mod.ts";

const SEED = new Uint8Array(32).fill(7);
const PUBLIC = publicKeyOf(SEED);
const KINDS = Object.keys(SIGNATURE_CONTEXTS) as SignatureKind[];
const hex = (text: string) => Uint8Array.fromHex(text);
const message = (text: string) => new TextEncoder().encode(text);

// RFC 8032, section 7.2.
const SECRET_1 = "0305334e381af78f141cb666f6199f57bc3495335a256a95bd2a55bf546663f6";
const PUBLIC_1 = "dfc9425e4f968f7f0c29f0259cf5f9aed6851c2bb4ad8bfb860cfee0ab248292";
const VECTORS = [
  {
    secret: SECRET_1,
    public: PUBLIC_1,
    message: "f726936d19c800494e3fdaff20b276a8",
    context: "666f6f",
    signature: "55a4cc2f70a54e04288c5f4cd1e45a7bb520b36292911876cada7323198dd87a" +
      "8b36950b95130022907a7fb7c4e9b2d5f6cca685a587b4b21f4b888e4e7edb0d",
  },
  {
    secret: SECRET_1,
    public: PUBLIC_1,
    message: "f726936d19c800494e3fdaff20b276a8",
    context: "626172",
    signature: "fc60d5872fc46b3aa69f8b5b4351d5808f92bcc044606db097abab6dbcb1aee3" +
      "216c48e8b3b66431b5b186d1d28f8ee15a5ca2df6668346291c2043d4eb3e90d",
  },
  {
    secret: SECRET_1,
    public: PUBLIC_1,
    message: "508e9e6882b979fea900f62adceaca35",
    context: "666f6f",
    signature: "8b70c1cc8310e1de20ac53ce28ae6e7207f33c3295e03bb5c0732a1d20dc6490" +
      "8922a8b052cf99b7c4fe107a5abb5b2c4085ae75890d02df26269d8945f84b0b",
  },
  {
    secret: "ab9c2853ce297ddab85c993b3ae14bcad39b2c682beabc27d6d4eb20711d6560",
    public: "0f1d1274943b91415889152e893d80e93275a1fc0b65fd71b4b0dda10ad7d772",
    message: "f726936d19c800494e3fdaff20b276a8",
    context: "666f6f",
    signature: "21655b5f1aa965996b3f97b3c849eafba922a0a62992f73b3d1b73106a84ad85" +
      "e9b86a7b6005ea868337ff2d20a7f5fbd4cd10b0be49a68da2b2e0dc0ad8960f",
  },
];

Deno.test("the library agrees with RFC 8032, section 7.2", () => {
  for (const vector of VECTORS) {
    const context = hex(vector.context);
    const [text, signature] = [hex(vector.message), hex(vector.signature)];
    deepEqual(publicKeyOf(hex(vector.secret)), hex(vector.public));
    deepEqual(ed25519ctx.sign(text, hex(vector.secret), { context }), signature);
    ok(ed25519ctx.verify(signature, text, hex(vector.public), { context, zip215: false }));
  }
});

Deno.test("a signature is Ed25519ctx under the context of its kind", () => {
  for (const kind of KINDS) {
    const context = message(SIGNATURE_CONTEXTS[kind]);
    deepEqual(sign(kind, SEED, message("m")), ed25519ctx.sign(message("m"), SEED, { context }));
  }
  deepEqual(Object.values(SIGNATURE_CONTEXTS), [
    "pollen.admin.v1",
    "pollen.membership.v1",
    "pollen.join.v1",
    "pollen.invite.v1",
    "pollen.revocation.v1",
  ]);
});

Deno.test("contexts never cross, and plain Ed25519 is none of them", () => {
  for (const kind of KINDS) {
    const signature = sign(kind, SEED, message("m"));
    for (const other of KINDS) {
      equal(verifySignature(other, PUBLIC, message("m"), signature), kind === other);
    }
    equal(ed25519.verify(signature, message("m"), PUBLIC), false);
    equal(verifySignature(kind, PUBLIC, message("m"), ed25519.sign(message("m"), SEED)), false);
  }
});

Deno.test("what was signed verifies, and nothing that differs in a bit", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...KINDS),
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc.nat(),
      (kind, text, at) => {
        const signature = sign(kind, SEED, text);
        for (const _ of ["anew", "remembered"]) ok(verifySignature(kind, PUBLIC, text, signature));
        const flip = (bytes: Uint8Array) => flipBit(bytes, at % (bytes.length * 8));
        equal(verifySignature(kind, PUBLIC, flip(text), signature), false);
        equal(verifySignature(kind, PUBLIC, text, flip(signature)), false);
        equal(verifySignature(kind, flip(PUBLIC), text, signature), false);
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("wrong lengths, foreign points and small orders are no, not an exception", () => {
  const signature = sign("join", SEED, message("m"));
  for (const bad of [new Uint8Array(0), PUBLIC.slice(1), new Uint8Array(33)]) {
    equal(verifySignature("join", bad, message("m"), signature), false);
  }
  for (const bad of [new Uint8Array(0), signature.slice(1), new Uint8Array(65)]) {
    equal(verifySignature("join", PUBLIC, message("m"), bad), false);
  }
  equal(verifySignature("join", new Uint8Array(32).fill(255), message("m"), signature), false);
  // The neutral element "signs" every message when cofactors are not minded.
  const [neutral, empty] = [new Uint8Array(32), new Uint8Array(64)];
  neutral[0] = empty[0] = 1;
  equal(verifySignature("join", neutral, message("m"), empty), false);
});

Deno.test("a signature whose second half is not reduced does not verify", () => {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const signature = sign("join", SEED, message("m"));
  const half = BigInt(`0x${signature.slice(32).toReversed().toHex()}`) + order;
  const forged = signature.slice();
  forged.set(hex(half.toString(16).padStart(64, "0")).toReversed(), 32);
  equal(verifySignature("join", PUBLIC, message("m"), forged), false);
});

Deno.test("the cache is bounded, and keeps what is used", () => {
  const kept = sign("join", SEED, message("kept"));
  ok(verifySignature("join", PUBLIC, message("kept"), kept));
  for (let index = 0; index < VERIFIED_SIGNATURES_MAX + 10; index++) {
    const text = message(`m${index}`);
    ok(verifySignature("join", PUBLIC, text, sign("join", SEED, text)));
    if (index % 100 === 0) ok(verifySignature("join", PUBLIC, message("kept"), kept));
    ok(verifiedSignatureCount() <= VERIFIED_SIGNATURES_MAX);
  }
  equal(verifiedSignatureCount(), VERIFIED_SIGNATURES_MAX);
  ok(verifySignature("join", PUBLIC, message("kept"), kept));
});

Deno.test('SHA-256 is SHA-256 (FIPS 180-4, example "abc")', () => {
  equal(
    sha256(message("abc")).toHex(),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});
