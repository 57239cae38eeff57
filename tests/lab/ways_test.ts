// Ways that are narrow, of one family, or closed: what passes does, and what cannot pass is said. In
// every run some of them, all with POLLEN_LAB=all.

import { equal, match, ok } from "node:assert/strict";
import { Daemon, pollen, pollenOk, until } from "../../scripts/support/pollen_process.ts";
import { status } from "../e2e/support/network.ts";
import { OBSERVERS } from "./support/checker.ts";
import { Marks, secondsSince } from "./support/marks.ts";
import { type LabNode, Network, untilOnline, untilRelayed } from "./support/nodes.ts";
import {
  CAN_HAVE_LAB,
  CARRIER_LAN,
  IS_ALL,
  Lab,
  type Router,
  type Site,
} from "./support/topology.ts";
import { Transfer } from "./support/transfer.ts";
import { UdpSocket } from "./support/udp.ts";

const ignore = !CAN_HAVE_LAB;

/** What passes: in all runs enough for packets of every size, at length 100 MB. */
const BYTES = IS_ALL ? 100_000_000 : 8 << 20;
const MEET_TIMEOUT_MS = 30_000;
const TOLD_SECONDS_MAX = 5;

const marks = new Marks(
  "Seconds until it is said that UDP is blocked, from the start of the program",
);

/** Everything passes from the one to the other. */
async function passes(provider: LabNode, client: LabNode): Promise<void> {
  await using transfer = await Transfer.open(provider, client, BYTES);
  await transfer.run();
}

/** IPv4's and UDP's. */
const HEADER_BYTES = 28;

/** A packet of that size passes from there, a larger one vanishes. */
async function demandMtu(lab: Lab, site: Site, mtu: number): Promise<void> {
  using host = new UdpSocket(site.namespace, site.ip);
  using observer = new UdpSocket(lab.core, OBSERVERS[0]);
  const fitting = "x".repeat(mtu - HEADER_BYTES);
  const larger = `${fitting}x`;
  for (const text of [larger, larger, fitting]) {
    host.send(text, observer.address);
  }
  await observer.waitFor(fitting);
  equal(observer.sourceOf(larger), null);
}

/** No UDP passes from there: the router has dropped what was sent. */
async function demandBlocked(lab: Lab, site: Site, router: Router): Promise<void> {
  using host = new UdpSocket(site.namespace, site.ip);
  using observer = new UdpSocket(lab.core, OBSERVERS[0]);
  const before = await router.blocked();
  await until("the router drops it", async () => {
    host.send("hello", observer.address);
    return await router.blocked() > before ? true : null;
  });
  equal(observer.sourceOf("hello"), null);
}

for (const mtu of IS_ALL ? [1_492, 1_420, 1_358, 1_280] : [1_280]) {
  Deno.test({
    name: `a way of ${mtu} bytes whose routers do not say so`,
    ignore,
    async fn() {
      await using lab = await Lab.make();
      await using network = await Network.make(lab);
      const site = await lab.hostBehind(await lab.router("moderate", { mtu }));
      await demandMtu(lab, site, mtu);
      const home = await network.add(site, "home");
      await passes(network.root, home);
      await passes(home, network.root);
    },
  });
}

