// A thousand forwards that come and go, each with a connection through it, and a thousand sessions:
// two nodes hold no more afterwards than after the first few, neither descriptors, timers, sessions,
// nor streams, and the process has not grown without bound. Minutes: POLLEN_FULL=1.

import { deepEqual, equal } from "node:assert/strict";
import type { ServicePort } from "../../../lib/types/mod.ts";
import { heldBy } from "../../../scripts/support/held.ts";
import { until } from "../../../scripts/support/pollen_process.ts";
import { startTwo } from "./running.ts";

const ROUNDS = 1_000;
/** After so many everything that is made once is made. */
const FIRST_ROUNDS = 200;
/** What the process may grow by in all the other rounds; most of it is what has not been collected yet. */
const GROWTH_BYTES_MAX = 128_000_000;

async function serve(listener: Deno.Listener): Promise<void> {
  for await (const connection of listener) {
    await connection.write(new Uint8Array([1]));
    connection.close();
  }
}

if (Deno.env.get("POLLEN_FULL") === "1" && Deno.build.os === "linux") {
  Deno.test("a thousand forwards and a thousand sessions leave nothing behind", async () => {
    const [root, member] = await startTwo();
    await using _ended = new AsyncDisposableStack();
    _ended.use(root);
    _ended.use(member);
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = serve(listener);
    const port = listener.addr.port as ServicePort;
    await root.parts.node.registerService(port, "one-byte");
    const { node, at, clock, tunnels } = member.parts;

    const forward = async () => {
      const local = await node.connectService(root.key, port, 0);
      using connection = await Deno.connect({ port: local });
      equal(await connection.read(new Uint8Array(1)), 1);
      equal(await connection.read(new Uint8Array(1)), null);
      await node.disconnectService({ localPort: local });
    };
    const session = async () => {
      at.mesh.closePeerSession(root.key, "again");
      await root.until("peer disconnected");
      await member.until("peer disconnected");
      await node.connectPeer(root.key, [root.address]);
      await root.until("peer connected");
      await member.until("peer connected");
    };
    const rounds = async (count: number) => {
      for (let round = 0; round < count; round++) {
        await forward();
        await session();
      }
    };
    const held = () => ({
      descriptors: heldBy(Deno.pid)!.descriptors,
      timers: [clock.pending, root.parts.clock.pending],
      sessions: [at, root.parts.at].map(({ mesh }) => mesh.engineStats().sessions),
      streams: [at, root.parts.at].map(({ mesh }) => mesh.engineStats().streams),
      forwards: tunnels.listConnections().length,
    });
    // What was closed a moment ago is still kept, so that its last packets are known.
    const rest = () =>
      until("one session is left", () => {
        const { sessions, streams } = held();
        return Promise.resolve([...sessions, ...streams].every((count) => count === 1) || null);
      });
    await rounds(FIRST_ROUNDS);
    await rest();
    const before = held();
    const bytesBefore = Deno.memoryUsage().rss;
    await rounds(ROUNDS - FIRST_ROUNDS);
    const grownBytes = Deno.memoryUsage().rss - bytesBefore;
    await rest();
    deepEqual(held(), before);
    console.log(`${JSON.stringify(before)}, grown by ${(grownBytes / 1e6).toFixed(1)} MB`);
    equal(grownBytes < GROWTH_BYTES_MAX, true, `the process grew by ${grownBytes} bytes`);
    listener.close();
    await serving;
  });
}
