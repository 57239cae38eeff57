// What administrators may do, and what of it outlives what.

import { deepEqual, equal, match, notEqual, ok, rejects, throws } from "node:assert/strict";
import {
  AdminSigner,
  genAdminKey,
  initRoot,
  installAdminCert,
  loadAdminSigner,
  verifyAdminCert,
  verifyInviteToken,
  verifyMembershipCert,
} from "../../../lib/auth/mod.ts";
import { PollenError } from "../../../lib/types/mod.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
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
  seededRandom,
} from "./fixtures.ts";

const root = await makeRoot();
const trust = root.credentials.trust;
const { identity } = await makeNode(2);
const bootstrap = bootstrapOf(root.identity);
const random = seededRandom(5);
const options = { now: NOW, random };
const ADMIN_KEY = `${DIR}/keys/admin_ed25519.key`;
const ADMIN_PUB = `${DIR}/keys/admin_ed25519.pub`;

Deno.test("a node without an administrator's key has no signer", async () => {
  equal(await loadAdminSigner(new MemoryDisk(), DIR, null, options), null);
});

Deno.test("a root's signer needs nothing but its key", async () => {
  const disk = new MemoryDisk();
  disk.put(ADMIN_KEY, root.disk.bytes(ADMIN_KEY)!);
  const signer = await loadAdminSigner(disk, DIR, null, options);
  ok(signer instanceof AdminSigner);
  ok(signer.isRoot);
  deepEqual(signer.trust, trust);
  verifyAdminCert(signer.issuer, trust, NOW);
  equal(signer.issuer.claims!.notBeforeUnix, NOW_SECONDS - 60n);
  equal(signer.issuer.claims!.notAfterUnix, NOW_SECONDS + 5n * 365n * 86_400n);
  ok(disk.bytes(ADMIN_PUB) !== null, "the public half is completed");
});

Deno.test("an administrator's damaged key is an error, and stays", async () => {
  for (
    const [path, text, message] of [
      [ADMIN_KEY, "x", /invalid admin private key PEM\/length/],
      [ADMIN_PUB, "x", /invalid admin public key PEM\/length/],
      [ADMIN_PUB, (await makeRoot(11)).disk.text(ADMIN_PUB)!, /admin keypair mismatch/],
    ] as const
  ) {
    const { disk } = await makeRoot();
    disk.put(path, text);
    const before = disk.snapshot();
    await rejects(loadAdminSigner(disk, DIR, null, options), message);
    await rejects(initRoot(disk, DIR, root.identity, options), message);
    deepEqual(disk.snapshot(), before);
  }
});

Deno.test("a delegated administrator invites and issues memberships", async () => {
  const delegate = await makeDelegate(root);
  equal(delegate.isRoot, false);
  const request = { subject: identity.peerKey, ttlMs: DAY_MS, now: NOW };
  verifyMembershipCert(delegate.issueMembership(request), trust, NOW, identity.publicKey);
  verifyInviteToken(delegate.issueInvite({ bootstrap, ttlMs: 1_000, now: NOW }), NOW, null);
  throws(() => delegate.delegate(identity.publicKey, DAY_MS, NOW), {
    code: "refused",
    message: "only root admin can delegate relay admin certs.",
  });
});

Deno.test("a key that nobody certified signs nothing", async () => {
  const disk = new MemoryDisk();
  const adminPub = await genAdminKey(disk, DIR, seededRandom(60));
  const load = (now = NOW) => loadAdminSigner(disk, DIR, root.credentials, { now, random });
  await rejects(load(), {
    code: "failed_precondition",
    message: "delegated admin cert not installed.",
  });
  const install = (cert: Parameters<typeof installAdminCert>[2]) =>
    installAdminCert(disk, DIR, cert, trust, NOW);
  await rejects(install(root.signer.delegate(identity.publicKey, DAY_MS, NOW)), {
    message: "delegated admin cert invalid: admin key mismatch.",
  });
  const foreign = (await makeRoot(11)).signer.delegate(adminPub, DAY_MS, NOW);
  await rejects(install(foreign), {
    message: "delegated admin cert invalid: admin cert signature invalid.",
  });
  await install(root.signer.delegate(adminPub, DAY_MS, NOW));
  equal(disk.mode(`${DIR}/keys/admin.cert.pb`), 0o640);
  ok(await load());
  await rejects(load(later(86_461)), /^PollenError: delegated admin cert invalid: .+It expired/);
  await rejects(
    installAdminCert(new MemoryDisk(), DIR, root.signer.issuer, trust, NOW),
    { code: "failed_precondition" },
  );
});

