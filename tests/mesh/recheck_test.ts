// A membership may end while its session lives on; the next look at it ends the session too.

import { deepEqual, equal, match } from "node:assert/strict";
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
