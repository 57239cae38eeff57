// `pollen agent` as a process: it registers, turns to the next registry when one dies, comes back
// after NOT_FOUND, and takes its leave; `pollen nodes` shows it.

import { deepEqual, equal, match } from "node:assert/strict";
import { pollen, pollenOk, TemporaryFolder, until } from "../../scripts/support/pollen_process.ts";
import { AgentProcess } from "./support/agent.ts";
import { openTestRegistry, type TestRegistry } from "../registry/support.ts";

// deno-lint-ignore no-explicit-any -- each test names the fields it looks at
async function nodesOf(opened: TestRegistry, query = ""): Promise<any[]> {
  return await (await fetch(`${opened.url}/api/nodes${query}`)).json();
}

Deno.test("an agent keeps to a registry that answers, and takes its leave", async () => {
  await using folder = await TemporaryFolder.make();
  await using second = await openTestRegistry();
  const first = await openTestRegistry();
  const registries = [first, second].map(({ server }) => `127.0.0.1:${server.port}`).join(",");
  const words = ["--registry", registries, "-heartbeat-interval", "200ms", "--hostname", "box"];
  await using agent = new AgentProcess({ dir: folder.path }, words);
  const [node] = await until("it is listed at the first", async () => {
    const nodes = await nodesOf(first);
    return nodes.length > 0 ? nodes : null;
  });
  agent.noteListed();
  equal(node.hostname, "box");
  match(node.capabilities.cpu, /^\d+ cores$/);
  match(node.capabilities.memory, /^\d+\.\d\d GB$/);
  match(node.capabilities.os, /^(linux|darwin|windows)\/(amd64|arm64)$/);
  const kept = await Deno.readTextFile(`${folder.path}/agent_id`);
  equal(node.id, kept.trim());

  const table = await pollenOk({ dir: folder.path }, ["nodes", "--registry", first.url]);
  match(table, /^NODES\nHOST +ID +STATE .*\nbox +[0-9a-f-]{36} +active +<1m ago +\d+ cores/);
  await first[Symbol.asyncDispose]();
  await until("it is listed at the second", async () => {
    return (await nodesOf(second)).length > 0 ? true : null;
  });
  // As after a restart of a registry that has forgotten it.
  await second.server.registry.forget(node.id);
  await until("it has registered again", async () => {
    return (await nodesOf(second)).length > 0 ? true : null;
  });
  equal(await agent.stop(), 0);
  deepEqual(await nodesOf(second), []);
  equal((await nodesOf(second, "?offline=true"))[0].state, "offline");
});

Deno.test("an agent and nodes need a token where one is asked for, and say what is wrong", async () => {
  await using folder = await TemporaryFolder.make();
  const place = { dir: folder.path };
  await using opened = await openTestRegistry({ apiKey: "a key of mine" });
  const registry = `127.0.0.1:${opened.server.port}`;
  const refused = await pollen(place, ["agent", "--registry", registry]);
  equal(refused.code, 7);
  match(refused.stderr, /This registry asks for a token.*pollen registry token create/);
  match((await pollen(place, ["nodes", "--registry", opened.url])).stderr, /asks for a token/);
  await Deno.writeTextFile(`${place.dir}/token`, "a key of mine\n");
  const withToken = ["--token-file", "token"];
  const listed = await pollenOk(place, ["nodes", "--registry", opened.url, ...withToken]);
  equal(listed, "no nodes are registered");
  const wrong = await pollen(place, ["nodes", "--registry", `http://${registry}`]);
  equal(wrong.code, 1);
  equal((await pollen(place, ["agent"])).code, 2);
});
