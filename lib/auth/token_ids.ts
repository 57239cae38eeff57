// The ids of tokens: random UUIDs (RFC 9562). That of an invite says besides, by its version, that
// only the issuer may see the invite; a field of its own would break the signature for those who do
// not know it.

import type { InviteToken } from "../proto/mod.ts";
import type { Random } from "../types/mod.ts";

/** Random, as the original's are (section 5.4). */
const RANDOM = 4;
/** The sender's own format (section 5.8): here as random as the other one. */
const FOR_ISSUER_ALONE = 8;

/** An id for an invite that is sealed to its issuer wherever it is redeemed. */
export function inviteId(random: Random): string {
  return randomUuid(random, FOR_ISSUER_ALONE);
}

/** An id for a join token. */
export function joinTokenId(random: Random): string {
  return randomUuid(random, RANDOM);
}

/**
 * Whether the invite is to be shown to its issuer alone. It may name members that are not to have it;
 * the original's names only nodes that redeem it themselves.
 */
export function isForIssuerAlone(token: InviteToken): boolean {
  return token.claims?.tokenId[14] === String(FOR_ISSUER_ALONE);
}

function randomUuid(random: Random, version: number): string {
  const bytes = random.bytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | version << 4;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
