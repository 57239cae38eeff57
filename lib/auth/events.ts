// Signatures over what a node says (pollen/2): events about itself, pages of its agents, that it wants
// to redeem an invite. Plain Ed25519 by the platform, which verifies some twenty times as fast as a
// context's signature can be verified here: a node that comes back hears thousands of events at once.
// The words before what is signed keep the signature
// from being one over anything else that the same key signs.

import { Buffer } from "node:buffer";
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { PEER_KEY_BYTES, PUBLIC_KEYS_MAX, VERIFIED_EVENTS_MAX } from "../types/mod.ts";
import { Recent } from "./recent.ts";
import { SIGNATURE_BYTES, type SigningKey } from "./signature.ts";

/** DER of an Ed25519 key but for its 32 bytes at the end (RFC 8410). */
const PRIVATE_KEY_PREFIX = Uint8Array.fromHex("302e020100300506032b657004220420");
const PUBLIC_KEY_PREFIX = Uint8Array.fromHex("302a300506032b6570032100");

const EVENT_PREFIX = new TextEncoder().encode("pollen/2 event\0");
const PAGE_PREFIX = new TextEncoder().encode("pollen/2 page\0");
const REDEMPTION_PREFIX = new TextEncoder().encode("pollen/2 redemption\0");

type Signer = (message: Uint8Array) => Uint8Array;
type Verifier = (author: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** What signs this key's events. */
export const eventSigner = (key: SigningKey): Signer => signer(key, EVENT_PREFIX);

/** What signs this key's pages of agents. */
export const pageSigner = (key: SigningKey): Signer => signer(key, PAGE_PREFIX);

/** What signs this key's requests to redeem an invite. */
export const redemptionSigner = (key: SigningKey): Signer => signer(key, REDEMPTION_PREFIX);

/** Whether the author signed this event. False for keys and signatures of the wrong length. */
export const verifyEvent: Verifier = verifier(EVENT_PREFIX);

/** Whether the author signed this page of agents. False for keys and signatures of the wrong length. */
export const verifyPage: Verifier = verifier(PAGE_PREFIX);

/** Whether the author signed this request. False for keys and signatures of the wrong length. */
export const verifyRedemption: Verifier = verifier(REDEMPTION_PREFIX);

function signer({ seed }: SigningKey, prefix: Uint8Array): Signer {
  const der = Buffer.concat([PRIVATE_KEY_PREFIX, seed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return (message) => new Uint8Array(sign(null, Buffer.concat([prefix, message]), key));
}

function verifier(prefix: Uint8Array): Verifier {
  /** What verified, by a hash over everything that the verdict depends on. */
  const verified = new Recent<string, true>(VERIFIED_EVENTS_MAX);
  return (author, message, signature) => {
    if (author.length !== PEER_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
    // Both of fixed length, so that the parts cannot be shifted against each other.
    const name = createHash("sha256").update(author).update(signature).update(message)
      .digest("base64");
    if (verified.get(name) !== undefined) return true;
    const key = publicKey(author);
    if (key === null || !verify(null, Buffer.concat([prefix, message]), key, signature)) {
      return false;
    }
    verified.set(name, true);
    return true;
  };
}

/** By their bytes in hexadecimal. */
const publicKeys = new Recent<string, KeyObject>(PUBLIC_KEYS_MAX);

/** Null for bytes that are no point of the curve. */
function publicKey(bytes: Uint8Array): KeyObject | null {
  const name = bytes.toHex();
  const known = publicKeys.get(name);
  if (known !== undefined) return known;
  try {
    const der = Buffer.concat([PUBLIC_KEY_PREFIX, bytes]);
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    publicKeys.set(name, key);
    return key;
  } catch {
    return null;
  }
}
