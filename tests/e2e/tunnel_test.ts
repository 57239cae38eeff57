// The thing people come for, in separate processes: a network of two, a service of one opened on
// the other, and bytes through it in every shape.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Pair } from "./support/network.ts";
import {
  close,
  hashingOrigin,
  Origin,
  outcome,
  patternChunks,
  patternHash,
  readHash,
  readText,
  sendingOrigin,
  writeAll,
} from "./support/tcp.ts";
import { until } from "../../scripts/support/pollen_process.ts";

const BULK_BYTES = 100_000_000;

Deno.test("two nodes, one tunnel", async (t) => {
  const pair = await Pair.start();
  const pids = [pair.root.pid, pair.member.pid];
  const folders = [pair.root.place.dir, pair.member.place.dir];
  try {
    await t.step("a browser's request gets its page", async () => {
      await using server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen() {} },
        (request) => new Response(`hello from ${new URL(request.url).pathname}`),
      );
      const port = await pair.tunnel(server.addr.port, "web");
      const response = await fetch(`http://127.0.0.1:${port}/page`, {
        headers: { connection: "close" },
      });
      equal(await response.text(), "hello from /page");
    });

    await t.step(
      "100 MB up arrive whole, and the answer comes back after the client's end",
      async () => {
        await using origin = new Origin(hashingOrigin);
        using connection = await Deno.connect({ port: await pair.tunnel(origin.port, "up") });
        for (const chunk of patternChunks(BULK_BYTES)) await writeAll(connection, chunk);
        await connection.closeWrite();
        equal(await readText(connection), `${patternHash(BULK_BYTES)} ${BULK_BYTES}`);
      },
    );

    await t.step(
      "100 MB down arrive whole, and the client may go on after the server's end",
      async () => {
        await using origin = new Origin(sendingOrigin(BULK_BYTES));
        const connection = await Deno.connect({ port: await pair.tunnel(origin.port, "down") });
        deepEqual(await readHash(connection), {
          hash: patternHash(BULK_BYTES),
          length: BULK_BYTES,
        });
        // The server has ended its direction; ours is still open and reaches it.
        await writeAll(connection, new Uint8Array(1000));
        await connection.closeWrite();
        await until(
          "the server has seen our end",
          () => Promise.resolve(origin.outcomes[0] ?? null),
        );
        equal(origin.outcomes[0], "finished");
        close(connection);
      },
    );

    await t.step(
      "a consumer that closes early ends the server's side, and the next one works",
      async () => {
        await using origin = new Origin(sendingOrigin(BULK_BYTES));
        const port = await pair.tunnel(origin.port, "early");
        for (let round = 0; round < 20; round++) {
          const connection = await Deno.connect({ port });
          await connection.read(new Uint8Array(1000));
          connection.close();
          await until(
            "the server's side has ended",
            () => Promise.resolve(origin.outcomes[round] ?? null),
          );
          match(origin.outcomes[round]!, /reset|broken pipe|abort/i);
        }
        using connection = await Deno.connect({ port });
        equal((await readHash(connection)).length, BULK_BYTES);
        await connection.closeWrite();
      },
    );

    await t.step("a dead origin is a reset, never a clean end, and status says why", async () => {
      const gone = new Origin(hashingOrigin);
      const port = await pair.tunnel(gone.port, "dead");
      await gone[Symbol.asyncDispose]();
      match(await outcome(port), /reset/i);
      await pair.member.waitForLog(/a served port does not answer/);
      await pair.root.waitForLog(/a tunnel failed/);
    });
  } finally {
    equal(await pair.member.stop(), 0, pair.member.log.join("\n"));
    equal(await pair.root.stop(), 0, pair.root.log.join("\n"));
    await leavesNothingBehind(pids, folders);
    await pair[Symbol.asyncDispose]();
  }
});

async function leavesNothingBehind(
  pids: readonly number[],
  folders: readonly string[],
): Promise<void> {
  for (const pid of pids) {
    const state = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => null);
    ok(state === null || / Z /.test(state), `process ${pid} is still there`);
  }
  for (const folder of folders) {
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    const expected = new Set([
      ".state.lock",
      "config.yaml",
      "consumed_invites.json",
      "keys",
      "state.yaml",
    ]);
    deepEqual(names.filter((name) => !expected.has(name)), []);
    const keys = [...Deno.readDirSync(`${folder}/keys`)].map(({ name }) => name);
    deepEqual(keys.filter((name) => /tmp/.test(name)), []);
  }
}
