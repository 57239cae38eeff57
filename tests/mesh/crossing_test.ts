// One session per peer, and the same one at both ends: when two dials cross, when one end races
// several addresses, and when a peer comes back as a new process.

import { deepEqual, equal } from "node:assert/strict";
import type { Session } from "../../lib/types/mod.ts";
import { connectedPair, inTime, nextText, saying, TestMesh, TestNetwork } from "./support.ts";

/** Ten times as many with POLLEN_FULL=1. */
const ROUNDS = Deno.env.get("POLLEN_FULL") === "1" ? 200 : 20;
const network = await TestNetwork.found();
const members = await network.pair();

/** The one session that is left at this end, once all others have ended. */
async function survivor(at: TestMesh, peer: TestMesh): Promise<Session> {
  while (true) {
    const current = await inTime(at.mesh.session(peer.key), "a session");
    const { alive } = at.sessions;
    if (alive.length === 1 && alive[0] === current) return current;
    await inTime(Promise.any(alive.map(({ closed }) => closed)), "the end of a surplus session");
  }
}

Deno.test("crossing dials leave one session, dialled by the smaller key, in twenty rounds", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    await using small = await TestMesh.open(members[0]);
    await using large = await TestMesh.open(members[1]);
    const waiting = [small.mesh.session(large.key), large.mesh.session(small.key)];
    await Promise.all([small.connect(large), large.connect(small)]);
    await inTime(Promise.all(waiting), "the sessions waited for");
    // The smaller key may be told of the other's session only after that has ended.
    await large.sessions.reach(2);
    const [atSmall, atLarge] = [await survivor(small, large), await survivor(large, small)];
    deepEqual([atSmall.inbound, atLarge.inbound], [false, true], `round ${round}`);
    small.mesh.sendFrame(large.key, saying("1"));
    large.mesh.sendFrame(small.key, saying("2"));
    deepEqual([await nextText(large), await nextText(small)], ["1", "2"]);
  }
});

Deno.test("many ways to one peer that all work leave one session at both ends", async () => {
  for (const order of [members, members.toReversed()]) {
    await using a = await TestMesh.open(order[0]!);
    await using b = await TestMesh.open(order[1]!);
    await a.connect(b, Array.from({ length: 8 }, () => b.address));
    const [atA, atB] = [await survivor(a, b), await survivor(b, a)];
    deepEqual([atA.inbound, atB.inbound], [false, true]);
    a.mesh.sendFrame(b.key, saying("1"));
    b.mesh.sendFrame(a.key, saying("2"));
    deepEqual([await nextText(b), await nextText(a)], ["1", "2"]);
  }
});

Deno.test("a new process replaces the old one's session at once, whoever had dialled", async () => {
  for (const order of [members, members.toReversed()]) {
    for (const oldDialled of [true, false]) {
      await using lasting = await TestMesh.open(order[0]!);
      await using old = await TestMesh.open(order[1]!);
      const [from, to] = oldDialled ? [old, lasting] : [lasting, old];
      await from.connect(to);
      await lasting.connected(old);
      await old.connected(lasting);
      // The old process is there still: nothing but the new one's certificate tells of its end.
      await using renewed = await TestMesh.open(order[1]!);
      await renewed.connect(lasting);
      deepEqual((await lasting.connected(renewed)).address, renewed.address);
      const { reason, text } = await old.disconnected(lasting);
      deepEqual([reason, text], ["duplicate", "replaced"]);
      lasting.mesh.sendFrame(renewed.key, saying("3"));
      equal(await nextText(renewed), "3");
      deepEqual(lasting.mesh.connectedPeers(), [renewed.key]);
    }
  }
});

Deno.test("a new process whose dial crosses ours wins as well, in both orders of keys", async () => {
  for (const order of [members, members.toReversed()]) {
    const [one, old] = await connectedPair([order[0]!, order[1]!]);
    await using lasting = one;
    await using renewed = await TestMesh.open(order[1]!);
    await Promise.all([renewed.connect(lasting), old.mesh.close("shutdown")]);
    deepEqual((await lasting.connected(renewed)).address, renewed.address);
    lasting.mesh.sendFrame(renewed.key, saying("4"));
    equal(await nextText(renewed), "4");
  }
});

Deno.test("sessions that stand by share the bounds of one, and the next in line is freed of them", async () => {
  await using a = await TestMesh.open(members[0]);
  await using b = await TestMesh.open(members[1]);
  const dial = () => b.engine.dial(a.address, { alpn: "pollen/1", timeoutMs: 5_000 });
  const [current, second] = [await dial(), await dial()];
  for (const session of [current, second]) session.admit();
  await a.sessions.reach(2);
  const open = (session: Session, count: number) =>
    Promise.all(Array.from({ length: count }, () => session.openStream()));
  await inTime(open(current, 100), "streams on the current session");
  await inTime(open(second, 8), "a stranger's streams");
  const ninth = second.openStream();
  current.close("chosen against");
  await inTime(ninth, "the ninth stream");
});

Deno.test("a peer that was cut off does not come back by a second session it kept", async () => {
  await using a = await TestMesh.open(members[0]);
  await using b = await TestMesh.open(members[1]);
  // A peer that plays by its own rules dials twice and gives neither up.
  const dial = () => b.engine.dial(a.address, { alpn: "pollen/1", timeoutMs: 5_000 });
  const kept = [await dial(), await dial(), await dial()];
  for (const session of kept) session.admit();
  await a.sessions.reach(kept.length);
  a.mesh.closePeerSession(b.key, "revoked");
  deepEqual(a.mesh.connectedPeers(), []);
  for (const { closed } of kept) equal((await inTime(closed, "the end")).reason, "revoked");
  equal((await a.disconnected(b)).reason, "revoked");
});
