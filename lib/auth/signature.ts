// Signatures over claims: Ed25519ctx (RFC 8032, section 5.1), whose context string keeps a signature
// over one kind of object from ever verifying as another kind.
//
// Verification takes well over half a millisecond, and the same certificates come again with every
// session, so signatures that verified are remembered: only those, by a hash over everything that
// the verdict depends on, and at most 1024 of them.

import { createHash } from "node:crypto";
import { ed25519ctx } from "@noble/curves/ed25519.js";
import { PEER_KEY_BYTES, VERIFIED_SIGNATURES_MAX } from "../types/mod.ts";

/** What a signature is about (pollen/1). */
export const SIGNATURE_CONTEXTS = {
  admin: "pollen.admin.v1",
  membership: "pollen.membership.v1",
  join: "pollen.join.v1",
  invite: "pollen.invite.v1",
  revocation: "pollen.revocation.v1",
} as const;

export type SignatureKind = keyof typeof SIGNATURE_CONTEXTS;

/** Bytes of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64;

/** Bytes of the seed that an Ed25519 private key is derived from. */
export const SEED_BYTES = 32;

/** A key that signs. */
export interface SigningKey {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 32 bytes from which the private key follows. Never shown, never logged. */
  readonly seed: Uint8Array;
}

const CONTEXT_BYTES = Object.fromEntries(
  Object.entries(SIGNATURE_CONTEXTS).map(([kind, text]) => [kind, new TextEncoder().encode(text)]),
) as unknown as Readonly<Record<SignatureKind, Uint8Array>>;

/** Insertion order is order of use. */
const verified = new Set<string>();

/** The public key that belongs to a seed. */
export function publicKeyOf(seed: Uint8Array): Uint8Array {
  return ed25519ctx.getPublicKey(seed);
}

/** SHA-256 of the bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

/** Signs a message as being of this kind. */
export function sign(kind: SignatureKind, seed: Uint8Array, message: Uint8Array): Uint8Array {
  return ed25519ctx.sign(message, seed, { context: CONTEXT_BYTES[kind] });
}

/**
 * Whether the key signed this message as being of this kind. Strict: non-canonical encodings and
 * keys of small order never verify. False for keys and signatures of the wrong length.
 */
export function verifySignature(
  kind: SignatureKind,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== PEER_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  const fingerprint = createHash("sha256")
    .update(SIGNATURE_CONTEXTS[kind]).update("\0")
    // Both of fixed length, so that the parts cannot be shifted against each other.
    .update(publicKey).update(signature)
    .update(message)
    .digest("base64");
  if (verified.delete(fingerprint)) {
    verified.add(fingerprint);
    return true;
  }
  if (!verifyAnew(kind, publicKey, message, signature)) return false;
  if (verified.size >= VERIFIED_SIGNATURES_MAX) {
    for (const oldest of verified) {
      verified.delete(oldest);
      break;
    }
  }
  verified.add(fingerprint);
  return true;
}

/** How many verified signatures are remembered now. */
export function verifiedSignatureCount(): number {
  return verified.size;
}

function verifyAnew(
  kind: SignatureKind,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return ed25519ctx.verify(signature, message, publicKey, {
      context: CONTEXT_BYTES[kind],
      zip215: false,
    });
  } catch {
    return false; // The library throws for some malformed points instead of saying no.
  }
}
