// The serving side: only ports that are offered are reached, and for as long as they are offered.

import { deepEqual, equal } from "node:assert/strict";
import { closedPort, openOrigin, readToEnd, writeAll } from "../quic/tunnel.ts";
import { until } from "../../scripts/support/pollen_process.ts";
import { StreamKind } from "../../lib/types/mod.ts";
import { inTime } from "../quic/support.ts";
import { openNodes, openThrough, outcome } from "./support.ts";

Deno.test("bytes go both ways, and each direction ends by itself", async () => {
  const nodes = await openNodes();
  await using near = nodes[0];
  await using far = nodes[1];
  using origin = openOrigin();
  far.tunnels.registerService(origin.target.port);
  const port = await near.forward(far, origin.target.port);
  using tunnel = await openThrough(port, origin);
  await until(
    "the tunnel is counted",
    () => Promise.resolve(near.tunnels.listConnections()[0]!.activeTunnels === 1 || null),
  );
  await writeAll(tunnel.client, Uint8Array.of(1, 2, 3));
  await tunnel.client.closeWrite();
  deepEqual(await readToEnd(tunnel.server), Uint8Array.of(1, 2, 3));
  await writeAll(tunnel.server, Uint8Array.of(4, 5));
  await tunnel.server.closeWrite();
  deepEqual(await readToEnd(tunnel.client), Uint8Array.of(4, 5));
  equal(near.lastFailure, "");
});

Deno.test("a port that is not served is a reset, with the reason on both sides", async () => {
  const nodes = await openNodes();
  await using near = nodes[0];
  await using far = nodes[1];
  using origin = openOrigin();
  const { port } = origin.target;
  equal(await outcome(await near.forward(far, port)), "reset");
  deepEqual(await far.warnings.next("a warning"), {
    message: "refused a tunnel",
    reason: `port ${port} is not served`,
    count: undefined,
  });
  const { message, reason } = await near.warnings.next("a warning");
  equal(message, "a tunnel failed");
  equal(reason, `the provider does not serve port ${port}`);
  equal(near.lastFailure, reason);
  equal(near.tunnels.listConnections()[0]!.activeTunnels, 0);
});

Deno.test("a port that is taken back is shut at once, running tunnels too", async () => {
  const nodes = await openNodes();
  await using near = nodes[0];
  await using far = nodes[1];
  using origin = openOrigin();
  const { port } = origin.target;
  far.tunnels.registerService(port);
  far.tunnels.registerService(port);
  const local = await near.forward(far, port);
  using tunnel = await openThrough(local, origin);
  equal(far.tunnels.unregisterService(port), true);
  equal(far.tunnels.unregisterService(port), false);
  deepEqual(await Promise.all([readToEnd(tunnel.client), readToEnd(tunnel.server)]), [
    "reset",
    "reset",
  ]);
  equal(await outcome(local), "reset");
  far.tunnels.registerService(port);
  using _again = await openThrough(local, origin);
});

Deno.test("taking back one port leaves the tunnels of the others", async () => {
  const nodes = await openNodes();
  await using near = nodes[0];
  await using far = nodes[1];
  using one = openOrigin();
  using two = openOrigin();
  for (const { target } of [one, two]) far.tunnels.registerService(target.port);
  using cut = await openThrough(await near.forward(far, one.target.port), one);
  using kept = await openThrough(await near.forward(far, two.target.port), two);
  far.tunnels.unregisterService(one.target.port);
  equal(await readToEnd(cut.client), "reset");
  await writeAll(kept.client, Uint8Array.of(9));
  await kept.client.closeWrite();
  deepEqual(await readToEnd(kept.server), Uint8Array.of(9));
});

Deno.test("a service that does not answer is a reset, and said in the provider's log", async () => {
  const nodes = await openNodes();
  await using near = nodes[0];
  await using far = nodes[1];
  const { port } = closedPort();
  far.tunnels.registerService(port);
  const { port: local } = closedPort();
  equal(await outcome(await near.tunnels.connectService(far.key, port, local)), "reset");
  equal((await far.warnings.next("a warning")).message, "a served port does not answer");
  await near.warnings.next("a warning");
});

const HEADS_WITHOUT_PORT = {
  "pollen/1": [Uint8Array.of(0, 0), Uint8Array.of(1)],
  "pollen/2": [Uint8Array.of(StreamKind.tunnel, 0, 0), Uint8Array.of(StreamKind.tunnel, 0, 0)],
};
for (const [protocol, heads] of Object.entries(HEADS_WITHOUT_PORT)) {
  Deno.test(`tunnels without a port are refused, and one line a minute says so (${protocol})`, async () => {
    const nodes = await openNodes({ isOld: protocol === "pollen/1" });
    await using near = nodes[0];
    await using far = nodes[1];
    for (const head of heads) {
      const stream = await near.at.mesh.openStream(far.key);
      await stream.write(head);
      stream.finish();
      await inTime(stream.read().catch(() => null), "the refusal");
    }
    const first = await far.warnings.next("a warning");
    equal(first.reason, "no service port in stream header");
    equal(first.count, undefined);
    far.clock.advance(60_000);
    equal((await far.warnings.next("a warning")).count, heads.length - 1);
  });
}
