// Redeeming: our network's invites only, once per invite, the same answer to the same key.

import { deepEqual, equal, notDeepEqual, ok, rejects } from "node:assert/strict";
import { enrol, InviteRedeemer, verifyJoinToken } from "../../../lib/auth/mod.ts";
import { sign } from "../../../lib/auth/signature.ts";
import { ConsumedInvites } from "../../../lib/config/mod.ts";
import { InviteToken, InviteTokenClaims, JoinToken } from "../../../lib/proto/mod.ts";
import { peerKeyFromBytes, type WallMs } from "../../../lib/types/mod.ts";
import type { MemoryDisk } from "../../support/memory_disk.ts";
import {
  bootstrapOf,
  DAY_MS,
  DIR,
  later,
  makeDelegate,
  makeNode,
  makeRoot,
  NOW,
  NOW_SECONDS,
  other,
} from "./fixtures.ts";

const root = await makeRoot();
const alice = await makeNode(2);
const bob = await makeNode(3);
const [ALICE, BOB] = [alice.identity.peerKey, bob.identity.peerKey];
const bootstrap = bootstrapOf(root.identity);

interface Setup {
  readonly disk: MemoryDisk;
  readonly redeemer: InviteRedeemer;
  /** The same node after a restart. */
  reload(now?: WallMs): Promise<InviteRedeemer>;
}

async function setup(
  signer = root.signer,
  options: ConstructorParameters<typeof InviteRedeemer>[2] = {},
): Promise<Setup> {
  const { disk } = await makeNode(4);
  const reload = async (now = NOW) =>
    new InviteRedeemer(signer, await ConsumedInvites.load(disk, DIR, now), options);
  return { disk, reload, redeemer: await reload() };
}

function invite(change: Partial<Parameters<typeof root.signer.issueInvite>[0]> = {}): InviteToken {
  return root.signer.issueInvite({ bootstrap, ttlMs: 300_000, now: NOW, ...change });
}

Deno.test("an invite becomes a join token with which the node is a member", async () => {
  const { redeemer } = await setup();
  const token = await redeemer.redeem(invite(), ALICE, NOW);
  verifyJoinToken(token, NOW, alice.identity.publicKey);
  deepEqual(token.claims!.trust, root.credentials.trust);
  deepEqual(token.claims!.bootstrap, bootstrap);
  const { cert } = await enrol(alice.disk, DIR, alice.identity, token, NOW);
  equal(cert.claims!.notAfterUnix, NOW_SECONDS + 365n * 86_400n);
  equal(cert.claims!.nonRenewable, false);
});

Deno.test("the same key gets identical bytes, another key is refused, also after a restart", async () => {
  const { redeemer, reload } = await setup();
  const token = invite();
  const first = JoinToken.encode(await redeemer.redeem(token, ALICE, NOW));
  for (const again of [redeemer, await reload(), await reload(later(299))]) {
    deepEqual(JoinToken.encode(await again.redeem(token, ALICE, later(299))), first);
    await rejects(again.redeem(token, BOB, later(299)), {
      code: "refused",
      message: "invite token already consumed.",
    });
  }
});

Deno.test("redeemed by many at once, an invite makes one member", async () => {
  const { redeemer, disk } = await setup();
  const token = invite();
  const results = await Promise.allSettled(
    [ALICE, BOB, ALICE, BOB].map((key) => redeemer.redeem(token, key, NOW)),
  );
  deepEqual(results.map(({ status }) => status), [
    "fulfilled",
    "rejected",
    "fulfilled",
    "rejected",
  ]);
  equal(disk.written.filter((path) => path.endsWith("consumed_invites.json")).length, 1);
});

Deno.test("a self-made root aimed at us is refused, and leaves no trace", async () => {
  const { redeemer, disk } = await setup();
  const foreign = await makeRoot(66);
  const forged = foreign.signer.issueInvite({ bootstrap, ttlMs: 300_000, now: NOW });
  const before = disk.snapshot();
  await rejects(redeemer.redeem(forged, ALICE, NOW), {
    code: "refused",
    message: "invite token belongs to another network.",
  });
  // The foreign root cannot pass as ours by putting our trust into its invite either.
  const claims = { ...forged.claims!, trust: root.credentials.trust };
  const seed = new Uint8Array(32).fill(1);
  const mixed = { claims, signature: sign("invite", seed, InviteTokenClaims.encode(claims)) };
  await rejects(redeemer.redeem(mixed, ALICE, NOW), {
    code: "unauthenticated",
    message: "invite token issuer invalid: admin cert signature invalid.",
  });
  // Nor with our cluster id over its own root key.
  const trust = { ...foreign.credentials.trust, clusterId: root.credentials.trust.clusterId };
  await rejects(redeemer.redeem({ ...forged, claims: { ...claims, trust } }, ALICE, NOW), {
    message: "invite token belongs to another network.",
  });
  deepEqual(disk.snapshot(), before);
});

Deno.test("an invite that does not verify is refused", async () => {
  const { redeemer } = await setup();
  const token = invite();
  await rejects(redeemer.redeem(InviteToken.create(), ALICE, NOW), {
    message: "invite token missing claims.",
  });
  await rejects(redeemer.redeem({ ...token, signature: other(token.signature) }, ALICE, NOW), {
    message: "invite token signature invalid.",
  });
  const longer = { ...token.claims!, expiresAtUnix: token.claims!.expiresAtUnix + 1n };
  await rejects(redeemer.redeem({ ...token, claims: longer }, ALICE, NOW), {
    message: "invite token signature invalid.",
  });
  const bound = invite({ subject: ALICE });
  await rejects(redeemer.redeem(bound, BOB, NOW), { message: "invite token subject mismatch." });
  ok(await redeemer.redeem(bound, ALICE, NOW));
});

