// This machine's randomness: the operating system's for keys and nonces, the runtime's for jitter.

import type { Random } from "../types/mod.ts";

/** The most bytes that one call of `getRandomValues` fills (Web Cryptography API, section 10.1.1). */
const CALL_BYTES_MAX = 65_536;

/** The operating system's source of randomness. */
export const systemRandom: Random = {
  bytes(length) {
    const bytes = new Uint8Array(length);
    for (let start = 0; start < length; start += CALL_BYTES_MAX) {
      crypto.getRandomValues(bytes.subarray(start, start + CALL_BYTES_MAX));
    }
    return bytes;
  },
  uniform: () => Math.random(),
};
