// A connected network in which nobody does anything: rounds of gossip, looks at addresses and at
// memberships go by, and no disk is touched.

import { equal } from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { until } from "../../../scripts/support/pollen_process.ts";
import { type RunningNode, startTwo } from "./running.ts";

const SECOND_MS = 1_000;

/** Lets both nodes live for so long, second by second, and what they send each other arrive. */
async function live(nodes: readonly RunningNode[], seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    for (const { parts } of nodes) parts.clock.advance(SECOND_MS);
    for (let turn = 0; turn < 4; turn++) await setImmediate();
  }
}

const touched = ({ parts }: RunningNode) => parts.disk.steps.length;

Deno.test("an idle node writes nothing, and reads nothing", async () => {
  const [root, member] = await startTwo();
  await using _root = root;
  await using _member = member;
  const both = [root, member];
  // They know all of each other once each sees the other's session.
  const isKnown = () =>
    root.parts.store.isConnected(member.key, root.key) &&
    member.parts.store.isConnected(root.key, member.key);
  await until("they know each other", async () => {
    await live(both, 1);
    return isKnown() ? true : null;
  });
  await live(both, 30);

  const before = both.map(touched);
  await live(both, 15 * 60);
  equal(both.every(({ parts }) => parts.at.mesh.connectedPeers().length === 1), true);
  equal(String(both.map(touched)), String(before));

  await root.parts.node.registerService(80, "web");
  equal(touched(root) > before[0]!, true, "what is done is written");
});
