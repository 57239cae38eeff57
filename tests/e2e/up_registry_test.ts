// `pollen up --registry`: the machines of the network are among the nodes, and a registry that
// cannot be served leaves the node alone.

import { deepEqual, equal, match } from "node:assert/strict";
import { Daemon, pollenOk, TemporaryFolder, until } from "../../scripts/support/pollen_process.ts";

const LOCAL = ["--port", "0", "--ips", "127.0.0.1"];

Deno.test("a registry beside a node lists the network's machines, and yields to what has its port", async () => {
  await using folder = await TemporaryFolder.make();
  const [first, second] = [await folder.folder("a"), await folder.folder("b")].map((dir) => ({
    dir,
  }));
  await pollenOk(first!, ["init"]);
  const ports = ["--registry", "--registry-port", "0", "--registry-http-port", "0"];
  await using one = await Daemon.up(first!, [...LOCAL, ...ports]);
  const line = await one.waitForLog(/the registry serves/);
  const httpPort = /httpPort=(\d+)/.exec(line)![1]!;

  const token = await pollenOk(first!, ["invite"]);
  await pollenOk(second!, ["join", "--no-start", token]);
  await using two = await Daemon.up(second!, [
    ...[...LOCAL, "--registry", "--registry-port", "0", "--registry-http-port", httpPort],
  ]);
  await two.waitForLog(/the registry is not served/);
  const { conditions } = JSON.parse(await pollenOk(second!, ["status", "--json"]));
  deepEqual(conditions.map(({ kind }: { kind: string }) => kind), ["registry_not_served"]);
  match(conditions[0].message, new RegExp(`^Port ${httpPort}, meant for HTTP, is taken`));
  match(conditions[0].fix, /--registry-http-port/);

  const keys = [await pollenOk(first!, ["id"]), await pollenOk(second!, ["id"])];
  const nodes = await until("both machines are listed", async () => {
    const listed = await (await fetch(`http://127.0.0.1:${httpPort}/api/nodes`)).json();
    return listed.length === 2 ? listed : null;
  });
  deepEqual(nodes.map(({ id }: { id: string }) => id).sort(), keys.sort());
  for (const { kind, state } of nodes) deepEqual([kind, state], ["member", "active"]);
  const own = nodes.find(({ capabilities }: { capabilities?: object }) => capabilities);
  match(own.capabilities.cpu, /^\d+ cores$/);

  // What is offered to others keeps its port, whether its program runs now or not.
  await pollenOk(second!, ["serve", "8081", "api"]);
  equal(await two.stop(), 0);
  await using again = await Daemon.up(second!, [...LOCAL, "--registry", "--registry-port", "8081"]);
  match(await again.waitForLog(/not served/), /port 8081 is what this machine serves as \W*api/);
  equal(await again.stop(), 0);
  equal(await one.stop(), 0);
});