Deno.test({
  name: "a node with IPv6 alone",
  ignore,
  async fn() {
    await using lab = await Lab.make();
    await using network = await Network.make(lab);
    const node = await network.add(await lab.host({ families: "v6" }), "six");
    const peer = await untilOnline(node, network.root, MEET_TIMEOUT_MS);
    match(peer.address ?? "", /^\[/);
    await passes(network.root, node);
  },
});

for (
  const [lost, left] of IS_ALL ? [["v6", /^\d/], ["v4", /^\[/]] as const : [["v6", /^\d/]] as const
) {
  Deno.test({
    name: `both families, of which ${lost} is swallowed`,
    ignore,
    async fn() {
      await using lab = await Lab.make(lost);
      await using network = await Network.make(lab);
      const node = await network.add(await lab.host({ families: "both" }), "dual");
      const peer = await untilOnline(node, network.root, MEET_TIMEOUT_MS);
      match(peer.address ?? "", left);
      await passes(network.root, node);
      ok(await lab.lost() > 0, "both families were tried");
    },
  });
}

if (IS_ALL) {
  Deno.test({
    name: "two homes behind one carrier's address that turns packets back",
    ignore,
    async fn() {
      await using lab = await Lab.make();
      await using network = await Network.make(lab);
      const carrier = await lab.router("open", { lan: CARRIER_LAN, hairpin: true });
      const nodes: LabNode[] = [];
      for (const name of ["a", "b"]) {
        const home = await lab.router("open", { behind: carrier });
        nodes.push(await network.add(await lab.hostBehind(home), name));
      }
      await untilOnline(nodes[0]!, nodes[1]!, MEET_TIMEOUT_MS);
      await passes(nodes[0]!, nodes[1]!);
    },
  });

  Deno.test({
    name: "two homes behind one carrier's address that turns nothing back: relayed",
    ignore,
    async fn() {
      await using lab = await Lab.make();
      await using network = await Network.make(lab);
      const carrier = await lab.router("open", { lan: CARRIER_LAN });
      const nodes: LabNode[] = [];
      for (const name of ["a", "b"]) {
        const home = await lab.router("open", { behind: carrier });
        nodes.push(await network.add(await lab.hostBehind(home), name));
      }
      await untilRelayed(nodes[0]!, nodes[1]!, MEET_TIMEOUT_MS, network.root);
      await passes(nodes[0]!, nodes[1]!);
      ok(await lab.carried(network.root.site.outside, carrier.outside) > BYTES);
    },
  });

  Deno.test({
    name: "two nodes behind one home's router meet inside",
    ignore,
    async fn() {
      await using lab = await Lab.make();
      await using network = await Network.make(lab);
      const router = await lab.router("strict");
      const a = await network.add(await lab.hostBehind(router), "a");
      const b = await network.add(await lab.hostBehind(router), "b");
      const { address } = await untilOnline(a, b, MEET_TIMEOUT_MS);
      ok(address?.startsWith(`${b.site.ip}:`), `at ${address}, not ${b.site.ip}`);
      await passes(a, b);
      ok(await lab.carried(network.root.site.outside, router.outside) < BYTES / 10);
    },
  });

  Deno.test({
    name: "a home behind two routers, and one behind a firewall",
    ignore,
    async fn() {
      await using lab = await Lab.make();
      await using network = await Network.make(lab);
      const outer = await lab.router("moderate", { lan: "192.168.0" });
      const inner = await lab.router("moderate", { behind: outer });
      const a = await network.add(await lab.hostBehind(inner), "a");
      const b = await network.add(await lab.host({ firewall: true }), "b");
      await untilOnline(a, b, MEET_TIMEOUT_MS);
      await passes(a, b);
    },
  });
}

Deno.test({
  name: "a network that blocks UDP is named by join and by status, with what to do",
  ignore,
  async fn(t) {
    await using lab = await Lab.make();
    await using network = await Network.make(lab);
    const router = await lab.router("moderate");
    const node = await network.add(await lab.hostBehind(router), "home");
    await router.blockUdp();
    await demandBlocked(lab, node.site, router);
    const [token] = await Promise.all([
      pollenOk(network.root.place, ["invite"]),
      node.daemon.stop(),
    ]);

    await t.step("join", async () => {
      const dir = await network.folder.folder("newcomer");
      const newcomer = { dir, prefix: node.place.prefix! };
      const start = performance.now();
      const { code, stderr } = await pollen(newcomer, ["join", "--no-start", token]);
      marks.add("join", secondsSince(start), { atMost: TOLD_SECONDS_MAX });
      ok(code !== 0);
      match(stderr, /No answer over UDP.*UDP seems to be blocked/s);
    });
    await t.step("status", async () => {
      const start = performance.now();
      await using _daemon = await Daemon.up(node.place);
      const kinds = async () => (await status(node.place)).conditions.map(({ kind }) => kind);
      await until("status says so", async () => (await kinds()).length > 0 ? true : null);
      marks.add("status", secondsSince(start), { atMost: TOLD_SECONDS_MAX });
      equal((await kinds()).join(), "unanswered");
      match(await pollenOk(node.place, ["status"]), /answers over UDP.*UDP seems to be blocked/s);
    });
  },
});
