// Sealing to a public key gives the bytes of the standard: RFC 9180, appendix A.1.1.

import { equal } from "node:assert/strict";
import { openingWith, sealingTo } from "../../../lib/auth/hpke.ts";

const bytes = (hex: string) => Uint8Array.fromHex(hex);
const hex = (data: Uint8Array) => new Uint8Array(data).toHex();
const text = (words: string) => new TextEncoder().encode(words);

const INFO = "Ode on a Grecian Urn";
const PLAINTEXT = text("Beauty is truth, truth beauty");
const BESIDE = text("Count-0");
const EPHEMERAL = bytes("52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736");
const RECIPIENT = bytes("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d");
const PRIVATE = bytes("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8");
const ENCAPSULATED = "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431";
const CIPHERTEXT =
  "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a";
const EXPORTED = "3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee";

Deno.test("what is sealed is what the standard says", () => {
  const sender = sealingTo(RECIPIENT, INFO, EPHEMERAL);
  equal(hex(sender.encapsulated), ENCAPSULATED);
  equal(hex(sender.seal(PLAINTEXT, BESIDE)), CIPHERTEXT);
  equal(hex(sender.export("", 32)), EXPORTED);
});

Deno.test("the recipient opens it, and nothing that was changed", () => {
  const recipient = openingWith(PRIVATE, INFO, bytes(ENCAPSULATED));
  equal(hex(recipient.open(bytes(CIPHERTEXT), BESIDE)!), hex(PLAINTEXT));
  equal(hex(recipient.export("", 32)), EXPORTED);
  equal(recipient.open(bytes(CIPHERTEXT), text("Count-1")), null);
  for (let at = 0; at < CIPHERTEXT.length / 2; at++) {
    const changed = bytes(CIPHERTEXT);
    changed[at]! ^= 1;
    equal(recipient.open(changed, BESIDE), null);
  }
  equal(recipient.open(bytes(CIPHERTEXT).subarray(0, 15), BESIDE), null);
  equal(openingWith(PRIVATE, "another", bytes(ENCAPSULATED)).open(bytes(CIPHERTEXT), BESIDE), null);
});
