// 32 bytes between two lines that say what they are (RFC 7468), as pollen/1 keeps its keys. Strict:
// a file that is not exactly one such block is an error. No error ever shows what the file holds.

import { PollenError } from "../types/mod.ts";

/** The text of one block. `type` is what its lines say, "ED25519 PUBLIC KEY". */
export function encodePem(type: string, bytes: Uint8Array): Uint8Array {
  const body = bytes.toBase64().replace(/.{64}(?=.)/g, "$&\n");
  return new TextEncoder().encode(`-----BEGIN ${type}-----\n${body}\n-----END ${type}-----\n`);
}

/**
 * The bytes of the one block of this type.
 *
 * @param length How many bytes there must be.
 * @throws {PollenError} `malformed`; which file it was, the caller knows.
 */
export function decodePem(type: string, text: Uint8Array, length: number): Uint8Array {
  const block = new RegExp(
    `^\\s*-----BEGIN ${type}-----\\s+([A-Za-z0-9+/=\\s]+)-----END ${type}-----\\s*$`,
  );
  const body = block.exec(new TextDecoder().decode(text))?.[1];
  try {
    const bytes = Uint8Array.fromBase64(body ?? "", { lastChunkHandling: "strict" });
    if (bytes.length === length) return bytes;
  } catch {
    // Falls through to the one error there is.
  }
  throw new PollenError("malformed", `It is not a PEM block "${type}" of ${length} bytes.`);
}
