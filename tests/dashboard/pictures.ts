// Takes the pictures of the docs with a registry that has something to show.
//
//   deno task dashboard:pictures        writes docs/dashboard-*.png (needs Chromium)

import type { NetworkView } from "../../lib/registry/mod.ts";
import { openTestRegistry } from "../registry/support.ts";
import { ALONE, link, machineId, ToldNetwork } from "../registry/told_network.ts";
import { openPage, registerMany } from "./support.ts";

const docs = new URL("../../docs/", import.meta.url).pathname;
const phone = { viewport: { width: 390, height: 700 }, isMobile: true, hasTouch: true };

await using opened = await openTestRegistry({
  heartbeatTimeoutMs: 20_000,
  network: new ToldNetwork(exampleNetwork()),
});
const { registry } = opened.server;
await registerMany(opened.server, 40);
const NAMES = "atlas birch cedar delta ember fjord grove heron iris jade koala lotus".split(" ");
const members = NAMES.map((hostname, index) => ({
  id: machineId(`a${index.toString(16)}`),
  kind: "member" as const,
  hostname,
  agentAddress: "",
  capabilities: null,
  source: "",
  owner: "",
}));
for (const member of members) await registry.register(member);
await registry.unregister("node-7");
await registry.unregister("node-19");
// All but three go on to be heard.
const beating = Array.from({ length: 40 }, (_, index) => index)
  .filter((index) => ![3, 7, 12, 19, 21].includes(index));
const heartbeats = setInterval(() => {
  for (const index of beating) void registry.heartbeat(`node-${index}`);
  for (const { id } of members) void registry.heard(id);
}, 5_000);

await using light = await openPage(opened.url, { colorScheme: "light" });
await using dark = await openPage(`${opened.url}/#/nodes/node-0`, { colorScheme: "dark" });
await using network = await openPage(`${opened.url}/#/network/${machineId("a3")}`, {
  colorScheme: "light",
});
await using small = await openPage(opened.url, { ...phone, colorScheme: "light" });
const stale = light.page.getByRole("button", { name: /^stale 3/ });
await stale.waitFor({ timeout: 30_000 });
await light.page.screenshot({ path: `${docs}dashboard-light.png` });
await small.page.screenshot({ path: `${docs}dashboard-phone.png` });
await dark.page.getByRole("button", { name: /^offline 5/ }).waitFor({ timeout: 30_000 });
await dark.page.screenshot({ path: `${docs}dashboard-dark.png` });
await network.page.locator(".picture .latency").waitFor();
await network.page.screenshot({ path: `${docs}dashboard-network.png` });
clearInterval(heartbeats);

/** Twelve machines: two of them behind routers that only a third one gets through, one gone. */
function exampleNetwork(): NetworkView {
  const digits = Array.from({ length: 12 }, (_, index) => `a${index.toString(16)}`);
  const [self, carrier, gone] = ["a0", "a5", "a9"];
  const strict = ["a3", "a8"];
  const online = digits.filter((digit) => digit !== gone);
  const pairs = online.flatMap((from, at) => online.slice(at + 1).map((to) => [from, to] as const));
  return {
    ...ALONE,
    self: machineId(self!),
    machines: digits.map((digit) => ({
      id: machineId(digit),
      isOnline: digit !== gone,
      address: "",
    })),
    links: pairs.map(([from, to]) => {
      const isRelayed = strict.includes(from) !== strict.includes(to) && to !== carrier &&
        from !== carrier;
      return link(from, to, {
        ...(isRelayed ? { path: "relayed", carrier: machineId(carrier!) } : {}),
        latencyMs: from === self ? 4 + 3.7 * digits.indexOf(to) : null,
      });
    }),
    services: [],
  };
}
