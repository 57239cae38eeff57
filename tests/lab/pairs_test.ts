// Every pair of kinds, with real nodes: who is expected to meet does, directly; for who cannot a third
// node carries; where nobody carries, both are told so in words. In every run some pairs, all of them
// with POLLEN_LAB=all.

import { equal, match, ok } from "node:assert/strict";
import { pollen, until } from "../../scripts/support/pollen_process.ts";
import { type Status, status } from "../e2e/support/network.ts";
import { expectationOf, PAIRS, USUAL_PAIRS } from "./support/expectations.ts";
import { Marks } from "./support/marks.ts";
import { meetingOf } from "./support/meeting.ts";
import type { Kind } from "./support/nat.ts";
import { type LabNode, Network, peerAt, untilOnline, untilRelayed } from "./support/nodes.ts";
import { end } from "./support/programs.ts";
import { CAN_HAVE_LAB, IS_ALL, Lab, type Site } from "./support/topology.ts";
import { serve, Transfer } from "./support/transfer.ts";

/** What passes between two nodes that meet. */
const BYTES = 4 << 20;
/** More than two nodes say to the root and hear of it in a test. */
const CHATTER_BYTES = 1 << 20;
/** The longest that two may take to meet: every other way is tried before a punch. */
const MEET_TIMEOUT_MS = 40_000;

const USABLE_SECONDS_MAX = 2;
const DIRECT_SECONDS_MAX = 10;

const marks = new Marks("Seconds until a pair has met");

async function siteOf(lab: Lab, kind: Kind): Promise<Site> {
  return kind === "none" ? await lab.host() : await lab.hostBehind(await lab.router(kind));
}

/** They meet, what passes is what was sent, and it passed between them alone. */
async function meet(lab: Lab, root: LabNode, a: LabNode, b: LabNode): Promise<void> {
  const { address } = (await untilOnline(a, b, MEET_TIMEOUT_MS))!;
  ok(address?.startsWith(`${b.site.outside}:`), `at ${address}, not ${b.site.outside}`);
  await using transfer = await Transfer.open(b, a, BYTES);
  await transfer.run();
  const direct = await lab.carried(b.site.outside, a.site.outside);
  ok(direct > BYTES, `${direct} bytes passed between them`);
  const carried = await lab.carried(root.site.ip, a.site.outside);
  ok(carried < CHATTER_BYTES, `${carried} bytes came from the root`);
}

/** What passes between them is what was sent, and the root carried it. */
async function relay(lab: Lab, root: LabNode, a: LabNode, b: LabNode): Promise<void> {
  const { address } = (await untilRelayed(a, b, MEET_TIMEOUT_MS, root))!;
  ok(address?.startsWith(`${root.site.outside}:`), `at ${address}, not ${root.site.outside}`);
  await using transfer = await Transfer.open(b, a, BYTES);
  await transfer.run();
  for (const [from, to] of [[b.site.outside, root.site.ip], [root.site.ip, a.site.outside]]) {
    const carried = await lab.carried(from!, to!);
    ok(carried > BYTES, `${carried} bytes passed from ${from} to ${to}`);
  }
  const direct = await lab.carried(b.site.outside, a.site.outside);
  ok(direct < CHATTER_BYTES, `${direct} bytes passed between them`);
}

/** Both know of each other, and that there is no way; they do not try it all the time. */
async function miss(lab: Lab, a: LabNode, b: LabNode): Promise<void> {
  const { server, name } = await serve(b, BYTES);
  try {
    await until("the service is heard of", async () => {
      const { services }: Status = await status(a.place);
      return services.some((service) => service.name === name) ? true : null;
    });
    equal((await peerAt(a, b))?.status, "offline");
    const { code, stderr } = await pollen(a.place, ["connect", name]);
    ok(code !== 0, stderr);
    ok(await lab.carried(a.site.outside, b.site.outside) < CHATTER_BYTES);
    match(stderr, /cannot be reached.*offline from here.*router or firewall/s);
  } finally {
    await end(server);
  }
}

for (const [first, second] of IS_ALL ? PAIRS : USUAL_PAIRS) {
  const expected = expectationOf(first, second);
  Deno.test({
    name: `${first} and ${second}: ${expected}`,
    ignore: !CAN_HAVE_LAB,
    async fn() {
      await using lab = await Lab.make();
      const sites = [await siteOf(lab, first), await siteOf(lab, second)] as const;
      await using network = await Network.make(lab);
      // What a router does to ports, only two can tell. The root carries.
      await network.add(await lab.host(), "witness", ["--no-relay"]);
      const a = await network.add(sites[0], "a");
      const b = await network.add(sites[1], "b");
      if (expected === "direct") await meet(lab, network.root, a, b);
      else await relay(lab, network.root, a, b);
      const { usable, direct } = meetingOf(a, b);
      const pair = `${first}, ${second}`;
      marks.add(`${pair}: usable`, usable, { atMost: USABLE_SECONDS_MAX });
      if (expected === "relayed") equal(direct, null);
      else marks.add(`${pair}: direct`, direct, { atMost: DIRECT_SECONDS_MAX });
    },
  });
}

Deno.test({
  name: "strict and strict, where nobody carries: both are told so",
  ignore: !CAN_HAVE_LAB,
  async fn() {
    await using lab = await Lab.make();
    const sites = [await siteOf(lab, "strict"), await siteOf(lab, "strict")] as const;
    await using network = await Network.make(lab, ["--no-relay"]);
    const a = await network.add(sites[0], "a");
    const b = await network.add(sites[1], "b");
    await miss(lab, a, b);
  },
});
