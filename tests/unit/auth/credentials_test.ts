// Founding, joining, loading: what is stored is used only if it verifies, and never given up for
// less.

import { deepEqual, equal, match, notDeepEqual, ok, rejects } from "node:assert/strict";
import {
  clusterIdHex,
  demandSameNetwork,
  enrol,
  genIdentityKey,
  type IdentityKey,
  initRoot,
  loadAdminSigner,
  loadNodeCredentials,
  renewMembership,
} from "../../../lib/auth/mod.ts";
import { sha256 } from "../../../lib/auth/signature.ts";
import { systemDisk, systemRandom } from "../../../lib/host/mod.ts";
import type { JoinToken } from "../../../lib/proto/mod.ts";
import { PollenError, type WallMs } from "../../../lib/types/mod.ts";
import {
  bootstrapOf,
  DAY_MS,
  DIR,
  later,
  makeNode,
  makeRoot,
  NOW,
  type Root,
  seededRandom,
} from "./fixtures.ts";

const TRUST = `${DIR}/keys/cluster.trust.pb`;
const CERT = `${DIR}/keys/membership.cert.pb`;
const ADMIN_KEY = `${DIR}/keys/admin_ed25519.key`;
const random = seededRandom(9);

function joinToken(root: Root, { peerKey }: IdentityKey, ttlMs = DAY_MS, now = NOW): JoinToken {
  const cert = root.signer.issueMembership({ subject: peerKey, ttlMs, now });
  const bootstrap = bootstrapOf(root.identity);
  return root.signer.issueJoinToken({ cert, bootstrap, ttlMs: 300_000, now });
}

Deno.test("a root is founded once", async () => {
  const { disk, identity, credentials } = await makeRoot();
  equal(clusterIdHex(credentials.trust), sha256(credentials.trust.rootPub).toHex());
  deepEqual(await loadNodeCredentials(disk, DIR, identity, NOW), credentials);
  const before = disk.snapshot();
  deepEqual(await initRoot(disk, DIR, identity, { now: NOW, random }), {
    credentials,
    created: false,
    isRoot: true,
  });
  deepEqual(disk.snapshot(), before);
  const fresh = await makeNode(3);
  const { created } = await initRoot(fresh.disk, DIR, fresh.identity, { now: NOW, random });
  equal(created, true);
});

Deno.test("lifetimes are 365 days and five times that, unless told otherwise", async () => {
  const { credentials } = await makeRoot();
  equal(credentials.cert.claims!.notAfterUnix * 1000n - BigInt(NOW), 365n * BigInt(DAY_MS));
  equal(BigInt(NOW) / 1000n - credentials.cert.claims!.notBeforeUnix, 60n);
  equal(
    credentials.cert.issuer!.claims!.notAfterUnix * 1000n - BigInt(NOW),
    5n * 365n * BigInt(DAY_MS),
  );
  const node = await makeNode(3);
  const options = { now: NOW, random, membershipTtlMs: 2 * DAY_MS, adminTtlMs: DAY_MS };
  const { credentials: short } = await initRoot(node.disk, DIR, node.identity, options);
  const { cert } = short;
  equal(cert.claims!.notAfterUnix, cert.issuer!.claims!.notAfterUnix, "cut to the issuer's end");
});

Deno.test("a node becomes a member by its join token", async () => {
  const root = await makeRoot();
  const { disk, identity } = await makeNode(2);
  equal(await loadNodeCredentials(disk, DIR, identity, NOW), null);
  const credentials = await enrol(disk, DIR, identity, joinToken(root, identity), NOW);
  deepEqual(await loadNodeCredentials(disk, DIR, identity, NOW), credentials);
  deepEqual(credentials.trust, root.credentials.trust);
  for (const path of [TRUST, CERT]) equal(disk.mode(path), 0o640);
  deepEqual(await initRoot(disk, DIR, identity, { now: NOW, random }), {
    credentials,
    created: false,
    isRoot: false,
  });
  equal(disk.bytes(ADMIN_KEY) !== null, false, "a member that calls init makes no root key");
});

Deno.test("a token for another key, or one that has expired, changes nothing", async () => {
  const root = await makeRoot();
  const { disk, identity } = await makeNode(2);
  const before = disk.snapshot();
  const foreign = joinToken(root, (await makeNode(3)).identity);
  await rejects(enrol(disk, DIR, identity, foreign, NOW), {
    message: "join token membership cert invalid: membership cert subject mismatch.",
  });
  const token = joinToken(root, identity);
  await rejects(enrol(disk, DIR, identity, token, later(361)), { code: "unauthenticated" });
  deepEqual(disk.snapshot(), before);
});