Deno.test("an expired invite is not redeemed, not even within the tolerance for clocks", async () => {
  const { redeemer } = await setup();
  const token = invite();
  for (const seconds of [300, 301, 360]) {
    await rejects(redeemer.redeem(token, ALICE, later(seconds)), {
      code: "refused",
      message: "invite token expired.",
    });
  }
  await rejects(redeemer.redeem(token, ALICE, later(361)), /invite token expired or not yet valid/);
  await rejects(redeemer.redeem(token, ALICE, later(-61)), /invite token expired or not yet valid/);
  ok(await redeemer.redeem(token, ALICE, later(299.999)));
  await rejects(redeemer.redeem(token, ALICE, later(300)), { message: "invite token expired." });
});

Deno.test("a join token lives five minutes, or as long as its invite", async () => {
  const { redeemer } = await setup();
  const life = async (ttlMs: number, now: WallMs) => {
    const { claims } = await redeemer.redeem(invite({ ttlMs }), ALICE, now);
    return claims!.expiresAtUnix - claims!.issuedAtUnix;
  };
  equal(await life(3_600_000, NOW), 300n);
  equal(await life(300_000, later(100)), 200n);
  equal(await life(300_000, later(299)), 1n);
});

Deno.test("after its join token the same key gets the same membership in a new one", async () => {
  const { redeemer, reload } = await setup();
  const token = invite({ ttlMs: 3_600_000 });
  const first = await redeemer.redeem(token, ALICE, NOW);
  const second = await redeemer.redeem(token, ALICE, later(300));
  notDeepEqual(second, first);
  deepEqual(second.claims!.memberCert, first.claims!.memberCert);
  verifyJoinToken(second, later(600), alice.identity.publicKey);
  deepEqual(await (await reload()).redeem(token, ALICE, later(301)), second);
  await rejects(redeemer.redeem(token, BOB, later(301)), /already consumed/);
});

Deno.test("a membership lasts as the invite says, else as this node says, and no longer than its issuer", async () => {
  const delegate = await makeDelegate(root, 50, 10 * DAY_MS);
  const { redeemer } = await setup(delegate, { membershipTtlMs: 3 * DAY_MS });
  const end = async (token: InviteToken) =>
    (await redeemer.redeem(token, ALICE, NOW)).claims!.memberCert!.claims!;
  equal((await end(invite())).notAfterUnix, NOW_SECONDS + 3n * 86_400n);
  const guest = await end(invite({ membershipTtlSeconds: 7_200, nonRenewable: true }));
  equal(guest.notAfterUnix, NOW_SECONDS + 7_200n);
  equal(guest.nonRenewable, true);
  const long = await end(invite({ membershipTtlSeconds: 365 * 86_400 }));
  equal(long.notAfterUnix, delegate.issuer.claims!.notAfterUnix);

  const boundless = { ...invite().claims!, membershipTtlSeconds: (1n << 63n) - 1n };
  const key = { seed: root.disk.text(`${DIR}/keys/admin_ed25519.key`)!.split("\n")[1]! };
  const seed = Uint8Array.fromBase64(key.seed);
  const signature = sign("invite", seed, InviteTokenClaims.encode(boundless));
  const { notAfterUnix } = await end({ claims: boundless, signature });
  equal(notAfterUnix, delegate.issuer.claims!.notAfterUnix);
});

Deno.test("invites of another administrator of the network are redeemed", async () => {
  const delegate = await makeDelegate(root);
  const { redeemer } = await setup(delegate);
  const token = await redeemer.redeem(invite(), ALICE, NOW);
  verifyJoinToken(token, NOW, alice.identity.publicKey);
  deepEqual(token.claims!.issuer, delegate.issuer);
});

Deno.test("neither a revoked node nor a revoked administrator gets anybody in", async () => {
  const delegate = await makeDelegate(root);
  const revoked = new Set([BOB, peerKeyFromBytes(delegate.publicKey)]);
  const { redeemer } = await setup(root.signer, { isRevoked: (key) => revoked.has(key) });
  await rejects(redeemer.redeem(invite(), BOB, NOW), {
    code: "refused",
    message: "subject has been revoked.",
  });
  const token = delegate.issueInvite({ bootstrap, ttlMs: 300_000, now: NOW });
  await rejects(redeemer.redeem(token, ALICE, NOW), {
    code: "refused",
    message: "invite token issuer has been revoked.",
  });
});

Deno.test("when the disk is full nobody is answered, and the invite is still there", async () => {
  const { redeemer, disk, reload } = await setup();
  const token = invite();
  disk.isFull = () => true;
  await rejects(redeemer.redeem(token, ALICE, NOW), { code: "io" });
  disk.isFull = () => false;
  ok(await redeemer.redeem(token, BOB, NOW), "ALICE got nothing, so BOB may have it");
  await rejects((await reload()).redeem(token, ALICE, NOW), /already consumed/);
});

Deno.test("when the issuer has lapsed the invite is not used up", async () => {
  const short = await makeDelegate(root, 50, DAY_MS);
  const { redeemer, disk } = await setup(short);
  const now = later(86_500);
  const token = invite({ now });
  const before = disk.snapshot();
  await rejects(redeemer.redeem(token, ALICE, now), /issuer admin cert invalid/);
  deepEqual(disk.snapshot(), before);
});
