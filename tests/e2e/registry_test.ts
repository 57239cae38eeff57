// `pollen registry` as a process: what it acknowledged survives its death, it ends when it is told
// to, and it says what is wrong with what it was told.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { pollen, pollenOk, TemporaryFolder, until } from "../../scripts/support/pollen_process.ts";
import { WireAgent } from "../registry/support.ts";
import { startRegistry } from "../../scripts/support/registry_process.ts";

/** Registrations under way at a time, and those acknowledged before the end comes. */
const AT_ONCE = 64;
const ENOUGH = 600;

Deno.test("every acknowledged registration outlives kill -9", async () => {
  await using folder = await TemporaryFolder.make();
  const place = { dir: folder.path };
  const acknowledged: string[] = [];
  {
    await using registry = await startRegistry(place);
    using agent = new WireAgent(registry.port);
    let count = 0;
    let isOver = false;
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (!isOver) {
        const id = `node-${count++}`;
        if ((await agent.register({ id, hostname: id })).code !== 0) break;
        acknowledged.push(id);
        // Some are still under way when it dies.
        if (acknowledged.length === ENOUGH) void registry.end("SIGKILL").then(() => isOver = true);
      }
    }));
    await registry.end("SIGKILL");
  }
  ok(acknowledged.length >= ENOUGH);
  await using again = await startRegistry(place);
  using agent = new WireAgent(again.port);
  const listed = new Set(await agent.ids());
  deepEqual(acknowledged.filter((id) => !listed.has(id)), []);
  equal((await agent.heartbeat(acknowledged[0]!)).code, 0);
});

Deno.test("a registry ends within seconds with streams open, and tokens are made beside it", async () => {
  await using folder = await TemporaryFolder.make();
  const place = { dir: folder.path };
  await Deno.writeTextFile(
    `${place.dir}/registry.yaml`,
    "heartbeatTimeout: 5s\nlog: { level: debug, format: json }\n",
  );
  await using registry = await startRegistry(place, ["--config", "registry.yaml"]);
  const url = `http://127.0.0.1:${registry.httpPort}/api/nodes`;
  const stream = await fetch(`http://127.0.0.1:${registry.httpPort}/api/events`);
  const plain = await fetch(url);
  deepEqual([plain.status, await plain.text()], [200, "[]\n"]);

  const token = await pollenOk(place, ["registry", "token", "create", "ci", "--scope", "read"]);
  const statusOf = async (authorization?: string) => {
    const response = await fetch(url, { headers: authorization ? { authorization } : {} });
    await response.body?.cancel();
    return response.status;
  };
  await until("the token counts", async () => await statusOf() === 401 ? true : null);
  equal(await statusOf(`Bearer ${token}`), 200);
  const { tokens } = JSON.parse(await pollenOk(place, ["registry", "token", "list", "--json"]));
  deepEqual([tokens[0].name, tokens[0].scopes, tokens[0].state], ["ci", ["read"], "valid"]);
  await pollenOk(place, ["registry", "token", "revoke", tokens[0].id]);
  await until(
    "it counts no longer",
    async () => await statusOf(`Bearer ${token}`) === 401 ? true : null,
  );

  const other = await pollen(place, ["registry", "--port", "0", "--http-port", "0"]);
  equal(other.code, 1);
  match(other.stderr, /Another registry works on .*--storage/);
  equal(await registry.end("SIGTERM"), 0);
  await stream.body?.cancel();
  ok(registry.log().trim().split("\n").every((line) => JSON.parse(line).message !== undefined));
});

Deno.test("a registry says what is wrong, and which flag helps", async () => {
  await using folder = await TemporaryFolder.make();
  const place = { dir: folder.path };
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = String(taken.addr.port);
  await Deno.writeTextFile(`${place.dir}/wrong.yaml`, "prot: 1\n");
  const rows: [string[], number, RegExp][] = [
    [
      ["-port", port, "-http-port=0"],
      1,
      /Port \d+, meant for gRPC, is taken by .+ \(process \d+\)\. .*--port/,
    ],
    [
      ["-port=0", "-http-port", port],
      1,
      /Port \d+, meant for HTTP, is taken by .+ \(process \d+\)\. .*--http-port/,
    ],
    [["-heartbeat-timeout", "30"], 2, /"30" is not a duration/],
    [["-heartbeat-timeout", "1ms"], 2, /A heartbeat timeout of 0\.001 s is not possible/],
    [["-bogus"], 2, /There is no flag/],
    [["--bind", "localhost"], 2, /"localhost" is not an IP address/],
    [["--config", "wrong.yaml"], 1, /has no setting "prot"/],
    [["--storage", "mysql://x"], 2, /--storage names no storage/],
  ];
  for (const [words, code, text] of rows) {
    const ran = await pollen(place, ["registry", ...words]);
    equal(ran.code, code, `${words}: ${ran.stderr}`);
    match(ran.stderr, text);
  }
});
