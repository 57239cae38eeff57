// Which machines of the network a registry beside a node lists.

import { deepEqual } from "node:assert/strict";
import { RegistryMembers } from "../../lib/app/registry_members.ts";
import { systemClock } from "../../lib/host/mod.ts";
import { GetStatusResponse, NodeStatus, NodeSummary } from "../../lib/proto/mod.ts";
import { until } from "../../scripts/support/pollen_process.ts";
import { openTestRegistry } from "./support.ts";
import { machineId } from "./told_network.ts";

function summary(digit: string, status: NodeStatus): NodeSummary {
  return NodeSummary.create({ node: { peerId: Uint8Array.fromHex(machineId(digit)) }, status });
}

Deno.test("those with a session are listed, whether it goes over a carrier or not", async () => {
  await using opened = await openTestRegistry();
  const { server: { registry }, log } = opened;
  const status = GetStatusResponse.create({
    self: summary("a0", NodeStatus.ONLINE),
    nodes: [
      summary("0ff", NodeStatus.OFFLINE),
      summary("b0", NodeStatus.ONLINE),
      summary("c0", NodeStatus.RELAY),
    ],
  });
  using _members = new RegistryMembers({
    registry,
    service: { getStatus: () => Promise.resolve(status) },
    machineOf: () => null,
    clock: systemClock,
    log,
  });
  const ids = await until("three are listed", async () => {
    const ids = [...await registry.nodes()].map(({ id }) => id);
    return ids.length >= 3 ? ids : null;
  });
  deepEqual(ids.sort(), ["a0", "b0", "c0"].map(machineId));
});
