// Becoming and being a member: loading what is stored, founding a network, joining one.
//
// Invariants: what is stored is used only if it verifies for this node's key at this moment; a node
// never changes its network by itself; a better membership is never replaced by a worse one.

import { CertTtls } from "../config/mod.ts";
import type { JoinToken, MembershipCert, TrustBundle } from "../proto/mod.ts";
import { type Disk, PollenError, type Random, type WallMs } from "../types/mod.ts";
import { loadAdminKey, rootSigner } from "./admin_signer_files.ts";
import { verifyMembershipCert } from "./certificates.ts";
import {
  type NodeCredentials,
  readMembership,
  readTrust,
  writeCredentials,
  writeMembership,
} from "./credentials_files.ts";
import type { IdentityKey } from "./identity.ts";
import { ADMIN_KEY, createKey, withKeysLock } from "./key_files.ts";
import { demandNoLostTrust, notEnrolled } from "./lost_files.ts";
import { demandNoChange } from "./network_change.ts";
import { within } from "./refusal.ts";
import { isBetter } from "./renewal.ts";
import type { SigningKey } from "./signature.ts";
import { verifyJoinToken } from "./tokens.ts";
import { clusterIdHex, isSameBytes, isSameTrust, trustOf, verifyTrust } from "./trust.ts";

/** How stored credentials are judged. */
export interface LoadOptions {
  /** Takes a membership that has ended, or has not begun by this machine's clock, too. Default false. */
  readonly atAnyTime?: boolean;
}

/**
 * The stored membership of this node; null when none is stored.
 *
 * @throws {PollenError} `unauthenticated` when it does not verify, above all because it expired
 *   (`details.reason` is `expired` then), `malformed` for damaged files, `failed_precondition` when
 *   the node is on its way into another network, `permission_denied`, `io`.
 */
export async function loadNodeCredentials(
  disk: Disk,
  dir: string,
  identity: IdentityKey,
  now: WallMs,
  { atAnyTime = false }: LoadOptions = {},
): Promise<NodeCredentials | null> {
  await demandNoChange(disk, dir);
  const trust = await readTrust(disk, dir);
  const cert = await readMembership(disk, dir);
  if (trust === null || cert === null) return null;
  within("invalid stored membership credentials", () => {
    verifyTrust(trust);
    const moment = atAnyTime ? nearestValidMoment(cert, now) : now;
    verifyMembershipCert(cert, trust, moment, identity.publicKey);
  });
  return { trust, cert };
}

/** The moment nearest to `now` at which the membership and its issuer's certificate are both valid. */
function nearestValidMoment({ claims, issuer }: MembershipCert, now: WallMs): WallMs {
  const windows = [claims, issuer?.claims].filter((window) => window !== undefined);
  const from = windows.map(({ notBeforeUnix }) => Number(notBeforeUnix) * 1000);
  const until = windows.map(({ notAfterUnix }) => Number(notAfterUnix) * 1000);
  return Math.max(Math.min(now, ...until), ...from) as WallMs;
}

/** When a network is founded, and how long its first certificates last. */
export interface InitRootOptions {
  /** The moment of founding. */
  readonly now: WallMs;
  /** Draws the root key and serial numbers. */
  readonly random: Random;
  /** Lifetime of the root's own membership, in milliseconds. Default 365 days. */
  readonly membershipTtlMs?: number;
  /** Lifetime of the root's own administrator certificate, in milliseconds. Default 5 × 365 days. */
  readonly adminTtlMs?: number;
}

/** What became of founding a network. */
export interface InitRootResult {
  /** The membership of this node, just made or already there. */
  readonly credentials: NodeCredentials;
  /** Whether a network was founded now; false when the node was a member of one already. */
  readonly created: boolean;
  /** Whether the network's root key is in this directory. */
  readonly isRoot: boolean;
}

/**
 * Founds a network with this node as its root, unless the node is a member of one: then that stays
 * as it is. A root whose own membership has lapsed gives itself a new one.
 *
 * @throws {PollenError} as `loadNodeCredentials` does; `failed_precondition` when the directory
 *   holds the trust of a network of which this node is no member, or a membership whose trust is gone.
 */
export function initRoot(
  disk: Disk,
  dir: string,
  identity: IdentityKey,
  options: InitRootOptions,
): Promise<InitRootResult> {
  return withKeysLock(disk, dir, async () => {
    await demandNoChange(disk, dir);
    const trust = await readTrust(disk, dir);
    const admin = await loadAdminKey(disk, dir);
    const isRoot = admin !== null && trust !== null && isSameBytes(trust.rootPub, admin.publicKey);
    if (trust === null) await demandNoLostTrust(disk, dir, admin?.publicKey ?? null);
    const stored = await loadStored(disk, dir, identity, options.now, isRoot);
    if (stored !== null) return { credentials: stored, created: false, isRoot };
    if (trust !== null && !isRoot) throw foreignTrust(trust);
    return await found(disk, dir, identity, admin, options, !isRoot);
  });
}

/** What is stored; null where a root may help itself, because only time is against its membership. */
async function loadStored(
  disk: Disk,
  dir: string,
  identity: IdentityKey,
  now: WallMs,
  isRoot: boolean,
): Promise<NodeCredentials | null> {
  try {
    return await loadNodeCredentials(disk, dir, identity, now);
  } catch (thrown) {
    const isLapsed = thrown instanceof PollenError && thrown.details["reason"] === "expired";
    if (isRoot && isLapsed) return null;
    throw thrown;
  }
}

