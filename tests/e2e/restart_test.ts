// A tunnel comes back by itself: after either end was killed, whichever key is smaller, and what
// was promised (services, forwards) is still there, without any ghost.

import { deepEqual, equal } from "node:assert/strict";
import { Daemon, until } from "../../scripts/support/pollen_process.ts";
import { LOCAL_KEPT_PORT, Pair, status } from "./support/network.ts";
import { Origin, writeAll } from "./support/tcp.ts";

async function greet(connection: Deno.TcpConn): Promise<void> {
  await writeAll(connection, new TextEncoder().encode("hello"));
  await connection.closeWrite();
}

/** What the forward answers, or null while it resets or says nothing. */
async function ask(port: number): Promise<string | null> {
  try {
    using connection = await Deno.connect({ port });
    const text = await new Response(connection.readable).text();
    return text === "" ? null : text;
  } catch {
    return null;
  }
}

/** The port of the only forward, once it exists. */
function forwardPort(daemon: Daemon): Promise<number> {
  return until("the forward is back", async () => {
    const { forwards } = await status(daemon.place);
    return forwards[0]?.localPort ?? null;
  });
}

Deno.test("a tunnel comes back after kill -9 of either end", async (t) => {
  const pair = await Pair.start(LOCAL_KEPT_PORT);
  const { folder } = pair;
  let { root, member } = pair;
  try {
    await using origin = new Origin(greet);
    const port = await pair.tunnel(origin.port, "greeter");
    equal(await until("the tunnel works", () => ask(port)), "hello");

    for (const round of [1, 2]) {
      await t.step(`the provider is killed and comes back, round ${round}`, async () => {
        await member.kill();
        member = await Daemon.up(member.place, LOCAL_KEPT_PORT);
        equal(await until("the tunnel works again", () => ask(port)), "hello");
      });

      await t.step(`the consumer is killed and comes back, round ${round}`, async () => {
        await root.kill();
        root = await Daemon.up(root.place, LOCAL_KEPT_PORT);
        equal(await forwardPort(root), port);
        equal(await until("the tunnel works again", () => ask(port)), "hello");
      });
    }

    await t.step("both are killed at once and come back", async () => {
      await Promise.all([root.kill(), member.kill()]);
      member = await Daemon.up(member.place, LOCAL_KEPT_PORT);
      root = await Daemon.up(root.place, LOCAL_KEPT_PORT);
      equal(await forwardPort(root), port);
      equal(await until("the tunnel works again", () => ask(port)), "hello");
    });

    await t.step("nothing was lost and nothing haunts", async () => {
      const { services, peers, forwards } = await status(root.place);
      deepEqual(services.map(({ name }) => name), ["greeter"]);
      equal(peers.length, 1);
      equal(forwards.length, 1);
    });
  } finally {
    await member[Symbol.asyncDispose]();
    await root[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  }
});
