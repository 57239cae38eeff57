// Which invites were redeemed at this node, by whom, and with what answer: consumed_invites.json.
//
// Invariants: an invite is noted on disk before anybody gets an answer to it; it is redeemed by one
// key only; that key, asking again, gets what it got before, because its answer may have been lost.
// When noting it fails, the invite is as it was.

import type { InviteToken } from "../proto/mod.ts";
import {
  CLOCK_SKEW_SECONDS,
  CONSUMED_INVITES_BYTES_MAX,
  type Disk,
  type PeerKey,
  PollenError,
  unixSeconds,
  type WallMs,
} from "../types/mod.ts";
import { type ConsumedInvite, decodeInvites, encodeInvites } from "./consumed_invites_file.ts";

/** The file's name in the state directory. */
export const CONSUMED_INVITES_FILE = "consumed_invites.json";

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** The invites that were redeemed at this node and have not expired. */
export class ConsumedInvites {
  readonly #disk: Disk;
  readonly #dir: string;
  #invites: ReadonlyMap<string, ConsumedInvite>;
  /** The end of the queue of redemptions: one at a time, in the order they were asked for. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(disk: Disk, dir: string, invites: ReadonlyMap<string, ConsumedInvite>) {
    this.#disk = disk;
    this.#dir = dir;
    this.#invites = invites;
  }

  /**
   * Reads what is noted in the directory; nothing when there is no file.
   *
   * @throws {PollenError} `malformed` when the file is not understood: taking it for empty would let
   *   every invite be redeemed once more. `permission_denied`, `io`, `too_large`.
   */
  static async load(disk: Disk, dir: string, now: WallMs): Promise<ConsumedInvites> {
    const path = `${dir}/${CONSUMED_INVITES_FILE}`;
    const bytes = await disk.read(path, CONSUMED_INVITES_BYTES_MAX);
    const invites = bytes === null ? new Map() : decodeInvites(bytes, path);
    return new ConsumedInvites(disk, dir, unexpired(invites, now));
  }

  /** How many are noted. */
  get size(): number {
    return this.#invites.size;
  }

  /**
   * Redeems the invite for `subject`. The caller has verified it.
   *
   * @param answer Makes the join token's bytes. It is given what the same key got earlier, or null,
   *   and returns that very array to leave it as it is.
   * @returns the join token's bytes once they are on disk; null when another key has redeemed it.
   * @throws {PollenError} `malformed` for an invite without claims or id, `exhausted` when too many
   *   are noted, what `answer` throws, `permission_denied`, `io`. The invite is unconsumed then.
   */
  tryConsume(
    token: InviteToken,
    subject: PeerKey,
    now: WallMs,
    answer: (earlier: Uint8Array | null) => Uint8Array,
  ): Promise<Uint8Array | null> {
    const result = this.#last.then(() => this.#consume(token, subject, now, answer));
    this.#last = result.catch(() => {});
    return result;
  }

  async #consume(
    token: InviteToken,
    subject: PeerKey,
    now: WallMs,
    answer: (earlier: Uint8Array | null) => Uint8Array,
  ): Promise<Uint8Array | null> {
    if (token.claims === undefined) {
      throw new PollenError("malformed", "invite token missing claims.");
    }
    const { tokenId, expiresAtUnix } = token.claims;
    if (tokenId === "") throw new PollenError("malformed", "invite token missing token id.");

    const next = unexpired(this.#invites, now);
    const noted = next.get(tokenId);
    if (noted !== undefined && noted.subject !== subject) return null;
    const earlier = noted?.joinToken ?? null;
    const joinToken = answer(earlier);
    if (joinToken === earlier) return earlier;

    next.set(tokenId, {
      tokenId,
      expiresAtUnix,
      consumedAtUnix: noted?.consumedAtUnix ?? unixSeconds(now),
      subject,
      joinToken,
    });
    await this.#save(next);
    this.#invites = next;
    return joinToken;
  }

  async #save(invites: ReadonlyMap<string, ConsumedInvite>): Promise<void> {
    const bytes = encodeInvites(invites);
    if (bytes.length > CONSUMED_INVITES_BYTES_MAX) {
      throw new PollenError("exhausted", "Too many redeemed invites have not expired yet.", {
        fix: "Wait until some expire, and give invites a shorter life.",
      });
    }
    await this.#disk.makeDirectory(this.#dir, DIRECTORY_MODE);
    await this.#disk.writeAtomic(`${this.#dir}/${CONSUMED_INVITES_FILE}`, bytes, FILE_MODE);
  }
}

/** Those that may still be asked for, with the tolerated difference of clocks. */
function unexpired(
  invites: ReadonlyMap<string, ConsumedInvite>,
  now: WallMs,
): Map<string, ConsumedInvite> {
  const deadline = unixSeconds(now) - BigInt(CLOCK_SKEW_SECONDS);
  return new Map([...invites].filter(([, { expiresAtUnix }]) => expiresAtUnix >= deadline));
}
