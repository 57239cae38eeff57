// A link that is cut and comes back, or is disturbed by its system: the session outlives it, and
// the tunnel's own connection works again without a command. Needs root on Linux.

import { equal } from "node:assert/strict";
import { until } from "../../scripts/support/pollen_process.ts";
import { command } from "../../scripts/support/namespaces.ts";
import { CAN_HAVE_LINKS, LinkedNodes } from "./support/link.ts";

const CUT_MS = 5_000;

Deno.test({
  name: "a tunnel's own connection outlives a link that is cut for five seconds",
  ignore: !CAN_HAVE_LINKS,
  async fn() {
    await using nodes = await LinkedNodes.make();
    const { prefix } = nodes.hosts.right;
    await command([...prefix, "ip", "link", "set", "eth0", "down"]);
    // The length of the cut is what is tested: nothing tells when five seconds are over.
    await new Promise((resolve) => setTimeout(resolve, CUT_MS));
    await command([...prefix, "ip", "link", "set", "eth0", "up"]);
    const start = performance.now();
    await nodes.untilAnswers("the same connection works again");
    console.log(`  traffic again ${(performance.now() - start).toFixed(0)} ms after the cut`);
    equal(nodes.losses, 0);
  },
});

Deno.test({
  name: "a tunnel's own connection outlives what its system does to the packets",
  ignore: !CAN_HAVE_LINKS,
  async fn(t) {
    await using nodes = await LinkedNodes.make();
    const { left, right } = nodes.hosts;
    const inRight = (...words: string[]) => command([...right.prefix, ...words]);
    const untilFault = (kind: string) =>
      until(
        `the fault "${kind}" is counted`,
        async () => await nodes.faults(nodes.right, kind) > 0 ? true : null,
      );

    await t.step("a firewall that forbids sending", async () => {
      await inRight("nft", "add table inet pollen");
      await inRight("nft", "add chain inet pollen out { type filter hook output priority 0; }");
      await inRight("nft", "add rule inet pollen out meta l4proto udp drop");
      await untilFault("denied");
      await inRight("nft", "delete table inet pollen");
      await nodes.untilAnswers("it works without the rule");
    });

    await t.step("a firewall that answers for the peer", async () => {
      const inLeft = (...words: string[]) => command([...left.prefix, ...words]);
      await inLeft("nft", "add table inet pollen");
      await inLeft("nft", "add chain inet pollen in { type filter hook input priority 0; }");
      await inLeft("nft", "add rule inet pollen in meta l4proto udp counter reject");
      await until("packets are rejected", async () => {
        const rules = await inLeft("nft", "list table inet pollen");
        return Number(/packets (\d+)/.exec(rules)?.[1] ?? 0) > 3 ? true : null;
      });
      await inLeft("nft", "delete table inet pollen");
      await nodes.untilAnswers("it works without the rule");
    });

    await t.step("an address that goes and comes back", async () => {
      await inRight("ip", "address", "del", `${right.ip}/24`, "dev", "eth0");
      await untilFault("no_route");
      await inRight("ip", "address", "add", `${right.ip}/24`, "dev", "eth0");
      await nodes.untilAnswers("it works with the address");
    });

    await t.step("a link that becomes narrower", async () => {
      await nodes.untilAnswers("packets are as large as they get");
      for (const { prefix } of [left, right]) {
        await command([...prefix, "ip", "link", "set", "eth0", "mtu", "1280"]);
      }
      await untilFault("oversize");
      await nodes.untilAnswers("it works with smaller packets");
      equal(await nodes.faults(nodes.right, "segmentation"), 0);
    });
    equal(nodes.losses, 0);
  },
});
