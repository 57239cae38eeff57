// Every pair of kinds, with real nodes: who is expected to meet does, directly; for who cannot a third
// node carries; where nobody carries, both are told so in words. In every run all pairs are in one
// network, with POLLEN_LAB=all each has its own, which starts with it.

import { equal, match, ok } from "node:assert/strict";
import { pollen, until } from "../../scripts/support/pollen_process.ts";
import { type Status, status } from "../e2e/support/network.ts";
import { CHATTER_BYTES, type Parties, passesDirectly, passesThird } from "./support/counters.ts";
import { type Expectation, expectationOf, PAIRS } from "./support/expectations.ts";
import { Marks } from "./support/marks.ts";
import { meetingOf } from "./support/meeting.ts";
import { type Kind, KINDS } from "./support/nat.ts";
import { type LabNode, Network, peerAt, untilOnline, untilRelayed } from "./support/nodes.ts";
import { end } from "./support/programs.ts";
import { CAN_HAVE_LAB, IS_ALL, Lab, type Site } from "./support/topology.ts";
import { serve, Transfer } from "./support/transfer.ts";

/** What passes between two nodes that meet. */
const BYTES = 4 << 20;
/** The longest that two may take to meet: every other way is tried before a punch, which may fail. */
const MEET_TIMEOUT_MS = 120_000;
const NO_RELAY = ["--no-relay"];

const USABLE_SECONDS_MAX = 2;
const DIRECT_SECONDS_MAX = 10;

const marks = new Marks("Seconds until a pair has met");

async function siteOf(lab: Lab, kind: Kind): Promise<Site> {
  return kind === "none" ? await lab.host() : await lab.hostBehind(await lab.router(kind));
}

/** They meet, and what passes is what was sent: between them alone, or through the third. */
async function meet(parties: Parties, expected: Expectation): Promise<void> {
  const { taker, giver, third } = parties;
  const isDirect = expected === "direct";
  const { address } = isDirect
    ? await untilOnline(taker, giver, MEET_TIMEOUT_MS)
    : await untilRelayed(taker, giver, MEET_TIMEOUT_MS, third);
  const { outside } = (isDirect ? giver : third).site;
  ok(address?.startsWith(`${outside}:`), `at ${address}, not ${outside}`);
  await using transfer = await Transfer.open(giver, taker, BYTES);
  await (isDirect ? passesDirectly : passesThird)(parties, BYTES, () => transfer.run());
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

/** Notes how soon they met. */
function note(pair: readonly [Kind, Kind], a: LabNode, b: LabNode): void {
  const { usable, direct } = meetingOf(a, b);
  marks.add(`${pair.join(", ")}: usable`, usable, { atMost: USABLE_SECONDS_MAX });
  if (expectationOf(...pair) === "relayed") equal(direct, null);
  else marks.add(`${pair.join(", ")}: direct`, direct, { atMost: DIRECT_SECONDS_MAX });
}

/** A network whose root carries, and no other. What a router does to ports, only two can tell. */
async function networkOf(lab: Lab): Promise<Network> {
  const network = await Network.make(lab);
  await network.add(await lab.host(), "witness", NO_RELAY);
  return network;
}

for (const pair of IS_ALL ? PAIRS : []) {
  const expected = expectationOf(...pair);
  Deno.test({
    name: `${pair.join(" and ")}: ${expected}`,
    ignore: !CAN_HAVE_LAB,
    async fn() {
      await using lab = await Lab.make();
      const sites = [await siteOf(lab, pair[0]), await siteOf(lab, pair[1])] as const;
      await using network = await networkOf(lab);
      const taker = await network.add(sites[0], "a");
      const giver = await network.add(sites[1], "b");
      await meet({ lab, taker, giver, third: network.root }, expected);
      note(pair, taker, giver);
    },
  });
}

// A network for each pair would take three times as long.
if (!IS_ALL) {
  Deno.test({
    name: "all pairs, in one network",
    ignore: !CAN_HAVE_LAB,
    async fn(t) {
      await using lab = await Lab.make();
      await using network = await networkOf(lab);
      const takers = new Map<Kind, LabNode>();
      const givers = new Map<Kind, LabNode>();
      for (const kind of KINDS) {
        takers.set(kind, await network.add(await siteOf(lab, kind), `${kind}-a`, NO_RELAY));
        givers.set(kind, await network.add(await siteOf(lab, kind), `${kind}-b`, NO_RELAY));
      }
      for (const pair of PAIRS) {
        const expected = expectationOf(...pair);
        const [taker, giver] = [takers.get(pair[0])!, givers.get(pair[1])!];
        await t.step(`${pair.join(" and ")}: ${expected}`, async () => {
          await meet({ lab, taker, giver, third: network.root }, expected);
          note(pair, taker, giver);
        });
      }
    },
  });
}

Deno.test({
  name: "strict and strict, where nobody carries: both are told so",
  ignore: !CAN_HAVE_LAB,
  async fn() {
    await using lab = await Lab.make();
    const sites = [await siteOf(lab, "strict"), await siteOf(lab, "strict")] as const;
    await using network = await Network.make(lab, NO_RELAY);
    const a = await network.add(sites[0], "a");
    const b = await network.add(sites[1], "b");
    await miss(lab, a, b);
  },
});
