// A small network to test against: a root, a delegated administrator, and nodes, all from one seed,
// so that every run signs the same bytes.

import {
  type AdminSigner,
  genAdminKey,
  genIdentityKey,
  type IdentityKey,
  initRoot,
  installAdminCert,
  loadAdminSigner,
  type NodeCredentials,
} from "../../../lib/auth/mod.ts";
import type { BootstrapPeer } from "../../../lib/proto/mod.ts";
import { peerKeyBytes, PollenError, type Random, type WallMs } from "../../../lib/types/mod.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";

export const NOW_SECONDS = 1_800_000_000n;
export const NOW = Number(NOW_SECONDS) * 1000 as WallMs;
export const DIR = "/state";
export const DAY_MS = 86_400_000;

export function later(seconds: number): WallMs {
  return NOW + seconds * 1000 as WallMs;
}

/** Bytes that depend on the seed alone (a linear congruential generator; good enough to differ). */
export function seededRandom(seed: number): Random {
  let state = BigInt(seed) * 2n + 1n;
  const next = () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 56n);
  };
  return {
    bytes: (length) => Uint8Array.from({ length }, next),
    uniform: () => next() / 256,
  };
}

export interface Root {
  readonly disk: MemoryDisk;
  readonly identity: IdentityKey;
  readonly credentials: NodeCredentials;
  readonly signer: AdminSigner;
}

/** A root with its network, founded at `NOW`. */
export async function makeRoot(seed = 1, adminTtlMs?: number): Promise<Root> {
  const disk = new MemoryDisk();
  const random = seededRandom(seed);
  const identity = await genIdentityKey(disk, DIR, random);
  const options = { now: NOW, random, ...(adminTtlMs === undefined ? {} : { adminTtlMs }) };
  const { credentials } = await initRoot(disk, DIR, identity, options);
  const signer = await loadAdminSigner(disk, DIR, credentials, options);
  return { disk, identity, credentials, signer: signer! };
}

export interface Node {
  readonly disk: MemoryDisk;
  readonly identity: IdentityKey;
}

/** A node that belongs to no network yet. */
export async function makeNode(seed: number): Promise<Node> {
  const disk = new MemoryDisk();
  return { disk, identity: await genIdentityKey(disk, DIR, seededRandom(seed)) };
}

/** A signer whose administrator the root has certified. */
export async function makeDelegate(
  root: Root,
  seed = 50,
  ttlMs = 30 * DAY_MS,
): Promise<AdminSigner> {
  const disk = new MemoryDisk();
  const random = seededRandom(seed);
  const cert = root.signer.delegate(await genAdminKey(disk, DIR, random), ttlMs, NOW);
  await installAdminCert(disk, DIR, cert, root.credentials.trust, NOW);
  const signer = await loadAdminSigner(disk, DIR, root.credentials, { now: NOW, random });
  return signer!;
}

export function bootstrapOf(identity: IdentityKey): BootstrapPeer[] {
  return [{ peerPub: peerKeyBytes(identity.peerKey), addrs: ["192.0.2.1:60611"] }];
}

/** The bytes with one bit turned over. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = bytes.slice();
  flipped[bit >> 3]! ^= 1 << (bit & 7);
  return flipped;
}

/** A copy of the bytes whose first one differs. */
export function other(bytes: Uint8Array): Uint8Array {
  return flipBit(bytes, 0);
}

/** For `throws`: a refusal with exactly this message. */
export function refused(message: string): (thrown: unknown) => boolean {
  return (thrown) => {
    if (!(thrown instanceof PollenError)) throw thrown;
    if (thrown.code !== "unauthenticated" || thrown.message !== message) {
      throw new Error(`expected "${message}", got ${thrown.code}: "${thrown.message}"`);
    }
    return true;
  };
}
