// Key pairs on disk. Invariants: a private key is never overwritten, and never replaced because
// something else about it is wrong; the public file is only a copy of what follows from the private
// one, and is written anew when it is missing.

import { type Disk, KEY_FILE_BYTES_MAX, PollenError, type Random } from "../types/mod.ts";
import {
  keyPath,
  KEYS_DIRECTORY_MODE,
  keysDirectory,
  lockPath,
  PRIVATE_MODE,
  PUBLIC_MODE,
} from "./paths.ts";
import { decodePem, encodePem } from "./pem.ts";
import { publicKeyOf, SEED_BYTES, type SigningKey } from "./signature.ts";
import { isSameBytes } from "./trust.ts";

/** One kind of key pair: its files, what their PEM lines say, and the words errors use for it. */
export interface KeyKind {
  readonly privateFile: string;
  readonly publicFile: string;
  readonly privateType: string;
  readonly publicType: string;
  readonly privateProblem: string;
  readonly publicProblem: string;
  readonly mismatchProblem: string;
}

/** What a node is known by. */
export const IDENTITY_KEY: KeyKind = {
  privateFile: "ed25519.key",
  publicFile: "ed25519.pub",
  privateType: "ED25519 PRIVATE KEY",
  publicType: "ED25519 PUBLIC KEY",
  privateProblem: "invalid private key PEM",
  publicProblem: "invalid public key PEM",
  mismatchProblem: "identity keypair mismatch",
};

/** What an administrator signs with. */
export const ADMIN_KEY: KeyKind = {
  privateFile: "admin_ed25519.key",
  publicFile: "admin_ed25519.pub",
  privateType: "POLLEN ADMIN ED25519 PRIVATE KEY",
  publicType: "POLLEN ADMIN ED25519 PUBLIC KEY",
  privateProblem: "invalid admin private key PEM/length",
  publicProblem: "invalid admin public key PEM/length",
  mismatchProblem: "admin keypair mismatch",
};

/**
 * The pair on disk, its public file completed if it is missing; null when there is neither file.
 *
 * @throws {PollenError} `malformed` for a file that is no key or a pair that does not match,
 *   `failed_precondition` when only the public half is there, `permission_denied`, `io`.
 */
export async function loadKey(disk: Disk, dir: string, kind: KeyKind): Promise<SigningKey | null> {
  const seed = await readKeyFile(
    disk,
    dir,
    kind.privateFile,
    kind.privateType,
    kind.privateProblem,
  );
  const stored = await readPublicKey(disk, dir, kind);
  if (seed === null) {
    if (stored === null) return null;
    const path = keyPath(dir, kind.privateFile);
    throw new PollenError(
      "failed_precondition",
      `The private key ${path} is missing. Its public half is there, so there was one.`,
      {
        fix: `Restore it from a backup. To start over with a new key, remove ${
          keyPath(dir, kind.publicFile)
        }.`,
        details: { path },
      },
    );
  }
  const publicKey = publicKeyOf(seed);
  if (stored === null) await writePublicKey(disk, dir, kind, publicKey);
  else if (!isSameBytes(stored, publicKey)) {
    const path = keyPath(dir, kind.publicFile);
    throw new PollenError("malformed", `${kind.mismatchProblem}: ${path} is of another key.`, {
      fix: "Restore the pair from a backup, or remove this file: it follows from the private key.",
      details: { path },
    });
  }
  return { publicKey, seed };
}

/** The public half as its file has it; null when there is no such file. Throws as `loadKey` does. */
export function readPublicKey(disk: Disk, dir: string, kind: KeyKind): Promise<Uint8Array | null> {
  return readKeyFile(disk, dir, kind.publicFile, kind.publicType, kind.publicProblem);
}

/**
 * Makes a new pair. The caller holds the lock and has found none.
 *
 * @throws {PollenError} `permission_denied`, `io`.
 */
export async function createKey(
  disk: Disk,
  dir: string,
  kind: KeyKind,
  random: Random,
): Promise<SigningKey> {
  const seed = random.bytes(SEED_BYTES);
  const publicKey = publicKeyOf(seed);
  // The private half first: from it the other half can be made again at any time.
  const pem = encodePem(kind.privateType, seed);
  await disk.writeAtomic(keyPath(dir, kind.privateFile), pem, PRIVATE_MODE);
  await writePublicKey(disk, dir, kind, publicKey);
  return { publicKey, seed };
}

/**
 * Runs a step that may make keys, alone among all processes.
 *
 * @throws {PollenError} `failed_precondition` while another process does so; `permission_denied`, `io`.
 */
export async function withKeysLock<T>(
  disk: Disk,
  dir: string,
  step: () => Promise<T>,
): Promise<T> {
  await disk.makeDirectory(keysDirectory(dir), KEYS_DIRECTORY_MODE);
  using lock = await disk.tryLock(lockPath(dir), PRIVATE_MODE);
  if (lock === null) {
    throw new PollenError(
      "failed_precondition",
      `The keys in ${keysDirectory(dir)} are being made by another command.`,
      { fix: "Try again when it has finished." },
    );
  }
  return await step();
}

async function readKeyFile(
  disk: Disk,
  dir: string,
  file: string,
  type: string,
  problem: string,
): Promise<Uint8Array | null> {
  const path = keyPath(dir, file);
  const text = await disk.read(path, KEY_FILE_BYTES_MAX);
  if (text === null) return null;
  try {
    return decodePem(type, text, SEED_BYTES);
  } catch (cause) {
    throw new PollenError("malformed", `${problem}: ${path} is damaged or no key.`, {
      fix: "Restore it from a backup. It is not replaced by a new key.",
      cause,
      details: { path },
    });
  }
}

async function writePublicKey(disk: Disk, dir: string, kind: KeyKind, publicKey: Uint8Array) {
  const pem = encodePem(kind.publicType, publicKey);
  await disk.writeAtomic(keyPath(dir, kind.publicFile), pem, PUBLIC_MODE);
}
