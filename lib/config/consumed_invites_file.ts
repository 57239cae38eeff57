// The text of consumed_invites.json: pollen/1's fields and two of ours, `subjectPub` and
// `joinToken`. Entries without ours were written by another implementation; no key can ask for
// their answer again. Numbers stay exact: times beyond 2^53 are written as 2^53 − 1.

import { type PeerKey, PollenError, tryParsePeerKey } from "../types/mod.ts";

/** One redeemed invite. */
export interface ConsumedInvite {
  readonly tokenId: string;
  readonly expiresAtUnix: bigint;
  readonly consumedAtUnix: bigint;
  /** Who redeemed it; null when the file does not say. */
  readonly subject: PeerKey | null;
  /** The answer, an encoded join token; null when the file does not hold it. */
  readonly joinToken: Uint8Array | null;
}

/** The file's bytes: sorted by id, indented by two spaces. */
export function encodeInvites(invites: ReadonlyMap<string, ConsumedInvite>): Uint8Array {
  const entries = [...invites.values()]
    .sort((a, b) => a.tokenId < b.tokenId ? -1 : 1)
    .map((invite) => ({
      tokenID: invite.tokenId,
      expiresAtUnix: toJsonTime(invite.expiresAtUnix),
      consumedAtUnix: toJsonTime(invite.consumedAtUnix),
      ...(invite.subject === null ? {} : { subjectPub: invite.subject }),
      ...(invite.joinToken === null ? {} : { joinToken: invite.joinToken.toBase64() }),
    }));
  return new TextEncoder().encode(`${JSON.stringify({ invites: entries }, null, 2)}\n`);
}

/**
 * The invites in the file, by id.
 *
 * @throws {PollenError} `malformed` naming `path`.
 */
export function decodeInvites(bytes: Uint8Array, path: string): Map<string, ConsumedInvite> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const { invites } = asRecord(JSON.parse(text));
    const entries = (invites === null ? [] : asArray(invites)).map(decodeInvite);
    return new Map(entries.map((invite) => [invite.tokenId, invite]));
  } catch (cause) {
    throw new PollenError("malformed", `${path} is not understood. It may be damaged.`, {
      fix: "Restore it from a backup, or remove it once every open invite has expired.",
      cause,
      details: { path },
    });
  }
}

function decodeInvite(value: unknown): ConsumedInvite {
  const entry = asRecord(value);
  const { tokenID, subjectPub, joinToken } = entry;
  if (typeof tokenID !== "string" || tokenID === "") throw new TypeError("an entry has no id");
  return {
    tokenId: tokenID,
    expiresAtUnix: asTime(entry["expiresAtUnix"]),
    consumedAtUnix: asTime(entry["consumedAtUnix"]),
    subject: subjectPub === undefined ? null : asPeerKey(subjectPub),
    joinToken: joinToken === undefined ? null : Uint8Array.fromBase64(asString(joinToken)),
  };
}

function toJsonTime(seconds: bigint): number {
  const max = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(seconds > max ? max : seconds);
}

function asTime(value: unknown): bigint {
  if (!Number.isSafeInteger(value)) throw new TypeError("a time is not a whole number");
  return BigInt(value as number);
}

function asPeerKey(value: unknown): PeerKey {
  const key = tryParsePeerKey(asString(value));
  if (key === null) throw new TypeError("a key is not 64 hexadecimal characters");
  return key;
}

function asString(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("a text is missing");
  return value;
}

function asArray(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError("a list is missing");
  return value;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError("an object is missing");
  }
  return value as Record<string, unknown>;
}
