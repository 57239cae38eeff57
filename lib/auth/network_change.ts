// The change from one network to another, as a note on disk: the join token of the new one. Invariant:
// from the moment when it is there, the change has happened and only has to be carried out, by whoever
// opens the folder next; until it is carried out, nothing else is done with what the folder holds.

import type { JoinToken } from "../proto/mod.ts";
import { type Disk, PollenError, type WallMs } from "../types/mod.ts";
import { readChange, writeChange, writeCredentials } from "./credentials_files.ts";
import type { IdentityKey } from "./identity.ts";
import { withKeysLock } from "./key_files.ts";
import { readKeyInventory } from "./key_inventory.ts";
import { CHANGE_FILE, keyPath, MEMBERSHIP_FILE, TRUST_FILE } from "./paths.ts";
import { verifyJoinToken } from "./tokens.ts";

/** A change that was begun. */
export interface NetworkChange {
  readonly token: JoinToken;
  /** When its token was signed: the same for everybody who carries it out. */
  readonly issuedAt: WallMs;
}

/**
 * Notes that this node changes to the token's network.
 *
 * @throws {PollenError} `unauthenticated` for a token that does not verify; `permission_denied`, `io`.
 */
export async function beginChange(
  disk: Disk,
  dir: string,
  identity: IdentityKey,
  token: JoinToken,
  now: WallMs,
): Promise<void> {
  verifyJoinToken(token, now, identity.publicKey);
  // Whoever carries it out may come when the token is over, and goes by this moment.
  verifyJoinToken(token, issuedAtOf(token), identity.publicKey);
  await writeChange(disk, dir, token);
}

/**
 * The change that was begun and not carried out; null without one.
 *
 * @throws {PollenError} `malformed`, `permission_denied`, `io`.
 */
export async function loadChange(disk: Disk, dir: string): Promise<NetworkChange | null> {
  const token = await readChange(disk, dir);
  return token === null ? null : { token, issuedAt: issuedAtOf(token) };
}

/** What a change finds in the keys directory, as absolute paths. */
export interface OldCredentials {
  /** The network whose credentials are there: the old one, or the new one already. */
  readonly clusterId: string | null;
  /** Files that get their successors in one step each. */
  readonly replaced: readonly string[];
  /** Files that have none, in the order in which they may go. */
  readonly obsolete: readonly string[];
}

/** Looks at what is there. @throws {PollenError} `permission_denied`, `io`. */
export async function readOldCredentials(disk: Disk, dir: string): Promise<OldCredentials> {
  const { clusterId, membership } = await readKeyInventory(disk, dir);
  const replaced = [keyPath(dir, TRUST_FILE), keyPath(dir, MEMBERSHIP_FILE)];
  const stays = [...replaced, keyPath(dir, CHANGE_FILE)];
  return { clusterId, replaced, obsolete: membership.filter((path) => !stays.includes(path)) };
}

/**
 * Makes this node a member of the change's network, whatever it was before.
 *
 * @throws {PollenError} `unauthenticated` for a token that does not verify for this node,
 *   `failed_precondition` while another command makes keys; `permission_denied`, `io`.
 */
export async function enrolByChange(
  disk: Disk,
  dir: string,
  identity: IdentityKey,
  { token, issuedAt }: NetworkChange,
): Promise<void> {
  verifyJoinToken(token, issuedAt, identity.publicKey);
  const { trust, memberCert } = token.claims!;
  await withKeysLock(
    disk,
    dir,
    () => writeCredentials(disk, dir, { trust: trust!, cert: memberCert! }),
  );
}

/** Takes the note away, when all is done. @throws {PollenError} `permission_denied`, `io`. */
export async function endChange(disk: Disk, dir: string): Promise<void> {
  await disk.remove(keyPath(dir, CHANGE_FILE));
}

/**
 * Demands that no change is on its way.
 *
 * @throws {PollenError} `failed_precondition`; `malformed`, `permission_denied`, `io`.
 */
export async function demandNoChange(disk: Disk, dir: string): Promise<void> {
  if (await readChange(disk, dir) === null) return;
  throw new PollenError(
    "failed_precondition",
    "This node is on its way from one network to another. The command that moves it was interrupted.",
    { fix: "`pollen up` completes it, and so does the same `pollen join` once more." },
  );
}

function issuedAtOf({ claims }: JoinToken): WallMs {
  return Number(claims?.issuedAtUnix ?? 0n) * 1_000 as WallMs;
}
