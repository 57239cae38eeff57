// The anchor of a network: its root key, and the cluster id, which is the hash of that key. Who
// holds the root key decides who takes part; a network cannot change either.

import type { TrustBundle } from "../proto/mod.ts";
import { refusal } from "./refusal.ts";
import { trustProblem } from "./shapes.ts";
import { sha256 } from "./signature.ts";

/** The trust bundle of the network with this root key. */
export function trustOf(rootPub: Uint8Array): TrustBundle {
  return { clusterId: sha256(rootPub), rootPub };
}

/** The cluster id as 64 lower-case hexadecimal characters. */
export function clusterIdHex(trust: TrustBundle): string {
  return trust.clusterId.toHex();
}

/** Whether both anchor the same network. */
export function isSameTrust(a: TrustBundle, b: TrustBundle): boolean {
  return isSameBytes(a.clusterId, b.clusterId) && isSameBytes(a.rootPub, b.rootPub);
}

/**
 * Checks that the cluster id is the hash of the root key.
 *
 * @throws {PollenError} `unauthenticated`.
 */
export function verifyTrust(trust: TrustBundle | undefined): asserts trust is TrustBundle {
  const problem = trustProblem(trust);
  if (problem !== null) throw refusal(problem);
  if (!isSameBytes(trust!.clusterId, sha256(trust!.rootPub))) {
    throw refusal("trust bundle cluster id mismatch");
  }
}

/** Whether both hold the same bytes. For public values: the time it takes tells where they differ. */
export function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
