// What a keys directory lacks that was there once. Invariant: where anything tells of a network, no
// new identity and no new root are made in silence; a person decides what the rest is worth.

import { type Disk, PollenError } from "../types/mod.ts";
import { readMembership } from "./credentials_files.ts";
import { ADMIN_CERT_FILE, keyPath, keysDirectory, MEMBERSHIP_FILE, TRUST_FILE } from "./paths.ts";
import { ADMIN_KEY, IDENTITY_KEY } from "./key_files.ts";
import { isSameBytes, trustOf } from "./trust.ts";

/** What is left of a node's place in a network when a part of it is gone. */
const MEMBER_FILES = [TRUST_FILE, MEMBERSHIP_FILE, ADMIN_CERT_FILE];

/**
 * Demands that no membership is stored, before a node without a key gets one: a membership that is
 * there was issued to a key that was there.
 *
 * @throws {PollenError} `failed_precondition`; `permission_denied`, `io`.
 */
export async function demandNoLostIdentity(disk: Disk, dir: string): Promise<void> {
  const [left] = await present(disk, dir, MEMBER_FILES);
  if (left === undefined) return;
  const path = keyPath(dir, IDENTITY_KEY.privateFile);
  throw new PollenError(
    "failed_precondition",
    `This node's private key ${path} is missing. ${keyPath(dir, left)} is there, so there was one.`,
    {
      fix: "Restore it from a backup. To start over with a new key, run `pollen purge` first.",
      details: { path },
    },
  );
}

/**
 * Demands that a directory without trust was in no network, before one is founded there. Of the
 * network of its own root key it may have been: that one is found again, not founded anew.
 *
 * @param rootPub The root key that is there; null without one.
 * @throws {PollenError} `failed_precondition`; `malformed`, `permission_denied`, `io`.
 */
export async function demandNoLostTrust(
  disk: Disk,
  dir: string,
  rootPub: Uint8Array | null,
): Promise<void> {
  const [isDelegate] = await present(disk, dir, [ADMIN_CERT_FILE]);
  const cert = await readMembership(disk, dir);
  if (cert === null && isDelegate === undefined) return;
  const isOwn = rootPub !== null && isDelegate === undefined &&
    isSameBytes(cert!.claims!.clusterId, trustOf(rootPub).clusterId);
  if (isOwn) return;
  throw missing(dir, TRUST_FILE, isDelegate ?? MEMBERSHIP_FILE);
}

/**
 * Why a node without usable credentials is in no network: it never was, or a file was lost.
 *
 * @returns `failed_precondition`, to be thrown.
 * @throws {PollenError} `permission_denied`, `io`.
 */
export async function notEnrolled(disk: Disk, dir: string): Promise<PollenError> {
  const there = new Set(await present(disk, dir, [...MEMBER_FILES, IDENTITY_KEY.privateFile]));
  const [left] = MEMBER_FILES.filter((file) => there.has(file));
  if (left === undefined) {
    const [key] = await present(disk, dir, [ADMIN_KEY.privateFile]);
    const again = key === undefined ? "" : " Its root key is here: `pollen init` brings it back.";
    return new PollenError(
      "failed_precondition",
      `This node is not part of a network yet.${again}`,
      { fix: "Start a network with `pollen init`, or enter one with `pollen join <token>`." },
    );
  }
  const lost = [IDENTITY_KEY.privateFile, TRUST_FILE, MEMBERSHIP_FILE]
    .find((file) => !there.has(file))!;
  return missing(dir, lost, left);
}

function missing(dir: string, lost: string, left: string): PollenError {
  const path = keyPath(dir, lost);
  const remedy = lost === IDENTITY_KEY.privateFile
    ? "or start over with `pollen purge` and a new invite."
    : "or join the network again with: pollen join <token>";
  return new PollenError(
    "failed_precondition",
    `${path} is missing. ${keyPath(dir, left)} is there, so this node was in a network.`,
    { fix: `Restore it from a backup, ${remedy}`, details: { path } },
  );
}

/** Those of the files that are there, whatever they hold, in the given order. */
async function present(disk: Disk, dir: string, files: readonly string[]): Promise<string[]> {
  const names = new Set(await disk.list(keysDirectory(dir)));
  return files.filter((file) => names.has(file));
}
