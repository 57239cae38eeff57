// The network over HTTP: as the node beside the registry knows it, and news of it as they come.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { systemClock } from "../../lib/host/mod.ts";
import { NETWORK_LOOK_MS } from "../../lib/registry/limits.ts";
import type { Clock } from "../../lib/types/mod.ts";
import { ask, listen } from "./ask.ts";
import { openTestRegistry } from "./support.ts";
import { ALONE, machineId, smallNetwork, ToldNetwork } from "./told_network.ts";

Deno.test("who is connected with whom, how, and how far away; what is not known is left out", async () => {
  await using opened = await openTestRegistry({ network: new ToldNetwork(smallNetwork()) });
  const answer = await ask(opened, "/api/network");
  equal(answer.status, 200);
  equal(answer.headers.get("access-control-allow-origin"), null, "no business of other sites");
  const [a, b, c, d] = ["a", "b", "c", "d"].map(machineId);
  deepEqual(JSON.parse(answer.text), {
    reason: null,
    self: a,
    machines: [
      { id: a, isOnline: true },
      { id: b, isOnline: true, address: "192.0.2.2:60611" },
      { id: c, isOnline: true, address: "192.0.2.2:60611" },
      { id: d, isOnline: false },
    ],
    links: [
      { from: a, to: b, path: "direct", latencyMs: 1.25 },
      { from: a, to: c, path: "relayed", carrier: b, latencyMs: 40.5 },
      { from: b, to: c, path: "direct" },
    ],
    omittedLinks: 0,
  });
  const { text } = await ask(opened, "/api/services");
  ok(!/[<>&]/.test(text));
  deepEqual(JSON.parse(text), {
    reason: null,
    services: [
      { name: "<b>web</b>", port: 8080, transport: "tcp", provider: b, isReachable: true },
      { name: "db", port: 5432, transport: "udp", provider: d, isReachable: false },
    ],
    omittedServices: 0,
  });
});

Deno.test("a registry without a node knows of no network, and says why", async () => {
  await using opened = await openTestRegistry();
  const network = JSON.parse((await ask(opened, "/api/network")).text);
  match(network.reason, /without a node.*pollen up --registry/);
  deepEqual([network.self, network.machines, network.links], [null, [], []]);
  const services = JSON.parse((await ask(opened, "/api/services")).text);
  deepEqual([services.reason, services.services], [network.reason, []]);
});

Deno.test("where tokens are asked for, the network is told to those who may look", async () => {
  const network = new ToldNetwork(smallNetwork());
  await using opened = await openTestRegistry({ network, apiKey: "the owner's" });
  const headers = { authorization: "Bearer the owner's" };
  for (const path of ["/api/network", "/api/services"]) {
    equal((await ask(opened, path)).status, 401);
    equal((await ask(opened, path, { headers })).status, 200);
    const posted = await fetch(`${opened.url}${path}`, { method: "POST" });
    deepEqual([posted.status, await posted.text()], [405, "Method not allowed\n"]);
  }
});

/** Looks at the network fifty times as often. */
const hastyClock: Clock = {
  monotonicNow: () => systemClock.monotonicNow(),
  wallNow: () => systemClock.wallNow(),
  setTimer: (ms, fn) => systemClock.setTimer(ms === NETWORK_LOOK_MS ? ms / 50 : ms, fn),
};

Deno.test("those who listen are told what is to be read again, and only that", async () => {
  const network = new ToldNetwork();
  await using opened = await openTestRegistry({ network, clock: hastyClock });
  equal(network.looks, 0, "nobody listens");
  const listener = await listen(opened);
  // Whatever was read before somebody listened may be old.
  deepEqual([(await listener.next()).event, (await listener.next()).event], [
    "network",
    "services",
  ]);
  const { machines, links, services } = smallNetwork();
  network.view = { ...ALONE, services };
  equal((await listener.next()).event, "services");
  network.view = { ...ALONE, machines, services };
  equal((await listener.next()).event, "network");
  network.view = { ...ALONE, machines, links, services };
  const told = await listener.next();
  equal(told.event, "network");
  ok(!Number.isNaN(Date.parse(told.data.at)));
  // That a round trip is known is news, another one is none; the next event is of what comes after it.
  network.view = { ...network.view, links: links.map((link) => ({ ...link, latencyMs: 5 })) };
  equal((await listener.next()).event, "network");
  network.view = { ...network.view, links: links.map((link) => ({ ...link, latencyMs: 7 })) };
  network.view = { ...network.view, services: [] };
  equal((await listener.next()).event, "services");
  await listener.close();
});
