// Many packets in one call of the system, each way, with packets of the Internet's size; and the
// same bulk where the system refuses batches.

import assert from "node:assert/strict";
import { inTime, openPair, pattern, sha256 } from "./support.ts";
import { openOrigin, openTunnel, readToEnd, writeAll } from "./tunnel.ts";
import type { EngineOptions } from "../../lib/quic/mod.ts";
import type { EngineStats } from "../../lib/types/mod.ts";

/** Enough for the start of a session to be of no weight. */
const BYTES = pattern(48 * 1024 * 1024, 7);

/** Carries bulk over a tunnel, whole; what the engines counted: the sender's, the receiver's. */
async function carryBulk(
  options: Partial<EngineOptions>,
): Promise<{ sender: EngineStats; receiver: EngineStats }> {
  using origin = openOrigin();
  await using tunnel = await openTunnel([origin.target], await openPair(undefined, options));
  using near = await tunnel.connect();
  using far = await origin.accept();
  const received = readToEnd(far);
  await inTime(writeAll(near, BYTES), "room for the bulk");
  await near.closeWrite();
  const bytes = await received;
  assert.ok(bytes !== "reset");
  assert.equal(sha256(bytes), sha256(BYTES));
  return { sender: tunnel.pair.client.stats(), receiver: tunnel.pair.server.stats() };
}

for (const packetBytesMax of [1_350, 1_452]) {
  Deno.test({
    name: `bulk in packets of ${packetBytesMax} bytes takes one call for more than eight, each way`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      const { sender, receiver } = await carryBulk({ packetBytesMax });
      assert.ok(sender.udpPacketsSent > BYTES.length / packetBytesMax);
      const sent = sender.udpPacketsSent / sender.udpSendCalls;
      const received = receiver.udpPacketsReceived / receiver.udpReceiveCalls;
      console.log(`  ${sent.toFixed(1)} packets per send, ${received.toFixed(1)} per receive`);
      assert.ok(sent > 8 && received > 8);
      assert.ok(sender.udpSegmentsMax > 8 && sender.udpCoalesces);
    },
  });
}

Deno.test("bulk arrives where the system neither segments nor coalesces", async () => {
  const { sender, receiver } = await carryBulk({ packetBytesMax: 1_350, offload: false });
  for (const stats of [sender, receiver]) {
    assert.equal(stats.udpSegmentsMax, 1);
    assert.equal(stats.udpCoalesces, false);
  }
  assert.ok(sender.udpSendCalls >= sender.udpPacketsSent);
  assert.deepEqual(Object.values(sender.faults).filter((count) => count > 0), []);
});

Deno.test("the environment forbids batches, too", async () => {
  Deno.env.set("POLLEN_QUIC_OFFLOAD", "off");
  try {
    await using pair = await openPair();
    assert.equal(pair.client.stats().udpSegmentsMax, 1);
  } finally {
    Deno.env.delete("POLLEN_QUIC_OFFLOAD");
  }
});
