// Revocations: the root's alone, of its own network, for this very key.

import { equal, throws } from "node:assert/strict";
import { verifyRevocation } from "../../../lib/auth/mod.ts";
import { signRevocation } from "../../../lib/auth/revocations.ts";
import { publicKeyOf } from "../../../lib/auth/signature.ts";
import { SignedRevocation } from "../../../lib/proto/mod.ts";
import { makeDelegate, makeNode, makeRoot, NOW, NOW_SECONDS, other, refused } from "./fixtures.ts";

const root = await makeRoot();
const { peerKey } = (await makeNode(2)).identity;
const trust = root.credentials.trust;
const REVOCATION = root.signer.issueRevocation(peerKey, NOW);

Deno.test("the root revokes, and everybody can check it", () => {
  verifyRevocation(SignedRevocation.decode(SignedRevocation.encode(REVOCATION)), trust);
  equal(REVOCATION.entry!.revokedAtUnix, NOW_SECONDS);
  equal(REVOCATION.entry!.subjectPub.toHex(), peerKey);
});

Deno.test("a revocation is refused in this order", () => {
  const verify = (change: Partial<SignedRevocation>) => () =>
    verifyRevocation({ ...REVOCATION, ...change }, trust);
  const entry = REVOCATION.entry!;
  throws(() => verifyRevocation(null, trust), refused("revocation is nil."));
  throws(verify({ entry: undefined }), refused("revocation invalid: missing entry."));
  for (
    const [change, what] of [
      [{ clusterId: new Uint8Array(0) }, "cluster id"],
      [{ subjectPub: new Uint8Array(0) }, "subject key"],
      [{ issuerAdminPub: new Uint8Array(0) }, "issuer admin key"],
    ] as const
  ) {
    throws(
      verify({ entry: { ...entry, ...change } }),
      refused(`revocation invalid: invalid ${what} length: expected 32 bytes, got 0.`),
    );
  }
  throws(
    verify({ signature: new Uint8Array(1) }),
    refused("revocation invalid: invalid signature length: expected 64 bytes, got 1."),
  );
  throws(
    verify({ entry: { ...entry, clusterId: other(entry.clusterId) } }),
    refused("revocation not scoped to cluster."),
  );
  throws(
    verify({ entry: { ...entry, issuerAdminPub: other(entry.issuerAdminPub) } }),
    refused("revocation not signed by cluster root admin."),
  );
  throws(
    verify({ entry: { ...entry, subjectPub: other(entry.subjectPub) } }),
    refused("revocation signature invalid."),
  );
  throws(
    verify({ signature: other(REVOCATION.signature) }),
    refused("revocation signature invalid."),
  );
});

Deno.test("a delegated administrator cannot revoke, and what it signs does not count", async () => {
  const delegate = await makeDelegate(root);
  throws(() => delegate.issueRevocation(peerKey, NOW), {
    code: "refused",
    message: "only the root admin can revoke peers.",
  });
  const seed = new Uint8Array(32).fill(3);
  const forged = signRevocation({ seed, publicKey: publicKeyOf(seed) }, REVOCATION.entry!);
  throws(
    () => verifyRevocation(forged, trust),
    refused("revocation not signed by cluster root admin."),
  );
  const claimed = { ...forged, entry: REVOCATION.entry };
  throws(() => verifyRevocation(claimed, trust), refused("revocation signature invalid."));
});

Deno.test("another network's revocation does not count", async () => {
  const foreign = await makeRoot(77);
  throws(
    () => verifyRevocation(foreign.signer.issueRevocation(peerKey, NOW), trust),
    refused("revocation not scoped to cluster."),
  );
});
