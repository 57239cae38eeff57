// How often a node was heard outlives the process, and goes with the node.

import { deepEqual, equal } from "node:assert/strict";
import { HEARTBEAT_BUCKETS_MAX } from "../../lib/registry/limits.ts";
import { openTestRegistry, type TestRegistry, WireAgent } from "./support.ts";

/** Heartbeats of the last two buckets: a bucket may end meanwhile. */
async function heartbeatsOf({ server }: TestRegistry, id: string): Promise<number> {
  const { heartbeats } = await server.registry.details(id);
  equal(heartbeats.counts.length, HEARTBEAT_BUCKETS_MAX);
  return heartbeats.counts.at(-1)! + heartbeats.counts.at(-2)!;
}

Deno.test("heartbeats of a day are kept for each node, through restarts", async () => {
  const dir = await Deno.makeTempDir({ prefix: "pollen-registry-" });
  const options = { storage: `sqlite:${dir}/registry.db` };
  try {
    for (const [before, more] of [[0, 3], [3, 2]] as const) {
      await using opened = await openTestRegistry(options);
      using agent = new WireAgent(opened.server.port);
      await agent.register({ id: "heard" });
      await agent.register({ id: "silent" });
      equal(await heartbeatsOf(opened, "heard"), before);
      for (let count = 0; count < more; count++) equal((await agent.heartbeat("heard")).code, 0);
      deepEqual(
        [await heartbeatsOf(opened, "heard"), await heartbeatsOf(opened, "silent")],
        [before + more, 0],
      );
    }
    await using opened = await openTestRegistry(options);
    using agent = new WireAgent(opened.server.port);
    equal(await heartbeatsOf(opened, "heard"), 5);
    await opened.server.registry.forget("heard");
    await agent.register({ id: "heard" });
    equal(await heartbeatsOf(opened, "heard"), 0, "another one of that name begins anew");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
