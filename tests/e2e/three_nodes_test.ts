// A third node that joined through the first finds the second by itself: everybody comes to know
// everybody, services included, and tunnels run directly between any two.

import { deepEqual, equal } from "node:assert/strict";
import {
  type Daemon,
  pollenOk,
  TemporaryFolder,
  until,
} from "../../scripts/support/pollen_process.ts";
import { connectService, startMember, startRoot, status } from "./support/network.ts";
import { Origin, readText, writeAll } from "./support/tcp.ts";

async function online(daemon: Daemon): Promise<string[]> {
  const { peers } = await status(daemon.place);
  return peers.filter(({ status }) => status === "online").map(({ key }) => key).sort();
}

Deno.test("three nodes come to know each other, and their services", async () => {
  await using folder = await TemporaryFolder.make();
  await using a = await startRoot(folder, "a");
  await using b = await startMember(folder, "b", a);
  await using origin = new Origin(async (connection) => {
    await writeAll(connection, new TextEncoder().encode("from b"));
    await connection.closeWrite();
  });
  await pollenOk(b.place, ["serve", String(origin.port), "greeting"]);
  // It comes last, and only ever heard of the first.
  await using c = await startMember(folder, "c", a);

  const keys = await Promise.all([a, b, c].map(({ place }) => pollenOk(place, ["id"])));
  for (const [index, daemon] of [a, b, c].entries()) {
    const others = keys.filter((_, other) => other !== index).sort();
    await until(
      `node ${index} is connected with both others`,
      async () => (await online(daemon)).length === 2 ? true : null,
    );
    deepEqual(await online(daemon), others);
  }
  using connection = await Deno.connect({ port: await connectService(c.place, "greeting") });
  equal(await readText(connection), "from b");

  await pollenOk(b.place, ["unserve", "greeting"]);
  for (const daemon of [a, c]) {
    await until(
      "the service is gone everywhere",
      async () => (await status(daemon.place)).services.length === 0 ? true : null,
    );
  }
});
