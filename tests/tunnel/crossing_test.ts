// A connection through a forward that was made in the moment in which two nodes dial each other.

import { deepEqual, equal } from "node:assert/strict";
import { TestMesh, TestNetwork } from "../mesh/support.ts";
import { inTime, MORE_THAN_WINDOWS } from "../quic/support.ts";
import { openOrigin, readToEnd, writeAll } from "../quic/tunnel.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { NOW } from "../unit/auth/fixtures.ts";
import { openThrough, TestNode } from "./support.ts";

const network = await TestNetwork.found();
const [smaller, larger] = await network.pair();

Deno.test("a connection on the session that loses to a crossing one goes on, however slow its reader", async () => {
  const winning = Promise.withResolvers<void>();
  const clock = () => new FakeClock(NOW);
  await using far = new TestNode(
    await TestMesh.open(smaller, { clock: clock(), dialsAfter: winning.promise }),
  );
  await using near = new TestNode(await TestMesh.open(larger, { clock: clock() }));
  const connecting = far.at.connect(near.at);
  const connected = async () => {
    await near.at.connected(far.at);
    await far.at.connected(near.at);
  };
  await near.at.connect(far.at);
  await connected();
  using origin = openOrigin();
  far.tunnels.registerService(origin.target.port);
  const port = await near.forward(far, origin.target.port);
  using old = await openThrough(port, origin);

  winning.resolve();
  await connecting;
  await connected();
  const losers = [near, far].map(({ at }) => at.sessions.all[0]!);
  {
    using _new = await openThrough(port, origin);
    const [winner] = near.at.sessions.all.slice(1);
    equal(await near.at.mesh.session(far.key), winner);
  }
  await old.client.closeWrite();
  deepEqual(await readToEnd(old.server), new Uint8Array(0));
  const writing = writeAll(old.server, MORE_THAN_WINDOWS).then(() => old.server.closeWrite());
  // Nobody has read it yet, so there is something on the loser still.
  for (const { at } of [near, far]) equal(at.sessions.alive.length, 2);
  const whole = await readToEnd(old.client);
  await inTime(writing, "the writer");
  equal(whole === "reset" ? whole : whole.length, MORE_THAN_WINDOWS.length);
  for (const { closed } of losers) equal((await inTime(closed, "the end")).reason, "replaced");
});
