// An administrator's key and certificate on disk. The root's certificate is not stored: who holds
// the root key signs one for itself whenever it is needed.

import { CertTtls } from "../config/mod.ts";
import type { AdminCert, TrustBundle } from "../proto/mod.ts";
import { type Disk, PollenError, type Random, type WallMs } from "../types/mod.ts";
import { AdminSigner, certifyAdmin } from "./admin_signer.ts";
import { verifyAdminCert } from "./certificates.ts";
import {
  type NodeCredentials,
  readAdminCert,
  readTrust,
  writeAdminCert,
} from "./credentials_files.ts";
import { ADMIN_KEY, createKey, loadKey, withKeysLock } from "./key_files.ts";
import { refusal, within } from "./refusal.ts";
import type { SigningKey } from "./signature.ts";
import { isSameBytes, trustOf, verifyTrust } from "./trust.ts";

/** When and how a signer is loaded. */
export interface SignerOptions {
  /** The moment at which its certificate has to be valid. */
  readonly now: WallMs;
  /** Draws serial numbers and token ids. */
  readonly random: Random;
  /** Lifetime of the certificate that a root signs for itself, in milliseconds. Default 5 × 365 days. */
  readonly adminTtlMs?: number;
}

/** The administrator's key of this directory; null when there is none. Throws as `loadIdentityKey` does. */
export function loadAdminKey(disk: Disk, dir: string): Promise<SigningKey | null> {
  return loadKey(disk, dir, ADMIN_KEY);
}

/**
 * The administrator's public key of this directory, made with its private half if there is none:
 * what a root certifies to make this node an administrator.
 *
 * @throws {PollenError} as `loadIdentityKey` does.
 */
export function genAdminKey(disk: Disk, dir: string, random: Random): Promise<Uint8Array> {
  return withKeysLock(disk, dir, async () => {
    const key = await loadAdminKey(disk, dir) ?? await createKey(disk, dir, ADMIN_KEY, random);
    return key.publicKey;
  });
}

/**
 * What signs for this node's network; null when the directory holds no administrator's key.
 *
 * @param credentials What `loadNodeCredentials` gave, whose trust it is to sign under; null: the
 *   stored trust, or, where there is none, that of the key itself.
 * @throws {PollenError} `failed_precondition` when the key is not certified, `unauthenticated` when
 *   its certificate does not verify, `malformed`, `permission_denied`, `io`.
 */
export async function loadAdminSigner(
  disk: Disk,
  dir: string,
  credentials: NodeCredentials | null,
  options: SignerOptions,
): Promise<AdminSigner | null> {
  const key = await loadAdminKey(disk, dir);
  if (key === null) return null;
  const trust = credentials?.trust ?? await readTrust(disk, dir) ?? trustOf(key.publicKey);
  verifyTrust(trust);
  if (isSameBytes(key.publicKey, trust.rootPub)) return rootSigner(key, trust, options);

  const issuer = await readAdminCert(disk, dir);
  if (issuer === null) {
    throw new PollenError("failed_precondition", "delegated admin cert not installed.", {
      fix: "Let the network's root certify this administrator.",
    });
  }
  checkDelegation(issuer, key, trust, options.now);
  return new AdminSigner(key, trust, issuer, options.random);
}

/**
 * The signer of a root: its certificate is signed by itself, just now, and anew when it is over, when
 * the clock that dated it turns out to have been wrong, and when something is to last longer.
 */
export function rootSigner(
  key: SigningKey,
  trust: TrustBundle,
  { now, random, adminTtlMs = new CertTtls().adminTtl() }: SignerOptions,
): AdminSigner {
  const certify = (now: WallMs, fromUnix?: bigint) =>
    certifyAdmin(key, trust, key.publicKey, { now, ttlMs: adminTtlMs, random, fromUnix });
  return new AdminSigner(key, trust, certify(now), random, certify);
}

/**
 * Stores the certificate that makes this node an administrator.
 *
 * @throws {PollenError} `failed_precondition` without an administrator's key, `unauthenticated` for a
 *   certificate of another key or network, `permission_denied`, `io`.
 */
export async function installAdminCert(
  disk: Disk,
  dir: string,
  cert: AdminCert,
  trust: TrustBundle,
  now: WallMs,
): Promise<void> {
  const key = await loadAdminKey(disk, dir);
  if (key === null) {
    throw new PollenError("failed_precondition", "This node has no administrator's key.");
  }
  checkDelegation(cert, key, trust, now);
  await writeAdminCert(disk, dir, cert);
}

function checkDelegation(cert: AdminCert, key: SigningKey, trust: TrustBundle, now: WallMs): void {
  within("delegated admin cert invalid", () => {
    verifyAdminCert(cert, trust, now);
    if (!isSameBytes(cert.claims!.adminPub, key.publicKey)) throw refusal("admin key mismatch");
  });
}
