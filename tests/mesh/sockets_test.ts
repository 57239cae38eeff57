// Sessions over sockets of their own: what a punch found carries them, what nobody uses is closed,
// and others hear of addresses that mean something to them.

import { deepEqual, equal, notEqual, rejects } from "node:assert/strict";
import { until } from "../../scripts/support/pollen_process.ts";
import { isWay } from "../../lib/types/mod.ts";
import { inTime, nextText, saying, TestMesh, TestNetwork } from "./support.ts";

const network = await TestNetwork.found();
const members = await network.pair();

/** Two meshes of which the first reaches the other only over a socket that its punch has found. */
async function punchedPair() {
  const hard = await TestMesh.open(members[0], { isMuffled: true });
  const easy = await TestMesh.open(members[1]);
  const [found, answered] = await inTime(
    Promise.all([
      hard.mesh.punch(easy.address, { part: "hard" }),
      easy.mesh.punch(hard.address, { part: "easy" }),
    ]),
    "both to be found",
  );
  return { hard, easy, found, answered };
}

/** Waits until it has so many extra sockets open: the engine closes them in its own time. */
async function untilOpen({ engine }: TestMesh, count: number): Promise<void> {
  await until(
    `${count} sockets`,
    () => Promise.resolve(engine.stats().extraSockets === count || null),
  );
}

Deno.test("the socket that was met carries the session, and is closed with it", async () => {
  const { hard, easy, found, answered } = await punchedPair();
  await using _hard = hard;
  await using _easy = easy;
  equal(isWay(found.peer), true);
  equal(isWay(answered.peer), false);
  notEqual(answered.peer.port, hard.address.port, "a port of its own");
  await untilOpen(hard, 1);
  await hard.connect(easy, [found.peer]);
  found.release();
  answered.release();
  const { address } = await hard.connected(easy);
  deepEqual(address, easy.address, "what the way stands for");
  deepEqual(hard.mesh.getActivePeerAddress(easy.key), easy.address);
  deepEqual((await easy.connected(hard)).address, answered.peer);
  hard.mesh.sendFrame(easy.key, saying("there"));
  easy.mesh.sendFrame(hard.key, saying("back"));
  deepEqual([await nextText(easy), await nextText(hard)], ["there", "back"]);
  await untilOpen(hard, 1);
  easy.mesh.closePeerSession(hard.key, "enough");
  await hard.disconnected(easy);
  await untilOpen(hard, 0);
});

Deno.test("a session that was dialled to such a socket holds it as well", async () => {
  const { hard, easy, found, answered } = await punchedPair();
  await using _hard = hard;
  await using _easy = easy;
  await easy.connect(hard, [answered.peer]);
  await hard.connected(easy);
  found.release();
  easy.mesh.sendFrame(hard.key, saying("there"));
  equal(await nextText(hard), "there");
  await untilOpen(hard, 1);
});

Deno.test("a socket that no session took is closed", async () => {
  const { hard, easy, found } = await punchedPair();
  await using _hard = hard;
  await using _easy = easy;
  await untilOpen(hard, 1);
  found.release();
  await untilOpen(hard, 0);
});

Deno.test("when the engine says that packets are refused, the attempt of a strict router is given up", async () => {
  await using hard = await TestMesh.open(members[0]);
  const nobody = { ip: "127.0.0.1", port: 9 };
  const ended = rejects(hard.mesh.punch(nobody, { part: "hard" }), { code: "io" });
  hard.notices.pushDroppingOldest({ kind: "fault", fault: "denied", count: 1, reason: "EPERM" });
  equal((await hard.mesh.nextNotice())?.kind, "fault", "and whoever reads them hears of it");
  await inTime(ended, "the end of the attempt");
  await untilOpen(hard, 0);
});
