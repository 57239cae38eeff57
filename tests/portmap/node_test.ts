// A whole node behind a router that maps ports: somebody on the Internet joins through it, with
// nothing set by hand.

import { equal, match } from "node:assert/strict";
import {
  Daemon,
  pollen,
  pollenOk,
  TemporaryFolder,
  until,
} from "../../scripts/support/pollen_process.ts";
import { command } from "../../scripts/support/namespaces.ts";
import { Home, homeTest } from "./home.ts";

homeTest("somebody outside joins a node behind a router", async () => {
  await using folder = await TemporaryFolder.make();
  await using home = await Home.make();
  const router = await home.addRouter({ outerNet: "5.5.5", hasMappings: true });
  const inside = { dir: await folder.folder("in"), prefix: home.inside };
  const outside = { dir: await folder.folder("out"), prefix: home.outside };
  await pollenOk(inside, ["init"]);
  {
    await using root = await Daemon.up(inside, ["--port", "60611"]);
    await root.waitForLog(/the router maps a port to this node/);
    const status = JSON.parse(await pollenOk(inside, ["status", "--json"]));
    equal(status.network.portMapping.state, "mapped");
    equal(status.network.portMapping.address, `${router.outerIp}:60611`);

    const { stdout: token, stderr } = await pollen(inside, ["invite"]);
    match(stderr, new RegExp(`at ${router.outerIp}:60611`));
    await pollenOk(outside, ["join", "--no-start", token.trim()]);
    await using guest = await Daemon.up(outside, ["--port", "0"]);
    await guest.waitForLog(/peer connected/);
    const seen = JSON.parse(await pollenOk(outside, ["status", "--json"]));
    equal(seen.peers[0].address, `${router.outerIp}:60611`);

    await command([...home.inside, "ip", "address", "add", "192.168.1.77/24", "dev", "eth1"]);
    await until("the other one knows the new address", async () => {
      const state = await Deno.readTextFile(`${outside.dir}/state.yaml`);
      return state.includes("192.168.1.77") || null;
    });
  }
  equal(await router.leads(60_611), false, "it is taken away at the end");

  await using quiet = await Daemon.up(inside, ["--port", "60611", "--no-port-mapping"]);
  const status = JSON.parse(await pollenOk(quiet.place, ["status", "--json"]));
  equal(status.network.portMapping.state, "off");
});
