// The files that make a node a member: the network's trust and its own membership. Invariant: the
// trust is written last, so that a directory belongs to a network only once it holds a membership
// of it.

import { AdminCert, type Codec, MembershipCert, TrustBundle } from "../proto/mod.ts";
import { type Disk, errorText, PollenError } from "../types/mod.ts";
import {
  ADMIN_CERT_FILE,
  KEY_FILE_BYTES_MAX,
  keyPath,
  KEYS_DIRECTORY_MODE,
  keysDirectory,
  MEMBERSHIP_FILE,
  PUBLIC_MODE,
  TRUST_FILE,
} from "./paths.ts";

/** What makes a node a member of a network. */
export interface NodeCredentials {
  /** The network: its id and root key. */
  readonly trust: TrustBundle;
  /** The node's own membership of it. */
  readonly cert: MembershipCert;
}

/** The stored trust; null when there is none. It is decoded, not verified. */
export function readTrust(disk: Disk, dir: string): Promise<TrustBundle | null> {
  return readMessage(disk, dir, TRUST_FILE, TrustBundle);
}

/** The stored membership; null when there is none. It is decoded, not verified. */
export function readMembership(disk: Disk, dir: string): Promise<MembershipCert | null> {
  return readMessage(disk, dir, MEMBERSHIP_FILE, MembershipCert);
}

/** The stored certificate of a delegated administrator; null when there is none. Not verified. */
export function readAdminCert(disk: Disk, dir: string): Promise<AdminCert | null> {
  return readMessage(disk, dir, ADMIN_CERT_FILE, AdminCert);
}

/** Stores a membership and the trust it stands under. */
export async function writeCredentials(
  disk: Disk,
  dir: string,
  { trust, cert }: NodeCredentials,
): Promise<void> {
  await writeMembership(disk, dir, cert);
  await writeMessage(disk, dir, TRUST_FILE, TrustBundle.encode(trust));
}

export async function writeMembership(disk: Disk, dir: string, cert: MembershipCert) {
  await writeMessage(disk, dir, MEMBERSHIP_FILE, MembershipCert.encode(cert));
}

export async function writeAdminCert(disk: Disk, dir: string, cert: AdminCert): Promise<void> {
  await writeMessage(disk, dir, ADMIN_CERT_FILE, AdminCert.encode(cert));
}

async function readMessage<T>(
  disk: Disk,
  dir: string,
  file: string,
  codec: Codec<T>,
): Promise<T | null> {
  const path = keyPath(dir, file);
  const bytes = await disk.read(path, KEY_FILE_BYTES_MAX);
  if (bytes === null) return null;
  try {
    return codec.decode(bytes);
  } catch (thrown) {
    throw new PollenError("malformed", `${path} is damaged. ${errorText(thrown)}`, {
      fix: "Restore it from a backup, or join the network again.",
      cause: thrown,
      details: { path },
    });
  }
}

async function writeMessage(disk: Disk, dir: string, file: string, bytes: Uint8Array) {
  await disk.makeDirectory(keysDirectory(dir), KEYS_DIRECTORY_MODE);
  await disk.writeAtomic(keyPath(dir, file), bytes, PUBLIC_MODE);
}
