// Sealing to a public key: HPKE (RFC 9180) in its base mode, with X25519, HKDF-SHA256 and
// AES-128-GCM. One message each way: the first by HPKE itself, the answer under a key that both
// ends export.

import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv } from "node:crypto";
import { x25519 } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";

/** Bytes of an X25519 key, public or private. */
export const SEAL_KEY_BYTES = 32;

/** Bytes of a key for `sealUnder`. */
export const SEAL_SECRET_BYTES = 16;

/** Bytes of a nonce for it. */
export const SEAL_NONCE_BYTES = 12;

const TAG_BYTES = 16;

const VERSION = Buffer.from("HPKE-v1");
const KEM_SUITE = Buffer.from("KEM\x00\x20", "latin1");
const SUITE = Buffer.from("HPKE\x00\x20\x00\x01\x00\x01", "latin1");
const BASE_MODE = Uint8Array.of(0);
const NOTHING = new Uint8Array(0);

/** What both ends share once a message is sealed, or opened. */
export interface SealingContext {
  /** Seals the one message of the end that began; `beside` is not in it, but proved by it. */
  seal(plaintext: Uint8Array, beside: Uint8Array): Uint8Array;
  /** Opens it; null when it was not sealed in this context, beside the same bytes. */
  open(ciphertext: Uint8Array, beside: Uint8Array): Uint8Array | null;
  /** 1…32 bytes that both ends know, and nobody else. */
  export(label: string, length: number): Uint8Array;
}

/**
 * The context of a message to the holder of `recipient`, an X25519 key.
 *
 * @param ephemeral The private key of this message alone, 32 random bytes.
 * @throws when the key is of small order.
 */
export function sealingTo(
  recipient: Uint8Array,
  info: string,
  ephemeral: Uint8Array,
): SealingContext & { readonly encapsulated: Uint8Array } {
  const encapsulated = x25519.getPublicKey(ephemeral);
  const shared = x25519.getSharedSecret(ephemeral, recipient);
  return { encapsulated, ...contextOf(shared, encapsulated, recipient, info) };
}

/**
 * The same context for the recipient.
 *
 * @throws when `encapsulated` is no key, or of small order.
 */
export function openingWith(
  privateKey: Uint8Array,
  info: string,
  encapsulated: Uint8Array,
): SealingContext {
  const shared = x25519.getSharedSecret(privateKey, encapsulated);
  return contextOf(shared, encapsulated, x25519.getPublicKey(privateKey), info);
}

/** Sealed under a key of `SEAL_SECRET_BYTES`: a nonce, which must never come twice, and the ciphertext. */
export function sealUnder(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return Buffer.concat([nonce, encrypt(key, nonce, plaintext)]);
}

/** What was sealed under the key; null when it was not. */
export function openUnder(key: Uint8Array, sealed: Uint8Array): Uint8Array | null {
  return decrypt(key, sealed.subarray(0, SEAL_NONCE_BYTES), sealed.subarray(SEAL_NONCE_BYTES));
}

function contextOf(
  shared: Uint8Array,
  encapsulated: Uint8Array,
  recipient: Uint8Array,
  info: string,
): SealingContext {
  const prk = extract(KEM_SUITE, NOTHING, "eae_prk", shared);
  const kemContext = Buffer.concat([encapsulated, recipient]);
  const secret = expand(KEM_SUITE, prk, "shared_secret", kemContext, SEAL_KEY_BYTES);
  const context = Buffer.concat([
    BASE_MODE,
    extract(SUITE, NOTHING, "psk_id_hash", NOTHING),
    extract(SUITE, NOTHING, "info_hash", Buffer.from(info)),
  ]);
  const schedule = extract(SUITE, secret, "secret", NOTHING);
  const key = expand(SUITE, schedule, "key", context, SEAL_SECRET_BYTES);
  const nonce = expand(SUITE, schedule, "base_nonce", context, SEAL_NONCE_BYTES);
  const exporter = expand(SUITE, schedule, "exp", context, 32);
  return {
    seal: (plaintext, beside) => encrypt(key, nonce, plaintext, beside),
    open: (ciphertext, beside) => decrypt(key, nonce, ciphertext, beside),
    export: (label, length) => expand(SUITE, exporter, "sec", Buffer.from(label), length),
  };
}

/** LabeledExtract (RFC 9180, section 4). */
function extract(
  suite: Uint8Array,
  salt: Uint8Array,
  label: string,
  input: Uint8Array,
): Uint8Array {
  return hmac(sha256, salt, Buffer.concat([VERSION, suite, Buffer.from(label), input]));
}

/** LabeledExpand, of up to 32 bytes: one block. */
function expand(
  suite: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const size = Uint8Array.of(0, length);
  const labelled = [size, VERSION, suite, Buffer.from(label), info, Uint8Array.of(1)];
  return hmac(sha256, prk, Buffer.concat(labelled)).subarray(0, length);
}

function encrypt(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  beside: Uint8Array = NOTHING,
): Uint8Array {
  const cipher = createCipheriv("aes-128-gcm", key, nonce);
  cipher.setAAD(beside);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  beside: Uint8Array = NOTHING,
): Uint8Array | null {
  if (nonce.length !== SEAL_NONCE_BYTES || sealed.length < TAG_BYTES) return null;
  const decipher = createDecipheriv("aes-128-gcm", key, nonce);
  decipher.setAAD(beside);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    const plaintext = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    return null;
  }
}
