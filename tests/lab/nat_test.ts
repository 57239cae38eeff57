// The lab itself, without pollen: each kind of router is what its name says.

import { deepEqual, equal } from "node:assert/strict";
import { examine, OBSERVERS, PROMISED } from "./support/checker.ts";
import { KINDS } from "./support/nat.ts";
import { until } from "../../scripts/support/pollen_process.ts";
import { CAN_HAVE_LAB, CARRIER_LAN, Lab, type Site } from "./support/topology.ts";
import { UdpSocket } from "./support/udp.ts";

const ignore = !CAN_HAVE_LAB;

Deno.test({
  name: "each kind of router maps and filters as its name says",
  ignore,
  async fn(t) {
    await using lab = await Lab.make();
    for (const kind of KINDS) {
      await t.step(kind, async () => {
        const site = kind === "none"
          ? await lab.host()
          : await lab.hostBehind(await lab.router(kind));
        deepEqual(await examine(lab.core, site), PROMISED[kind]);
      });
    }
  },
});

Deno.test({
  name: "routers behind routers add up to the stricter one",
  ignore,
  async fn(t) {
    await using lab = await Lab.make();
    const carrier = await lab.router("open", { lan: CARRIER_LAN });
    await t.step("an open home at an open carrier is open", async () => {
      const home = await lab.hostBehind(await lab.router("open", { behind: carrier }));
      deepEqual(await examine(lab.core, home), PROMISED.open);
    });
    await t.step("a moderate home at an open carrier is moderate", async () => {
      const home = await lab.hostBehind(await lab.router("moderate", { behind: carrier }));
      deepEqual(await examine(lab.core, home), PROMISED.moderate);
    });
    await t.step("an open home behind a strict router is strict", async () => {
      const outer = await lab.router("strict", { lan: "192.168.0" });
      const home = await lab.hostBehind(await lab.router("open", { behind: outer }));
      deepEqual(await examine(lab.core, home), PROMISED.strict);
    });
  },
});

Deno.test({
  name: "a host with IPv6 is found at its own address, open or behind its firewall",
  ignore,
  async fn() {
    await using lab = await Lab.make();
    for (const firewall of [false, true]) {
      const site = await lab.host({ families: "v6", firewall });
      const filtering = firewall ? "lets answers in" : "lets all in";
      deepEqual(await examine(lab.core, site), { ...PROMISED.none, filtering });
    }
  },
});

Deno.test({
  name: "a host's firewall lets only answers in",
  ignore,
  async fn() {
    await using lab = await Lab.make();
    const found = await examine(lab.core, await lab.host({ firewall: true }));
    deepEqual(found, { ...PROMISED.none, filtering: "lets answers in" });
  },
});

Deno.test({
  name: "two homes behind one address meet there only by hairpin",
  ignore,
  async fn(t) {
    for (const hairpin of [true, false]) {
      await t.step(hairpin ? "with hairpin" : "without hairpin", async () => {
        await using lab = await Lab.make();
        const carrier = await lab.router("open", { lan: CARRIER_LAN, hairpin });
        const homes: Site[] = [];
        for (const _ of [1, 2]) {
          homes.push(await lab.hostBehind(await lab.router("open", { behind: carrier })));
        }
        equal(await reaches(lab, homes[0]!, homes[1]!), hairpin);
      });
    }
  },
});

Deno.test({
  name: "a router that forgets gives another mapping to a strict host, and the same to others",
  ignore,
  async fn() {
    await using lab = await Lab.make();
    for (const nat of ["open", "moderate", "strict"] as const) {
      const router = await lab.router(nat);
      using host = new UdpSocket(
        (await lab.hostBehind(router)).namespace,
        `${router.lan}.10`,
      );
      const before = await mapping(lab, host);
      await router.forget();
      const after = await mapping(lab, host);
      equal(after === before, nat !== "strict", nat);
    }
  },
});

/** Where the Internet sees the socket; by then packets come from there to it. */
async function mapping(lab: Lab, host: UdpSocket): Promise<string> {
  using observer = new UdpSocket(lab.core, OBSERVERS[0]);
  return await until("an answer arrives", () => {
    host.send("hello", observer.address);
    const seen = observer.sourceOf("hello");
    if (seen !== null) observer.send("answer", seen);
    return Promise.resolve(host.sourceOf("answer") === null ? null : seen);
  });
}

/** Whether a packet of the one comes to where the Internet sees the other. */
async function reaches(lab: Lab, one: Site, other: Site): Promise<boolean> {
  using from = new UdpSocket(one.namespace, one.ip);
  using to = new UdpSocket(other.namespace, other.ip);
  const seen = await mapping(lab, to);
  await mapping(lab, from);
  from.send("from home to home", seen);
  using observer = new UdpSocket(lab.core, OBSERVERS[0]);
  // What was sent before these has arrived before them, or never will.
  for (const later of ["later 1", "later 2", "later 3"]) {
    from.send(later, observer.address);
    await observer.waitFor(later);
    observer.send(later, seen);
    await to.waitFor(later);
  }
  return to.sourceOf("from home to home") !== null;
}
