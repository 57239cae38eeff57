// Keys as bytes, as text, and in order.

import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  comparePeerKeys,
  parsePeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  PollenError,
  shortPeerKey,
  tryParsePeerKey,
} from "../../../lib/types/mod.ts";

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const isInvalid = (error: unknown) =>
  error instanceof PollenError && error.code === "invalid_argument";

Deno.test("a key is its 32 bytes in lower-case hexadecimal, and back", () => {
  fc.assert(fc.property(bytes32, (bytes) => {
    const key = peerKeyFromBytes(bytes);
    equal(/^[0-9a-f]{64}$/.test(key), true);
    deepEqual(peerKeyBytes(key), new Uint8Array(bytes));
    equal(parsePeerKey(key.toUpperCase()), key);
    equal(tryParsePeerKey(key), key);
    equal(shortPeerKey(key), key.slice(0, 8));
  }));
});

Deno.test("the order of keys is the order of their bytes", () => {
  fc.assert(fc.property(bytes32, bytes32, (a, b) => {
    const place = a.findIndex((byte, index) => byte !== b[index]);
    const expected = place === -1 ? 0 : Math.sign(a[place]! - b[place]!);
    equal(comparePeerKeys(peerKeyFromBytes(a), peerKeyFromBytes(b)), expected);
  }));
});

Deno.test("any other length is refused and named", () => {
  for (const length of [0, 31, 33, 64]) {
    throws(() => peerKeyFromBytes(new Uint8Array(length)), (error) => {
      equal(
        (error as PollenError).message,
        `invalid public key length: expected 32 bytes, got ${length}.`,
      );
      return isInvalid(error);
    });
  }
});

Deno.test("any other text is no key", () => {
  for (
    const text of [
      "",
      "ab",
      "0".repeat(63),
      "0".repeat(65),
      "g".repeat(64),
      ` ${"0".repeat(63)}`,
      `${"0".repeat(64)}\n`,
    ]
  ) {
    equal(tryParsePeerKey(text), null);
    throws(() => parsePeerKey(text), isInvalid);
  }
});
