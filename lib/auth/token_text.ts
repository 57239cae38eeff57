// Tokens as text that people copy: standard base64 with padding of the canonical bytes. A token
// that was cut off, mistyped or is something else altogether says so by itself, before anybody
// talks about signatures.

import { type Codec, InviteToken, JoinToken } from "../proto/mod.ts";
import { PollenError, TOKEN_TEXT_LENGTH_MAX } from "../types/mod.ts";
import { refusal } from "./refusal.ts";
import { inviteTokenProblem, joinTokenProblem } from "./shapes.ts";
import { SIGNATURE_BYTES } from "./signature.ts";
import { isInviteTokenIntact, isJoinTokenIntact } from "./tokens.ts";
import { isSameBytes } from "./trust.ts";

/** A token of either kind. */
export type Token =
  | { readonly kind: "join"; readonly token: JoinToken }
  | { readonly kind: "invite"; readonly token: InviteToken };

const COPY_FIX = "Copy the whole token again.";

/** Tag of field 1, length-delimited: what every token starts with. */
const CLAIMS_TAG = 0x0a;
/** Bytes after the claims: tag and length of field 2, and the signature. */
const TRAILER_BYTES = 2 + SIGNATURE_BYTES;

/**
 * The join token as one line of text, for people to carry.
 *
 * @throws {PollenError} `too_large` for more addresses than a token can carry.
 */
export function encodeJoinToken(token: JoinToken): string {
  return encode(JoinToken.encode(token));
}

/**
 * The invite as one line of text, for people to carry.
 *
 * @throws {PollenError} `too_large` for more addresses than a token can carry.
 */
export function encodeInviteToken(token: InviteToken): string {
  return encode(InviteToken.encode(token));
}

function encode(bytes: Uint8Array): string {
  const text = bytes.toBase64();
  if (text.length > TOKEN_TEXT_LENGTH_MAX) {
    throw new PollenError("too_large", "The token is too long.", { fix: "Name fewer addresses." });
  }
  return text;
}

/**
 * The token in a text; white space around and inside is ignored. It is whole and of one piece, but
 * not trusted: `verifyJoinToken` and `verifyInviteToken` say whether it is valid.
 *
 * @throws {PollenError} `invalid_argument` for an empty text, `too_large`, `malformed` for one that
 *   is no token, `unauthenticated` for one whose parts do not belong together.
 */
export function decodeToken(text: string): Token {
  const bytes = decodeText(text);
  checkFrame(bytes);
  const join = tryDecode(JoinToken, bytes);
  const invite = tryDecode(InviteToken, bytes);
  // Field 4 tells them apart: a join token has a certificate there, whose first field is far longer
  // than the 32 bytes of a bootstrap peer's key. No bytes have both shapes.
  if (join?.claims !== undefined && joinTokenProblem(join.claims, join.signature) === null) {
    if (!isJoinTokenIntact(join)) throw refusal("join token signature invalid", { fix: COPY_FIX });
    return { kind: "join", token: join };
  }
  if (
    invite?.claims !== undefined && inviteTokenProblem(invite.claims, invite.signature) === null
  ) {
    if (!isInviteTokenIntact(invite)) {
      throw refusal("invite token signature invalid", { fix: COPY_FIX });
    }
    return { kind: "invite", token: invite };
  }
  throw notAToken();
}

function decodeText(text: string): Uint8Array {
  if (text.length > TOKEN_TEXT_LENGTH_MAX) {
    throw new PollenError("too_large", "The text is too long for a token.", { fix: COPY_FIX });
  }
  const compact = text.replace(/\s+/g, "");
  if (compact === "") {
    throw new PollenError("invalid_argument", "There is no token.", {
      fix: "Give the token that `invite` printed on the other machine.",
    });
  }
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) {
    throw new PollenError("malformed", "The token is not base64. Something else was copied.", {
      fix: COPY_FIX,
    });
  }
  if (compact.length % 4 !== 0) throw cutShort();
  try {
    return Uint8Array.fromBase64(compact, { lastChunkHandling: "strict" });
  } catch {
    throw notAToken();
  }
}

/**
 * Compares the length with what the first bytes promise, which tells a token cut short from anything
 * else. Bytes after a token are found later, because they are not canonical.
 */
function checkFrame(bytes: Uint8Array): void {
  if (bytes[0] !== CLAIMS_TAG) throw notAToken();
  let length = 0;
  let position = 1;
  for (let shift = 0;; shift += 7) {
    const byte = bytes[position++];
    if (byte === undefined) throw cutShort();
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
    if (shift >= 28) throw notAToken();
  }
  const expected = position + length + TRAILER_BYTES;
  if (length > TOKEN_TEXT_LENGTH_MAX) throw notAToken();
  if (bytes.length < expected) throw cutShort();
}

/**
 * The message, or null when these bytes are not its canonical form: a signature covers the canonical
 * form only, so what is left out of it could be changed by anybody on the way.
 */
function tryDecode<T>(codec: Codec<T>, bytes: Uint8Array): T | null {
  try {
    const message = codec.decode(bytes);
    return isSameBytes(codec.encode(message), bytes) ? message : null;
  } catch (thrown) {
    if (thrown instanceof PollenError) return null;
    throw thrown;
  }
}

function cutShort(): PollenError {
  return new PollenError("malformed", "The token is cut short. Its end is missing.", {
    fix: COPY_FIX,
  });
}

function notAToken(): PollenError {
  return new PollenError(
    "malformed",
    "This is not a token of Pollen. It is damaged, or something else was copied.",
    { fix: COPY_FIX },
  );
}
