// A node's identity: the key pair it is known by. It is made once and never again, whatever
// becomes of the files around it.

import { hkdfSync } from "node:crypto";
import {
  type Disk,
  type PeerKey,
  peerKeyFromBytes,
  PollenError,
  type Random,
} from "../types/mod.ts";
import { createKey, IDENTITY_KEY, loadKey, readPublicKey, withKeysLock } from "./key_files.ts";
import { demandNoLostIdentity } from "./lost_files.ts";
import type { SigningKey } from "./signature.ts";

/** What tells this key from all others that may ever follow from the same seed. */
const RESET_KEY_INFO = "pollen.quic-reset.v1";
const RESET_KEY_BYTES = 32;
const PORT_MAPPING_INFO = "pollen.port-mapping.v1";

/** The key pair that a node is known by. */
export interface IdentityKey {
  /** The public key as the name of the node. */
  readonly peerKey: PeerKey;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 32 bytes from which the private key follows. Never shown, never logged. */
  readonly seed: Uint8Array;
}

/**
 * The identity of the node in this directory, made if there is none.
 *
 * @throws {PollenError} as `loadIdentityKey` does; `failed_precondition` while another command
 *   makes one, and where a membership tells of a key that is gone.
 */
export async function genIdentityKey(
  disk: Disk,
  dir: string,
  random: Random,
): Promise<IdentityKey> {
  const found = await loadIdentityKey(disk, dir);
  if (found !== null) return found;
  await demandNoLostIdentity(disk, dir);
  return await withKeysLock(disk, dir, async () =>
    await loadIdentityKey(disk, dir) ??
      toIdentity(await createKey(disk, dir, IDENTITY_KEY, random)));
}

/**
 * The identity of the node in this directory; null when neither of its files is there. A missing
 * public file is written anew.
 *
 * @throws {PollenError} `malformed` for a file that is no key, `failed_precondition` when the private
 *   half is gone, `permission_denied`, `io`.
 */
export async function loadIdentityKey(disk: Disk, dir: string): Promise<IdentityKey | null> {
  const key = await loadKey(disk, dir, IDENTITY_KEY);
  return key === null ? null : toIdentity(key);
}

/**
 * The node's public key, without touching the private one while the public file is there.
 *
 * @throws {PollenError} `not_found` when the node has no identity yet; else as `loadIdentityKey`.
 */
export async function readIdentityPub(disk: Disk, dir: string): Promise<PeerKey> {
  const publicKey = await readPublicKey(disk, dir, IDENTITY_KEY);
  if (publicKey !== null) return peerKeyFromBytes(publicKey);
  const identity = await loadIdentityKey(disk, dir);
  if (identity !== null) return identity.peerKey;
  throw new PollenError("not_found", `There is no node in ${dir}. It has no key yet.`, {
    fix: "Start a network with `pollen init`, or join one with `pollen join`.",
    details: { dir },
  });
}

/**
 * The secret by which a node, restarted, tells its peers that their sessions are over: 32 bytes,
 * always the same for one identity (HKDF with SHA-256, RFC 5869). Never shown, never logged.
 */
export function deriveResetKey({ seed }: IdentityKey): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", seed, "", RESET_KEY_INFO, RESET_KEY_BYTES));
}

/**
 * The nonce by which a router knows this node's mapping again after a crash (RFC 6887, section 11.1):
 * always the same for one identity.
 */
export function derivePortMappingNonce({ seed }: IdentityKey, length: number): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", seed, "", PORT_MAPPING_INFO, length));
}

function toIdentity({ publicKey, seed }: SigningKey): IdentityKey {
  return { peerKey: peerKeyFromBytes(publicKey), publicKey, seed };
}
