// What entering a network and changing it does to the files of a state folder. Invariants: a node that
// is a member knows where to find its network; a node that changes is whole in the old network until
// the change is noted, and whole in the new one before anything uses the folder again; nothing of the
// old one is used any more.

import {
  beginChange,
  clusterIdHex,
  endChange,
  enrol,
  enrolByChange,
  type IdentityKey,
  loadChange,
  loadIdentityKey,
  loadNodeCredentials,
  type NetworkChange,
  type NodeCredentials,
  notEnrolled,
  readOldCredentials,
  verifyJoinToken,
} from "../auth/mod.ts";
import { Config, LEFT_DIRECTORY, NETWORK_FILES } from "../config/mod.ts";
import type { FileDisk } from "../host/mod.ts";
import type { JoinToken } from "../proto/mod.ts";
import { lockFolder } from "../store/mod.ts";
import { type Disk, KEY_FILE_BYTES_MAX, type WallMs } from "../types/mod.ts";

const LEFT_DIRECTORY_MODE = 0o700;
/** Of what is put aside nobody but its owner reads anything. */
const LEFT_FILE_MODE = 0o600;

/**
 * Makes the node a member of the token's network, in which it is already or which is its first.
 *
 * @throws {PollenError} as `enrol` does; `malformed` for a damaged `config.yaml`.
 */
export async function enterNetwork(
  disk: Disk,
  dir: string,
  identity: IdentityKey,
  token: JoinToken,
  now: WallMs,
): Promise<NodeCredentials> {
  verifyJoinToken(token, now, identity.publicKey);
  // First, because a member that was interrupted before it knew where to find the others never would.
  await rememberPeers(disk, dir, token);
  return await enrol(disk, dir, identity, token, now);
}

/**
 * Makes the node a member of the token's network and puts the files of the one it is in aside. The
 * caller holds the folder's lock.
 *
 * @throws {PollenError} as `beginChange` does, and then nothing has happened; after that what the disk
 *   throws, and whoever uses the folder next carries it out.
 */
export async function changeNetwork(
  disk: FileDisk,
  dir: string,
  identity: IdentityKey,
  token: JoinToken,
  now: WallMs,
): Promise<void> {
  await beginChange(disk, dir, identity, token, now);
  await carryOut(disk, dir, identity, (await loadChange(disk, dir))!);
}

/**
 * Carries out a change of network that was interrupted, if there is one.
 *
 * @throws {PollenError} `failed_precondition` when another process works on the folder or the key is
 *   gone, `malformed` for damaged files, `permission_denied`, `io`.
 */
export async function completeChange(disk: FileDisk, dir: string): Promise<void> {
  if (await loadChange(disk, dir) === null) return;
  using _lock = await lockFolder(disk, dir);
  // Whoever had the lock a moment ago may have done it.
  const change = await loadChange(disk, dir);
  if (change === null) return;
  const identity = await loadIdentityKey(disk, dir);
  if (identity === null) throw await notEnrolled(disk, dir);
  await carryOut(disk, dir, identity, change);
}

/**
 * Who the node of a folder is, for one that starts; only time may be against its membership.
 *
 * @throws {PollenError} `failed_precondition` when it is in no network, as `completeChange` and
 *   `loadNodeCredentials` do.
 */
export async function loadMember(
  disk: FileDisk,
  dir: string,
  now: WallMs,
): Promise<{ identity: IdentityKey; credentials: NodeCredentials }> {
  await completeChange(disk, dir);
  const identity = await loadIdentityKey(disk, dir);
  const credentials = identity === null
    ? null
    : await loadNodeCredentials(disk, dir, identity, now, { atAnyTime: true });
  if (identity === null || credentials === null) throw await notEnrolled(disk, dir);
  return { identity, credentials };
}

/** Each step may have been done before; the note goes last. */
async function carryOut(
  disk: FileDisk,
  dir: string,
  identity: IdentityKey,
  change: NetworkChange,
): Promise<void> {
  await putAside(disk, dir, change);
  await enrolByChange(disk, dir, identity, change);
  await rememberPeers(disk, dir, change.token);
  await endChange(disk, dir);
}

/** Puts the files of the old network aside, as long as it is the one whose credentials are there. */
async function putAside(
  disk: FileDisk,
  dir: string,
  { token, issuedAt }: NetworkChange,
): Promise<void> {
  const { clusterId, replaced, obsolete } = await readOldCredentials(disk, dir);
  if (clusterId === clusterIdHex(token.claims!.trust!)) return;
  const moment = new Date(issuedAt).toISOString().replace(/[-:]|\.\d+/g, "");
  const left = `${dir}/${LEFT_DIRECTORY}/${moment}-${clusterId?.slice(0, 8) ?? "unknown"}`;
  await disk.makeDirectory(left, LEFT_DIRECTORY_MODE);
  const present = new Set(await disk.list(left));
  for (const path of replaced) {
    const name = nameOf(path);
    // Copied before anything was replaced, if it is there.
    const bytes = present.has(name) ? null : await disk.read(path, KEY_FILE_BYTES_MAX);
    if (bytes !== null) await disk.writeAtomic(`${left}/${name}`, bytes, LEFT_FILE_MODE);
  }
  for (const path of [...obsolete, ...NETWORK_FILES.map((name) => `${dir}/${name}`)]) {
    await disk.move(path, `${left}/${nameOf(path)}`);
  }
}

async function rememberPeers(disk: Disk, dir: string, { claims }: JoinToken): Promise<void> {
  const peers = claims?.bootstrap ?? [];
  if (peers.length === 0) return;
  const config = await Config.load(disk, dir);
  for (const peer of peers) config.rememberBootstrapPeer(peer);
  await config.save(disk, dir);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
