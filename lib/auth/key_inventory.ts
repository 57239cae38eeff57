// What the keys directory holds, for a node that leaves its network. Invariant: a key that may be a
// network's root key counts as one; damaged files are still listed, because they have to go too.

import { type Disk, PollenError } from "../types/mod.ts";
import { loadAdminKey } from "./admin_signer_files.ts";
import { readAdminCert, readTrust } from "./credentials_files.ts";
import { ADMIN_KEY, IDENTITY_KEY, type KeyKind } from "./key_files.ts";
import {
  ADMIN_CERT_FILE,
  CHANGE_FILE,
  keyPath,
  keysDirectory,
  MEMBERSHIP_FILE,
  TRUST_FILE,
} from "./paths.ts";
import { clusterIdHex, isSameBytes, trustOf } from "./trust.ts";

/** The files of one keys directory, as absolute paths of what is there. */
export interface KeyInventory {
  /** The network that this node belongs to; null without one, or when that cannot be read. */
  readonly clusterId: string | null;
  /** The network whose root key is here; null without one, or when the key cannot be read. */
  readonly rootClusterId: string | null;
  /**
   * What makes the node a member, and an administrator that is not the root, in the order in which
   * it may go: what would bring the others back first, and a delegated key before the certificate,
   * without which it would pass for a root's.
   */
  readonly membership: readonly string[];
  /** The root key's files. */
  readonly rootKey: readonly string[];
  readonly identity: readonly string[];
}

/**
 * Looks at what is there. Makes nothing.
 *
 * @throws {PollenError} `permission_denied`, `io`.
 */
export async function readKeyInventory(disk: Disk, dir: string): Promise<KeyInventory> {
  const present = new Set(await disk.list(keysDirectory(dir)));
  const filesOf = (...names: readonly string[]) =>
    names.filter((name) => present.has(name)).map((name) => keyPath(dir, name));
  const pairOf = ({ privateFile, publicFile }: KeyKind) => filesOf(privateFile, publicFile);

  const trust = await unlessUnreadable(readTrust(disk, dir));
  const found = pairOf(ADMIN_KEY);
  const admin = found.length === 0 ? null : await unlessUnreadable(loadAdminKey(disk, dir));
  // Who loads a key completes its pair.
  const adminFiles = admin === null
    ? found
    : [keyPath(dir, ADMIN_KEY.privateFile), keyPath(dir, ADMIN_KEY.publicFile)];
  const cert = await unlessUnreadable(readAdminCert(disk, dir));
  // Only a certificate tells: the key of a root that joined elsewhere has none, and is still a root's.
  const isDelegated = admin !== null && cert?.claims !== undefined &&
    isSameBytes(admin.publicKey, cert.claims.adminPub);
  return {
    clusterId: trust === null ? null : clusterIdHex(trust),
    rootClusterId: admin === null || isDelegated ? null : clusterIdHex(trustOf(admin.publicKey)),
    membership: [
      ...filesOf(CHANGE_FILE, TRUST_FILE, MEMBERSHIP_FILE),
      ...(isDelegated ? adminFiles.toReversed() : []),
      ...filesOf(ADMIN_CERT_FILE),
    ],
    rootKey: isDelegated ? [] : adminFiles,
    identity: pairOf(IDENTITY_KEY),
  };
}

/** What it gives; null when the file is damaged or half of a pair is missing. */
async function unlessUnreadable<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (thrown) {
    const isDamage = thrown instanceof PollenError &&
      (thrown.code === "malformed" || thrown.code === "failed_precondition");
    if (isDamage) return null;
    throw thrown;
  }
}
