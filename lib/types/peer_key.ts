// A node's name: its Ed25519 public key. Kept as 64 lower-case hexadecimal characters, so that it
// can key a map and so that string order is byte order.

import { assert } from "./assert.ts";
import { PollenError } from "./errors.ts";
import { PEER_KEY_BYTES } from "./limits.ts";

declare const brand: unique symbol;

/** An Ed25519 public key as 64 lower-case hexadecimal characters. Made only by this file. */
export type PeerKey = string & { readonly [brand]: "PeerKey" };

/** Characters of the short form that people see. */
const SHORT_LENGTH = 8;

/**
 * The key made of 32 bytes.
 *
 * @throws {PollenError} `invalid_argument` when there are not exactly 32.
 */
export function peerKeyFromBytes(bytes: Uint8Array): PeerKey {
  if (bytes.length !== PEER_KEY_BYTES) {
    throw new PollenError(
      "invalid_argument",
      `invalid public key length: expected ${PEER_KEY_BYTES} bytes, got ${bytes.length}.`,
    );
  }
  return bytes.toHex() as PeerKey;
}

/** The key's 32 bytes, freshly allocated. */
export function peerKeyBytes(key: PeerKey): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.fromHex(key);
  assert(bytes.length === PEER_KEY_BYTES, "a PeerKey holds 32 bytes");
  return bytes;
}

/**
 * The key written as 64 hexadecimal characters of either case.
 *
 * @throws {PollenError} `invalid_argument` for any other text.
 */
export function parsePeerKey(text: string): PeerKey {
  const key = tryParsePeerKey(text);
  if (key === null) {
    throw new PollenError("invalid_argument", "A key is 64 hexadecimal characters.", {
      details: { length: text.length },
    });
  }
  return key;
}

/** The same for text from a peer or a file, where a bad key is skipped: null instead of an error. */
export function tryParsePeerKey(text: string): PeerKey | null {
  return /^[0-9a-fA-F]{64}$/.test(text) ? text.toLowerCase() as PeerKey : null;
}

/** The first 8 characters: what tables and log lines show. */
export function shortPeerKey(key: PeerKey): string {
  return key.slice(0, SHORT_LENGTH);
}

/** Byte order, as `Array.sort` wants it. */
export function comparePeerKeys(a: PeerKey, b: PeerKey): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
