// The world changes under a session: addresses, mappings, links. One TCP connection through a tunnel
// goes on, on the same session.

import { equal, ok } from "node:assert/strict";
import { Echo } from "../e2e/support/echo.ts";
import { Marks, secondsSince } from "./support/marks.ts";
import { type LabNode, Network, untilOnline, untilRelayed } from "./support/nodes.ts";
import { CAN_HAVE_LAB, IS_ALL, Lab } from "./support/topology.ts";
import { Transfer } from "./support/transfer.ts";

const ignore = !CAN_HAVE_LAB;

const MAPPING_SECONDS = 5;
const REST_MS = 6_000;
/** The first byte after the rest, from either end. */
const FIRST_BYTE_MS = 2_000;
const OUTAGE_MS = 5_000;
const STILL_SECONDS_MAX = 3;
const MEET_TIMEOUT_MS = 40_000;

const marks = new Marks("Seconds until a connection has answered three times more");

/** Moves a host on the Internet to another address of its network: the old one is gone at once. */
async function move({ site }: LabNode): Promise<void> {
  const [a, b, c] = site.ip.split(".");
  const network = `${a}.${b}.${c}`;
  await site.namespace.ip([
    `address del ${site.ip}/24 dev eth0`,
    `address add ${network}.77/24 dev eth0`,
    `route add default via ${network}.1`,
  ]);
}

/** No session ended. */
function lostNothing(nodes: readonly LabNode[]): void {
  const losses = nodes.flatMap(({ daemon }) => daemon.log)
    .filter((line) => /peer disconnected/.test(line));
  equal(losses.length, 0, losses.join("\n"));
}

/** The same connection works again, and no session was lost. */
async function goesOn(echo: Echo, nodes: readonly LabNode[], what: string): Promise<void> {
  const start = performance.now();
  await echo.untilAnswers(`the same connection works after ${what}`);
  marks.add(what, secondsSince(start), { atMost: STILL_SECONDS_MAX });
  lostNothing(nodes);
}

Deno.test({
  name: "a tunnel's connection goes on when a strict router forgets its mappings",
  ignore,
  async fn() {
    await using lab = await Lab.make();
    await using network = await Network.make(lab);
    const router = await lab.router("strict");
    const node = await network.add(await lab.hostBehind(router), "home");
    await using echo = await Echo.open(network.root.place, node.place);
    // It gives another port then.
    await router.forget();
    await goesOn(echo, [node, network.root], "the router forgot");
  },
});

for (const end of ["dialled", "was dialled"] as const) {
  Deno.test({
    name: `a tunnel's connection goes on when the node that ${end} changes its address`,
    ignore,
    async fn() {
      await using lab = await Lab.make();
      await using network = await Network.make(lab);
      const node = await network.add(await lab.host(), "guest");
      await using echo = await Echo.open(network.root.place, node.place);
      await move(end === "dialled" ? node : network.root);
      await goesOn(echo, [node, network.root], `the node that ${end} moved`);
    },
  });
}

if (IS_ALL) {
  for (const way of ["direct", "relayed"] as const) {
    Deno.test({
      name: `a tunnel's connection goes on after five seconds without a network, ${way}`,
      ignore,
      async fn() {
        await using lab = await Lab.make();
        await using network = await Network.make(lab);
        const sites = [
          await lab.hostBehind(await lab.router("strict")),
          way === "direct" ? await lab.host() : await lab.hostBehind(await lab.router("strict")),
        ];
        const a = await network.add(sites[0]!, "a");
        const b = await network.add(sites[1]!, "b");
        await (way === "direct" ? untilOnline : untilRelayed)(a, b, MEET_TIMEOUT_MS);
        await using echo = await Echo.open(b.place, a.place);
        ok(await lab.outage(OUTAGE_MS) > 0);
        await goesOn(echo, [a, b, network.root], `five seconds without a network, ${way}`);
      },
    });
  }

  Deno.test({
    name: "either end is heard through a router that forgets what rests for five seconds",
    ignore,
    async fn(t) {
      await using lab = await Lab.make();
      await using network = await Network.make(lab);
      const router = await lab.router("strict");
      await router.keepFor(MAPPING_SECONDS);
      const node = await network.add(await lab.hostBehind(router), "home");
      const ends = [[node, network.root], [network.root, node]] as const;
      for (const [provider, client] of ends) {
        await t.step(client === node ? "the one behind it" : "the other", async () => {
          await using transfer = await Transfer.open(provider, client, 1);
          // The rest is what is tested: nothing tells when it is over.
          await new Promise((resolve) => setTimeout(resolve, REST_MS));
          const start = performance.now();
          await transfer.run();
          const tookMs = performance.now() - start;
          console.log(`  a byte ${tookMs.toFixed(0)} ms after the rest`);
          lostNothing([node, network.root]);
          ok(tookMs <= FIRST_BYTE_MS, `${tookMs} ms`);
        });
      }
    },
  });
}
