// A membership may end while its session lives on; the next look at it ends the session too.

import { deepEqual, equal, match, throws } from "node:assert/strict";
import type { WallMs } from "../../lib/types/mod.ts";
import { clock, TestMesh, TestNetwork } from "./support.ts";
import { DAY_MS, NOW } from "../unit/auth/fixtures.ts";

const network = await TestNetwork.found();

Deno.test("a session whose peer's membership expired is ended, and no other", async () => {
  const brief = await network.member(40, DAY_MS);
  const lasting = await network.member(41, 30 * DAY_MS);
  let now: number = NOW;
  const moving = { ...clock, wallNow: () => now as WallMs };
  await using hub = await TestMesh.open(network.founder, { clock: moving });
  await using one = await TestMesh.open(brief);
  await using other = await TestMesh.open(lasting);
  await one.connect(hub);
  await other.connect(hub);
  await hub.mesh.session(one.key);
  await hub.mesh.session(other.key);

  hub.mesh.recheckPeers();
  equal(hub.mesh.connectedPeers().length, 2);
  now += 2 * DAY_MS;
  hub.mesh.recheckPeers();
  deepEqual(hub.mesh.connectedPeers(), [other.key]);
  const { reason, text } = await one.disconnected(hub);
  equal(reason, "revoked");
  match(text, /outside validity window/);
});

Deno.test("a session whose peer was revoked meanwhile is ended", async () => {
  const member = await network.member(42);
  const revoked = new Set<string>();
  await using hub = await TestMesh.open(network.founder, {
    isRevoked: (peer) => revoked.has(peer),
  });
  await using one = await TestMesh.open(member);
  await one.connect(hub);
  await hub.mesh.session(one.key);
  revoked.add(one.key);
  hub.mesh.recheckPeers();
  deepEqual(hub.mesh.connectedPeers(), []);
  equal((await one.disconnected(hub)).reason, "revoked");
});

Deno.test("a session goes on whose peer's membership was renewed meanwhile", async () => {
  const member = await network.member(43, DAY_MS);
  let now: number = NOW;
  const moving = { ...clock, wallNow: () => now as WallMs };
  await using hub = await TestMesh.open(network.founder, { clock: moving });
  await using one = await TestMesh.open(member, { clock: moving });
  await one.connect(hub);
  await hub.mesh.session(one.key);
  deepEqual(hub.mesh.membershipOf(one.key), member.credentials.cert);
  equal(hub.mesh.membershipOf(network.root.identity.peerKey), null);

  const { cert: longer } = (await network.member(43, 9 * DAY_MS)).credentials;
  hub.mesh.noteMembership(one.key, longer);
  deepEqual(hub.mesh.membershipOf(one.key), longer);
  now += 2 * DAY_MS;
  hub.mesh.recheckPeers();
  deepEqual(hub.mesh.connectedPeers(), [one.key]);
  now += 8 * DAY_MS;
  hub.mesh.recheckPeers();
  deepEqual(hub.mesh.connectedPeers(), []);
});

Deno.test("what is no membership of the peer is not noted as one", async () => {
  const [member, other] = [await network.member(44, DAY_MS), await network.member(45, 9 * DAY_MS)];
  const foreign = await (await TestNetwork.found(11)).member(44, 9 * DAY_MS);
  await using hub = await TestMesh.open(network.founder);
  await using one = await TestMesh.open(member);
  await one.connect(hub);
  await hub.mesh.session(one.key);
  const { cert } = (await network.member(44, 9 * DAY_MS)).credentials;
  const claims = { ...cert.claims!, notAfterUnix: cert.claims!.notAfterUnix + 1n };
  const forged = { ...cert, claims };
  for (const wrong of [other.credentials.cert, foreign.credentials.cert, forged]) {
    throws(() => hub.mesh.noteMembership(one.key, wrong), { code: "unauthenticated" });
  }
  deepEqual(hub.mesh.membershipOf(one.key), member.credentials.cert);
});

Deno.test("a new membership is shown to whoever comes from then on", async () => {
  const member = await network.member(46, DAY_MS);
  const { cert: longer } = (await network.member(46, 9 * DAY_MS)).credentials;
  await using hub = await TestMesh.open(network.founder);
  await using late = await TestMesh.open(await network.member(47));
  await using one = await TestMesh.open(member);
  await one.connect(hub);
  await hub.mesh.session(one.key);
  await one.mesh.showMembership(longer);
  deepEqual(hub.mesh.connectedPeers(), [one.key]);
  deepEqual(hub.mesh.membershipOf(one.key), member.credentials.cert);

  await one.connect(late);
  await late.mesh.session(one.key);
  deepEqual(late.mesh.membershipOf(one.key), longer);
  await using again = await TestMesh.open(await network.member(48));
  await again.connect(one);
  deepEqual(again.mesh.membershipOf(one.key), longer);
});