Deno.test("a node stays in its network, and says which two are meant", async () => {
  const [home, away] = [await makeRoot(1), await makeRoot(11)];
  const { disk, identity } = await makeNode(2);
  await enrol(disk, DIR, identity, joinToken(home, identity), NOW);
  const before = disk.snapshot();
  await rejects(
    enrol(disk, DIR, identity, joinToken(away, identity), NOW),
    (error: PollenError) => {
      equal(error.code, "failed_precondition");
      match(error.message, /^node already has membership credentials for a different cluster\. /);
      const ids = [home, away].map(({ credentials }) => clusterIdHex(credentials.trust));
      for (const id of ids) ok(error.message.includes(id));
      deepEqual(error.details, { ownClusterId: ids[0], tokenClusterId: ids[1] });
      ok(error.fix!.includes("--dir"));
      return true;
    },
  );
  deepEqual(disk.snapshot(), before);
  await rejects(enrol(home.disk, DIR, home.identity, joinToken(away, home.identity), NOW), {
    code: "failed_precondition",
  });
});

Deno.test("the membership that ends later is kept, one that is not valid is replaced", async () => {
  const root = await makeRoot();
  const { disk, identity } = await makeNode(2);
  const week = joinToken(root, identity, 7 * DAY_MS);
  const first = await enrol(disk, DIR, identity, week, NOW);
  deepEqual(await enrol(disk, DIR, identity, joinToken(root, identity), NOW), first);
  const again = joinToken(root, identity, 7 * DAY_MS);
  deepEqual(await enrol(disk, DIR, identity, again, NOW), first, "the same end: nothing to gain");

  const month = await enrol(disk, DIR, identity, joinToken(root, identity, 30 * DAY_MS), NOW);
  notDeepEqual(month, first);
  deepEqual(await loadNodeCredentials(disk, DIR, identity, NOW), month);

  const afterwards = later(40 * 86_400);
  const renewed = joinToken(root, identity, DAY_MS, afterwards);
  const credentials = await enrol(disk, DIR, identity, renewed, afterwards);
  deepEqual(credentials.cert, renewed.claims!.memberCert);
});

Deno.test("a damaged membership is replaced when the node joins again", async () => {
  const root = await makeRoot();
  const { disk, identity } = await makeNode(2);
  await enrol(disk, DIR, identity, joinToken(root, identity), NOW);
  disk.put(CERT, "damaged");
  const credentials = await enrol(disk, DIR, identity, joinToken(root, identity), NOW);
  deepEqual(await loadNodeCredentials(disk, DIR, identity, NOW), credentials);
});

Deno.test("whether a node may enter a network is known before it asks to", async () => {
  const [home, away] = [await makeRoot(1), await makeRoot(11)];
  const { disk, identity } = await makeNode(2);
  const demand = (root: Root) => demandSameNetwork(disk, DIR, root.credentials.trust);
  equal(await demand(home), false);
  await enrol(disk, DIR, identity, joinToken(home, identity), NOW);
  equal(await demand(home), true);
  await rejects(demand(away), { code: "failed_precondition" });
});

Deno.test("what is stored is used only while it verifies", async () => {
  const root = await makeRoot();
  const { disk, identity } = await makeNode(2);
  await enrol(disk, DIR, identity, joinToken(root, identity), NOW);
  const load = (key: IdentityKey, now: WallMs) => loadNodeCredentials(disk, DIR, key, now);
  await rejects(load(identity, later(86_461)), (error: PollenError) => {
    match(
      error.message,
      /^invalid stored membership credentials: membership cert outside validity window\. It expired/,
    );
    equal(error.details["reason"], "expired");
    match(error.fix!, /new invite/);
    return true;
  });
  await rejects(load(identity, later(-200)), /not valid before/);
  await rejects(load((await makeNode(3)).identity, NOW), /membership cert subject mismatch/);

  const foreign = await makeRoot(11);
  disk.put(TRUST, foreign.disk.bytes(TRUST)!);
  await rejects(load(identity, NOW), /membership cert not scoped to cluster/);
});

