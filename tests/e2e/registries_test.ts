// Two registries on two machines of a network, each with its own SQLite and no common database: what
// one is told the other lists, also when the first is killed, and its agent turns to the other.

import { deepEqual, equal, match } from "node:assert/strict";
import { Daemon, pollenOk, TemporaryFolder, until } from "../../scripts/support/pollen_process.ts";
import { AgentProcess } from "./support/agent.ts";
import { WireAgent } from "../registry/support.ts";

const REGISTRY = ["--registry", "--registry-port", "0", "--registry-http-port", "0"];
const UP = ["--port", "0", "--ips", "127.0.0.1", ...REGISTRY];

/** The registry beside a daemon, by its log. */
async function registryOf(daemon: Daemon): Promise<{ port: number; url: string }> {
  const line = await daemon.waitForLog(/the registry serves/);
  const [, port, httpPort] = /port=(\d+) httpPort=(\d+)/.exec(line)!;
  return { port: Number(port), url: `http://127.0.0.1:${httpPort}/api/nodes` };
}

interface Node {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly via?: string;
  readonly hostname?: string;
  readonly capabilities?: Readonly<Record<string, string>>;
}

async function find(url: string, id: string, query = ""): Promise<Node | null> {
  const nodes: Node[] = await (await fetch(`${url}${query}`)).json();
  return nodes.find((node) => node.id === id) ?? null;
}

Deno.test("two registries without a common database list each other's agents, and one outlives the other", async () => {
  await using folder = await TemporaryFolder.make();
  const [a, b] = [{ dir: await folder.folder("a") }, { dir: await folder.folder("b") }] as const;
  await pollenOk(a, ["init"]);
  await using first = await Daemon.up(a, UP);
  await pollenOk(b, ["join", "--no-start", await pollenOk(a, ["invite"])]);
  await using second = await Daemon.up(b, UP);
  const [here, there] = [await registryOf(first), await registryOf(second)];
  const [keyA, keyB] = [await pollenOk(a, ["id"]), await pollenOk(b, ["id"])];

  using agent = new WireAgent(here.port);
  await agent.register({ id: "wire", hostname: "box", capabilities: { cpu: "4 cores" } });
  const listed = await until("the other one lists it", () => find(there.url, "wire"));
  deepEqual(
    [listed.kind, listed.state, listed.hostname, listed.capabilities, listed.via],
    ["agent", "active", "box", { cpu: "4 cores" }, keyA],
  );
  // What is said of a machine is said by itself.
  for (const key of [keyA, keyB]) {
    const member = await until("the machine is described", async () => {
      const node = await find(there.url, key);
      return node?.capabilities === undefined ? null : node;
    });
    match(member.capabilities!["cpu"]!, /^\d+ cores$/);
    equal(member.kind, "member");
  }

  await using mover = new AgentProcess(a, [
    ...["--registry", `127.0.0.1:${here.port},127.0.0.1:${there.port}`],
    ...["--node-id", "mover", "--heartbeat-interval", "500ms"],
  ]);
  const before = await until("the other one lists it", () => find(there.url, "mover"));
  mover.noteListed();
  equal(before.via, keyA);
  await first.kill();
  equal((await find(there.url, "wire"))?.via, keyA, "what a dead one held is listed");
  equal((await find(there.url, "mover")) !== null, true);
  await until("its heartbeats are heard at the other one", async () => {
    const node = await find(there.url, "mover");
    return node !== null && node.via === undefined ? node : null;
  });
  match(await second.waitForLog(/audit: a node that another registry held/), /id=mover/);
  await until("its history tells of the move", async () => {
    const { history } = await (await fetch(`${there.url}/mover`)).json();
    return history[0]?.kind === "moved" ? true : null;
  });
  equal(await mover.stop(), 0);
  await until("that it took its leave", async () => {
    return (await find(there.url, "mover", "?offline=true"))?.state === "offline" ? true : null;
  });
  equal(await second.stop(), 0);
});
