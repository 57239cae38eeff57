// Takes the pictures of the docs with a registry that has something to show.
//
//   deno task dashboard:pictures        writes docs/dashboard-*.png (needs Chromium)

import { systemClock, systemDisk } from "../../lib/host/mod.ts";
import { type NetworkView, openStorage } from "../../lib/registry/mod.ts";
import { bucketOf } from "../../lib/registry/core/heartbeats.ts";
import { HEARTBEAT_BUCKETS_MAX } from "../../lib/registry/limits.ts";
import { silentLog } from "../../lib/types/mod.ts";
import { openTestRegistry } from "../registry/support.ts";
import { ALONE, link, machineId, ToldNetwork } from "../registry/told_network.ts";
import { ForwardClock, nodeAt, openPage, registerMany } from "./support.ts";

const docs = new URL("../../docs/", import.meta.url).pathname;
const phone = { viewport: { width: 390, height: 700 }, isMobile: true, hasTouch: true };
/** Between two heartbeats, in milliseconds. */
const BEAT_MS = 3_000;

const dir = await Deno.makeTempDir({ prefix: "pollen-pictures-" });
const storage = `sqlite:${dir}/registry.db`;
await rememberDay();
// Whoever is silent from the beginning was so for a while when the pictures are taken.
const SILENCE_MS = 11_000;
const clock = new ForwardClock();
clock.forward(-SILENCE_MS);
const opened = await openTestRegistry({ storage, clock, network: new ToldNetwork(example()) });
const { registry } = opened.server;
await registerMany(opened.server, 40);
const NAMES = "atlas birch cedar delta ember fjord grove heron iris jade koala lotus".split(" ");
const members = NAMES.map((hostname, index) => ({
  ...nodeAt(index),
  id: machineId(`a${index.toString(16)}`),
  kind: "member" as const,
  hostname,
  agentAddress: "",
}));
for (const member of members) await registry.register(member);
for (const id of ["node-7", "node-19"]) await registry.unregister(id);
// All but three go on to be heard, and one machine of the network.
clock.forward(SILENCE_MS);
const beat = () => {
  for (let index = 0; index < 40; index++) {
    if (![3, 12, 21].includes(index)) void registry.heard(`node-${index}`);
  }
  for (const { id, hostname } of members) if (hostname !== "jade") void registry.heard(id);
};
beat();
const beats = setInterval(beat, BEAT_MS);

await using dark = await openPage(`${opened.url}/#/nodes/node-0`, { colorScheme: "dark" });
await using light = await openPage(opened.url, { colorScheme: "light" });
await light.page.getByRole("button", { name: /^stale 4/ }).waitFor();
await light.page.screenshot({ path: `${docs}dashboard-light.png` });
await using small = await openPage(opened.url, { ...phone, colorScheme: "light" });
await small.page.getByText("Live").waitFor();
await small.page.screenshot({ path: `${docs}dashboard-phone.png` });
await using network = await openPage(`${opened.url}/#/network/${machineId("a3")}`, {
  colorScheme: "light",
});
await network.page.locator(".picture .latency").waitFor();
await network.page.screenshot({ path: `${docs}dashboard-network.png` });
// Long enough for some heartbeats in the chart.
await dark.page.getByRole("button", { name: /^offline 6/ }).waitFor({ timeout: 60_000 });
await dark.page.screenshot({ path: `${docs}dashboard-dark.png` });
clearInterval(beats);
await opened[Symbol.asyncDispose]();
await Deno.remove(dir, { recursive: true });

/** A day of heartbeats of one node, with an hour in which it was away. */
async function rememberDay(): Promise<void> {
  await using stored = await openStorage({
    address: storage,
    isExclusive: true,
    disk: systemDisk,
    log: silentLog,
  });
  const newest = bucketOf(systemClock.wallNow()) - 1;
  const buckets = Array.from({ length: HEARTBEAT_BUCKETS_MAX - 1 }, (_, index) => newest - index)
    .filter((bucket) => newest - bucket < 130 || newest - bucket > 144);
  await stored.addHeartbeats(
    buckets.map((bucket) => ({ nodeId: "node-0", bucket, count: 58 + bucket * 7 % 3 })),
  );
}

/** Twelve machines: two of them behind routers that only a third one gets through, one gone. */
function example(): NetworkView {
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
