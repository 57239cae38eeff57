// The world changes under a session: addresses, mappings, links. One TCP connection through a tunnel
// goes on, on the same session. How long it stood still is printed.

import { equal } from "node:assert/strict";
import { Echo } from "../e2e/support/echo.ts";
import { type LabNode, Network } from "./support/nodes.ts";
import { CAN_HAVE_LAB, Lab } from "./support/topology.ts";

const ignore = !CAN_HAVE_LAB;

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

/** The same connection works again, and no session was lost. */
async function goesOn(echo: Echo, nodes: readonly LabNode[], what: string): Promise<void> {
  const start = performance.now();
  await echo.untilAnswers(`the same connection works after ${what}`);
  console.log(`  three answers ${(performance.now() - start).toFixed(0)} ms after ${what}`);
  const losses = nodes.flatMap(({ daemon }) => daemon.log)
    .filter((line) => /peer disconnected/.test(line));
  equal(losses.length, 0, losses.join("\n"));
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

Deno.test({
  name: "a tunnel's connection goes on when the node that dialled changes its address",
  ignore,
  async fn() {
    await using lab = await Lab.make();
    await using network = await Network.make(lab);
    const node = await network.add(await lab.host(), "guest");
    await using echo = await Echo.open(network.root.place, node.place);
    await move(node);
    await goesOn(echo, [node, network.root], "it moved");
  },
});