async function found(
  disk: Disk,
  dir: string,
  identity: IdentityKey,
  existing: SigningKey | null,
  options: InitRootOptions,
  created: boolean,
): Promise<InitRootResult> {
  const { now, random } = options;
  const defaults = new CertTtls();
  const admin = existing ?? await createKey(disk, dir, ADMIN_KEY, random);
  const trust = trustOf(admin.publicKey);
  const adminTtlMs = options.adminTtlMs ?? defaults.adminTtl();
  const signer = rootSigner(admin, trust, { now, random, adminTtlMs });
  const cert = signer.issueMembership({
    subject: identity.peerKey,
    ttlMs: options.membershipTtlMs ?? defaults.membershipTtl(),
    now,
  });
  const credentials = { trust, cert };
  await writeCredentials(disk, dir, credentials);
  return { credentials, created, isRoot: true };
}

/**
 * Makes this node a member of the token's network. A stored membership of the same network that
 * is valid and no worse stays.
 *
 * @throws {PollenError} `unauthenticated` for a token that does not verify, `failed_precondition`
 *   when the node belongs to another network (`details.ownClusterId`, `details.tokenClusterId`),
 *   `malformed`, `permission_denied`, `io`.
 */
export async function enrol(
  disk: Disk,
  dir: string,
  identity: IdentityKey,
  joinToken: JoinToken,
  now: WallMs,
): Promise<NodeCredentials> {
  verifyJoinToken(joinToken, now, identity.publicKey);
  const { trust, memberCert } = joinToken.claims!;
  const offered: NodeCredentials = { trust: trust!, cert: memberCert! };
  return await withKeysLock(disk, dir, async () => {
    const isEnrolled = await demandSameNetwork(disk, dir, offered.trust);
    const stored = isEnrolled ? await readMembership(disk, dir).catch(nullIfDamaged) : null;
    if (stored !== null && isKept(stored, offered, identity, now)) {
      return { trust: offered.trust, cert: stored };
    }
    await writeCredentials(disk, dir, offered);
    return offered;
  });
}

/**
 * Demands that this node may enter the network: it is in none, or in that one. Asked before an invite is
 * redeemed, so that none is spent on a node that would then refuse the answer.
 *
 * @returns Whether the node is in that network already.
 * @throws {PollenError} `failed_precondition` when it is in another one, `malformed`, `permission_denied`, `io`.
 */
export async function demandSameNetwork(
  disk: Disk,
  dir: string,
  trust: TrustBundle,
): Promise<boolean> {
  await demandNoChange(disk, dir);
  const own = await readTrust(disk, dir);
  if (own === null) return false;
  if (!isSameTrust(own, trust)) throw differentCluster(own, trust);
  return true;
}

/** A damaged membership is worth no more than none: a new one takes its place. */
function nullIfDamaged(thrown: unknown): null {
  if (thrown instanceof PollenError && thrown.code === "malformed") return null;
  throw thrown;
}

/** Whether the stored membership is valid, and the offered one no better. */
function isKept(
  stored: MembershipCert,
  { trust, cert }: NodeCredentials,
  identity: IdentityKey,
  now: WallMs,
): boolean {
  try {
    verifyMembershipCert(stored, trust, now, identity.publicKey);
  } catch (thrown) {
    if (thrown instanceof PollenError) return false;
    throw thrown;
  }
  return !isBetter(cert, stored);
}

/**
 * Replaces this node's membership with a renewed one of the same network. A stored membership that is
 * valid and no worse stays.
 *
 * @throws {PollenError} `unauthenticated` when it does not verify for this node, `failed_precondition`
 *   when the folder is of no network or of another one, or a command works on it; `permission_denied`, `io`.
 */
export async function renewMembership(
  disk: Disk,
  dir: string,
  identity: IdentityKey,
  { trust }: NodeCredentials,
  cert: MembershipCert,
  now: WallMs,
): Promise<NodeCredentials> {
  verifyMembershipCert(cert, trust, now, identity.publicKey);
  return await withKeysLock(disk, dir, async () => {
    if (!await demandSameNetwork(disk, dir, trust)) {
      throw await notEnrolled(disk, dir);
    }
    const stored = await readMembership(disk, dir).catch(nullIfDamaged);
    if (stored !== null && isKept(stored, { trust, cert }, identity, now)) {
      return { trust, cert: stored };
    }
    await writeMembership(disk, dir, cert);
    return { trust, cert };
  });
}

function differentCluster(own: TrustBundle, other: TrustBundle): PollenError {
  const [ownClusterId, tokenClusterId] = [clusterIdHex(own), clusterIdHex(other)];
  return new PollenError(
    "failed_precondition",
    "node already has membership credentials for a different cluster. " +
      `This node belongs to ${ownClusterId}, the token to ${tokenClusterId}.`,
    {
      fix: "A node stays in its network. To join the other one, name another directory with --dir.",
      details: { ownClusterId, tokenClusterId },
    },
  );
}

function foreignTrust(trust: TrustBundle): PollenError {
  const ownClusterId = clusterIdHex(trust);
  return new PollenError(
    "failed_precondition",
    `This directory belongs to the network ${ownClusterId}, but holds no membership of it.`,
    {
      fix: "Join that network again, or name another directory with --dir.",
      details: { ownClusterId },
    },
  );
}
