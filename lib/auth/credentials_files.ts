// The files that make a node a member: the network's trust and its own membership. Invariant: the
// trust is written last, so that a directory belongs to a network only once it holds a membership
// of it.

import { AdminCert, type Codec, JoinToken, MembershipCert, TrustBundle } from "../proto/mod.ts";
import { type Disk, errorText, KEY_FILE_BYTES_MAX, PollenError } from "../types/mod.ts";
import {
  adminCertProblem,
  joinTokenProblem,
  membershipCertProblem,
  trustProblem,
} from "./shapes.ts";
import {
  ADMIN_CERT_FILE,
  CHANGE_FILE,
  keyPath,
  KEYS_DIRECTORY_MODE,
  keysDirectory,
  MEMBERSHIP_FILE,
  PRIVATE_MODE,
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
  return readMessage(disk, dir, TRUST_FILE, TrustBundle, trustProblem);
}

/** The stored membership; null when there is none. It is decoded, not verified. */
export function readMembership(disk: Disk, dir: string): Promise<MembershipCert | null> {
  return readMessage(disk, dir, MEMBERSHIP_FILE, MembershipCert, membershipCertProblem);
}

/** The stored certificate of a delegated administrator; null when there is none. Not verified. */
export function readAdminCert(disk: Disk, dir: string): Promise<AdminCert | null> {
  return readMessage(disk, dir, ADMIN_CERT_FILE, AdminCert, adminCertProblem);
}

/** The join token of a network that this node is about to change to; null without one. Not verified. */
export function readChange(disk: Disk, dir: string): Promise<JoinToken | null> {
  return readMessage(
    disk,
    dir,
    CHANGE_FILE,
    JoinToken,
    ({ claims, signature }) =>
      claims === undefined ? "missing claims" : joinTokenProblem(claims, signature),
  );
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

export async function writeChange(disk: Disk, dir: string, token: JoinToken): Promise<void> {
  await writeMessage(disk, dir, CHANGE_FILE, JoinToken.encode(token), PRIVATE_MODE);
}

/** Decodes the file; one that decodes but lacks parts, as an empty one does, is as damaged. */
async function readMessage<T>(
  disk: Disk,
  dir: string,
  file: string,
  codec: Codec<T>,
  problemOf: (message: T) => string | null,
): Promise<T | null> {
  const path = keyPath(dir, file);
  const bytes = await disk.read(path, KEY_FILE_BYTES_MAX);
  if (bytes === null) return null;
  if (bytes.length === 0) throw damaged(path, "It is empty.");
  let message: T;
  try {
    message = codec.decode(bytes);
  } catch (cause) {
    throw damaged(path, errorText(cause), cause);
  }
  const problem = problemOf(message);
  if (problem === null) return message;
  throw damaged(path, "Parts of it are missing, or of a wrong length.", problem);
}

function damaged(path: string, why: string, cause?: unknown): PollenError {
  return new PollenError("malformed", `${path} is damaged. ${why}`, {
    fix:
      "Restore it from a backup. Or remove it and join the network again, which on the machine " +
      "that founded it is: pollen init",
    cause,
    details: { path },
  });
}

async function writeMessage(
  disk: Disk,
  dir: string,
  file: string,
  bytes: Uint8Array,
  mode: number = PUBLIC_MODE,
): Promise<void> {
  await disk.makeDirectory(keysDirectory(dir), KEYS_DIRECTORY_MODE);
  await disk.writeAtomic(keyPath(dir, file), bytes, mode);
}