Deno.test("only time may be against a membership that is taken at any time", async () => {
  const root = await makeRoot();
  const { disk, identity } = await makeNode(2);
  const credentials = await enrol(disk, DIR, identity, joinToken(root, identity), NOW);
  const load = (key: IdentityKey, now: WallMs) =>
    loadNodeCredentials(disk, DIR, key, now, { atAnyTime: true });
  for (const now of [NOW, later(-1e9), later(86_461), later(1e10)]) {
    deepEqual(await load(identity, now), credentials);
    await rejects(load((await makeNode(3)).identity, now), /membership cert subject mismatch/);
  }
  disk.put(TRUST, (await makeRoot(11)).disk.bytes(TRUST)!);
  await rejects(load(identity, later(1e10)), /membership cert not scoped to cluster/);
});

Deno.test("half of the credentials are none, damaged ones are an error", async () => {
  const root = await makeRoot();
  for (const path of [TRUST, CERT]) {
    const { disk, identity } = await makeNode(2);
    await enrol(disk, DIR, identity, joinToken(root, identity), NOW);
    const bytes = disk.bytes(path)!;
    disk.delete(path);
    equal(await loadNodeCredentials(disk, DIR, identity, NOW), null);
    disk.put(path, bytes.slice(0, 20));
    await rejects(loadNodeCredentials(disk, DIR, identity, NOW), (error: PollenError) => {
      equal(error.code, "malformed");
      ok(error.message.startsWith(`${path} is damaged.`));
      return true;
    });
    disk.put(path, "");
    await rejects(loadNodeCredentials(disk, DIR, identity, NOW), /is damaged\. It is empty\./);
  }
});

Deno.test("a root whose membership has lapsed helps itself, a member cannot", async () => {
  const root = await makeRoot();
  const muchLater = later(400 * 86_400);
  await rejects(loadNodeCredentials(root.disk, DIR, root.identity, muchLater), /It expired/);
  const result = await initRoot(root.disk, DIR, root.identity, { now: muchLater, random });
  equal(result.created, false);
  deepEqual(result.credentials.trust, root.credentials.trust);
  deepEqual(
    await loadNodeCredentials(root.disk, DIR, root.identity, muchLater),
    result.credentials,
  );

  const { disk, identity } = await makeNode(2);
  await enrol(disk, DIR, identity, joinToken(root, identity), NOW);
  await rejects(initRoot(disk, DIR, identity, { now: muchLater, random }), /It expired/);
});

Deno.test("a directory of a network without its membership is not made a root", async () => {
  const root = await makeRoot();
  const { disk, identity } = await makeNode(2);
  disk.put(TRUST, root.disk.bytes(TRUST)!);
  const before = disk.snapshot();
  await rejects(initRoot(disk, DIR, identity, { now: NOW, random }), (error: PollenError) => {
    equal(error.code, "failed_precondition");
    ok(error.message.includes(clusterIdHex(root.credentials.trust)));
    return true;
  });
  deepEqual(disk.snapshot(), before);
});

Deno.test("a full disk at any step of founding loses nothing; the next try completes it", async () => {
  for (let failAt = 0; failAt < 4; failAt++) {
    const { disk, identity } = await makeNode(2);
    let count = 0;
    disk.isFull = () => count++ === failAt;
    await rejects(initRoot(disk, DIR, identity, { now: NOW, random }), { code: "io" });
    equal(await loadNodeCredentials(disk, DIR, identity, NOW), null);
    const adminKey = disk.bytes(ADMIN_KEY);
    const { credentials, isRoot } = await initRoot(disk, DIR, identity, { now: NOW, random });
    ok(isRoot);
    if (adminKey !== null) deepEqual(disk.bytes(ADMIN_KEY)!, adminKey);
    deepEqual(await loadNodeCredentials(disk, DIR, identity, NOW), credentials);
    deepEqual(await genIdentityKey(disk, DIR, random), identity);
  }
});

Deno.test("a full disk at any step of joining leaves the old membership or the new one", async () => {
  const root = await makeRoot();
  for (const start of ["none", "member"] as const) {
    for (let failAt = 0; failAt < 2; failAt++) {
      const { disk, identity } = await makeNode(2);
      if (start === "member") await enrol(disk, DIR, identity, joinToken(root, identity), NOW);
      const old = await loadNodeCredentials(disk, DIR, identity, NOW);
      let count = 0;
      disk.isFull = () => count++ === failAt;
      const token = joinToken(root, identity, 2 * DAY_MS);
      await rejects(enrol(disk, DIR, identity, token, NOW), { code: "io" });
      const left = await loadNodeCredentials(disk, DIR, identity, NOW);
      if (start === "none") equal(left, null);
      else if (failAt === 0) deepEqual(left, old);
      else deepEqual(left!.cert, token.claims!.memberCert);
      disk.isFull = () => false;
      const joined = await enrol(disk, DIR, identity, token, NOW);
      deepEqual(joined.cert, token.claims!.memberCert);
    }
  }
});