Deno.test("nothing outlives its issuer's certificate", async () => {
  const delegate = await makeDelegate(root, 50, DAY_MS);
  const { claims } = delegate.issueMembership({
    subject: identity.peerKey,
    ttlMs: 365 * DAY_MS,
    now: NOW,
  });
  equal(claims!.notAfterUnix, delegate.issuer.claims!.notAfterUnix);
  const now = later(86_461);
  const issue = [
    () => delegate.issueMembership({ subject: identity.peerKey, ttlMs: DAY_MS, now }),
    () => delegate.issueInvite({ bootstrap, ttlMs: 1_000, now }),
    () => delegate.issueJoinToken({ cert: root.credentials.cert, bootstrap, ttlMs: 1_000, now }),
  ];
  for (const attempt of issue) {
    throws(attempt, (error: PollenError) => {
      equal(error.code, "unauthenticated");
      match(error.message, /^issuer admin cert invalid: admin cert outside validity window/);
      return true;
    });
  }
});

Deno.test("a root whose clock was wrong certifies itself anew, and answers invites", async () => {
  const { signer } = await makeRoot();
  for (const now of [later(-400 * 86_400), later(10 * 365 * 86_400)]) {
    const invite = signer.issueInvite({ bootstrap, ttlMs: 60_000, now });
    verifyInviteToken(invite, now, null);
    const cert = signer.issueMembership({ subject: identity.peerKey, ttlMs: DAY_MS, now });
    verifyMembershipCert(cert, trust, now, identity.publicKey);
  }
});

Deno.test("lives are positive, and of a length that numbers hold", () => {
  const { signer } = root;
  for (const ttlMs of [0, -1, 999, NaN, -Infinity]) {
    throws(() => signer.issueInvite({ bootstrap, ttlMs, now: NOW }), {
      message: "token ttl must be positive.",
    });
    throws(() => signer.issueMembership({ subject: identity.peerKey, ttlMs, now: NOW }), {
      message: "membership ttl must be positive.",
    });
  }
  for (const ttlMs of [Infinity, 1e300, 3.2e13]) {
    throws(() => signer.issueInvite({ bootstrap, ttlMs, now: NOW }), /must not exceed 1000 years/);
  }
  for (const membershipTtlSeconds of [-1, NaN, 1e18]) {
    throws(
      () => signer.issueInvite({ bootstrap, ttlMs: 1_000, membershipTtlSeconds, now: NOW }),
      { code: "invalid_argument" },
    );
  }
});

Deno.test("an invite says what it was asked to say", () => {
  const { claims } = root.signer.issueInvite({
    subject: identity.peerKey,
    bootstrap,
    ttlMs: 90_500,
    membershipTtlSeconds: 3_600,
    nonRenewable: true,
    now: NOW,
  });
  equal(claims!.expiresAtUnix, NOW_SECONDS + 90n);
  equal(claims!.issuedAtUnix, NOW_SECONDS);
  equal(claims!.membershipTtlSeconds, 3_600n);
  equal(claims!.nonRenewable, true);
  deepEqual(claims!.subjectPub, identity.publicKey);
  deepEqual(claims!.bootstrap, bootstrap);
  match(claims!.tokenId, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const open = root.signer.issueInvite({ bootstrap, ttlMs: 1_000, now: NOW }).claims!;
  equal(open.subjectPub.length, 0);
  equal(open.membershipTtlSeconds, 0n);
  notEqual(open.tokenId, claims!.tokenId);
  throws(() => root.signer.issueInvite({ bootstrap: [], ttlMs: 1_000, now: NOW }), {
    message: "invite token claims invalid: at least one bootstrap peer is required.",
  });
});

Deno.test("a serial is never zero", () => {
  const zeros = { bytes: (length: number) => new Uint8Array(length), uniform: () => 0 };
  const rootKey = { publicKey: root.signer.publicKey, seed: new Uint8Array(32) };
  const signer = new AdminSigner(rootKey, trust, root.signer.issuer, zeros);
  const cert = signer.issueMembership({ subject: identity.peerKey, ttlMs: DAY_MS, now: NOW });
  equal(cert.claims!.serial, 1n);
});
