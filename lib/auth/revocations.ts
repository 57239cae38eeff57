// Revocations: the root key's word that a key is a member no longer. They have no end and cannot be
// taken back; every node checks them by itself before it believes them.

import { RevocationEntry, type SignedRevocation, type TrustBundle } from "../proto/mod.ts";
import { PEER_KEY_BYTES, PollenError } from "../types/mod.ts";
import { refusal } from "./refusal.ts";
import { revocationProblem } from "./shapes.ts";
import { sign, type SigningKey, verifySignature } from "./signature.ts";
import { isSameBytes } from "./trust.ts";

/** Signs a revocation. Whether the key may is for those to judge who receive it. */
export function signRevocation(
  admin: SigningKey,
  fields: Omit<RevocationEntry, "issuerAdminPub">,
): SignedRevocation {
  if (fields.subjectPub.length !== PEER_KEY_BYTES) {
    throw new PollenError("invalid_argument", "invalid subject key length.");
  }
  const entry: RevocationEntry = { ...fields, issuerAdminPub: admin.publicKey };
  return { entry, signature: sign("revocation", admin.seed, RevocationEntry.encode(entry)) };
}

/**
 * Checks that the network's root key signed the revocation.
 *
 * @throws {PollenError} `unauthenticated`.
 */
export function verifyRevocation(
  revocation: SignedRevocation | null | undefined,
  trust: TrustBundle,
): asserts revocation is SignedRevocation {
  if (revocation === null || revocation === undefined) throw refusal("revocation is nil");
  const problem = revocationProblem(revocation.entry, revocation.signature);
  if (problem !== null) throw refusal(`revocation invalid: ${problem}`);
  const entry = revocation.entry!;
  if (!isSameBytes(entry.clusterId, trust.clusterId)) {
    throw refusal("revocation not scoped to cluster");
  }
  if (!isSameBytes(entry.issuerAdminPub, trust.rootPub)) {
    throw refusal("revocation not signed by cluster root admin");
  }
  const message = RevocationEntry.encode(entry);
  if (!verifySignature("revocation", trust.rootPub, message, revocation.signature)) {
    throw refusal("revocation signature invalid");
  }
}