Deno.test("a half-finished joining does not tie the node to that network", async () => {
  const [home, away] = [await makeRoot(1), await makeRoot(11)];
  const { disk, identity } = await makeNode(2);
  disk.isFull = (path) => path === TRUST;
  await rejects(enrol(disk, DIR, identity, joinToken(home, identity), NOW), { code: "io" });
  disk.isFull = () => false;
  const { trust } = await enrol(disk, DIR, identity, joinToken(away, identity), NOW);
  deepEqual(trust, away.credentials.trust);
});

Deno.test("a renewed membership replaces the old one if it verifies", async () => {
  const root = await makeRoot();
  const { disk, identity } = await makeNode(2);
  const old = await enrol(disk, DIR, identity, joinToken(root, identity), NOW);
  const request = { subject: identity.peerKey, ttlMs: 9 * DAY_MS, now: NOW };
  const cert = root.signer.issueMembership(request);
  deepEqual(await renewMembership(disk, DIR, identity, old, cert, NOW), { trust: old.trust, cert });
  deepEqual((await loadNodeCredentials(disk, DIR, identity, NOW))!.cert, cert);

  // Somebody joined again meanwhile, and whoever renews is late.
  const worse = root.signer.issueMembership({ ...request, ttlMs: 8 * DAY_MS });
  deepEqual(await renewMembership(disk, DIR, identity, old, worse, NOW), {
    trust: old.trust,
    cert,
  });

  const guest = root.signer.issueMembership({ ...request, ttlMs: 90 * DAY_MS, nonRenewable: true });
  deepEqual(await renewMembership(disk, DIR, identity, old, guest, NOW), {
    trust: old.trust,
    cert,
  });

  const foreign = (await makeRoot(11)).signer.issueMembership(request);
  await rejects(renewMembership(disk, DIR, identity, old, foreign, NOW), {
    message: "membership cert not scoped to cluster.",
  });
  deepEqual((await loadNodeCredentials(disk, DIR, identity, NOW))!.cert, cert);
});

Deno.test("a membership is renewed neither in another network nor in none", async () => {
  const [home, away] = [await makeRoot(1), await makeRoot(11)];
  const { disk, identity } = await makeNode(2);
  const request = { subject: identity.peerKey, ttlMs: 9 * DAY_MS, now: NOW };
  const renew = () => {
    const cert = home.signer.issueMembership(request);
    return renewMembership(disk, DIR, identity, home.credentials, cert, NOW);
  };
  await rejects(renew(), { code: "failed_precondition", message: /not part of a network/ });
  const { cert } = await enrol(disk, DIR, identity, joinToken(away, identity), NOW);
  await rejects(renew(), { code: "failed_precondition", message: /different cluster/ });
  deepEqual((await loadNodeCredentials(disk, DIR, identity, NOW))!.cert, cert);
});

for (const umask of [0o000, 0o077]) {
  Deno.test(`a root's real files have their modes under umask ${umask.toString(8).padStart(3, "0")}`, async () => {
    const dir = await Deno.makeTempDir();
    const before = Deno.umask(umask);
    try {
      const identity = await genIdentityKey(systemDisk, dir, systemRandom);
      const options = { now: NOW, random: systemRandom };
      const { credentials } = await initRoot(systemDisk, dir, identity, options);
      ok(await loadAdminSigner(systemDisk, dir, credentials, options));
      const modes: Record<string, number> = {};
      for (const name of await systemDisk.list(`${dir}/keys`)) {
        modes[name] = Deno.statSync(`${dir}/keys/${name}`).mode! & 0o7777;
      }
      deepEqual(modes, {
        ".keys.lock": 0o600,
        "admin_ed25519.key": 0o600,
        "admin_ed25519.pub": 0o640,
        "cluster.trust.pb": 0o640,
        "ed25519.key": 0o600,
        "ed25519.pub": 0o640,
        "membership.cert.pb": 0o640,
      });
    } finally {
      Deno.umask(before);
      await Deno.remove(dir, { recursive: true });
    }
  });
}
