// Forwards: they wait for their peer, survive its absence, and go with everything that runs on
// them when they are taken back.

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { PollenError } from "../../lib/types/mod.ts";
import { closedPort, openOrigin, readToEnd } from "../quic/tunnel.ts";
import { inTime } from "../quic/support.ts";
import { dial, openNodes, openThird, openThrough, outcome } from "./support.ts";

Deno.test("a connection is held while its peer is away, and carried when it comes back", async () => {
  const nodes = await openNodes();
  await using near = nodes[0];
  await using far = nodes[1];
  using origin = openOrigin();
  far.tunnels.registerService(origin.target.port);
  const port = await near.forward(far, origin.target.port);
  near.at.mesh.closePeerSession(far.key, "disconnected");
  const opening = openThrough(port, origin);
  equal(await near.waiting.next("a connection that waits"), far.key);
  near.clock.advance(9_999);
  // Until it has heard of the end, the other side takes the old session for a connection.
  await far.at.disconnected(near.at);
  await far.at.connect(near.at);
  using _tunnel = await inTime(opening, "the tunnel");
  equal(near.clock.pending, 0);
  equal(near.lastFailure, "");
});

Deno.test("a connection whose peer stays away is reset after ten seconds; the forward stays", async () => {
  const nodes = await openNodes();
  await using near = nodes[0];
  await using far = nodes[1];
  using origin = openOrigin();
  far.tunnels.registerService(origin.target.port);
  const port = await near.forward(far, origin.target.port);
  near.at.mesh.closePeerSession(far.key, "disconnected");
  const ending = outcome(port);
  await near.waiting.next("a connection that waits");
  near.clock.advance(10_000);
  equal(await ending, "reset");
  equal(near.lastFailure, "the provider is not reachable");
  // Until it has heard of the end, the other side takes the old session for a connection.
  await far.at.disconnected(near.at);
  await far.at.connect(near.at);
  using _tunnel = await openThrough(port, origin);
});

Deno.test("a tunnel whose session is lost is reset; the next one works", async () => {
  const nodes = await openNodes();
  await using near = nodes[0];
  await using far = nodes[1];
  using origin = openOrigin();
  far.tunnels.registerService(origin.target.port);
  const port = await near.forward(far, origin.target.port);
  using cut = await openThrough(port, origin);
  far.at.mesh.closePeerSession(near.key, "disconnected");
  equal(await readToEnd(cut.client), "reset");
  const { reason } = await near.warnings.next("a warning");
  ok(reason.startsWith("session lost"), reason);
  await near.at.disconnected(far.at);
  await near.at.connect(far.at);
  using _tunnel = await openThrough(port, origin);
});

Deno.test("so many connections wait; the next one is reset at once", async () => {
  await using near = await openThird();
  const port = await near.tunnels.connectService("f".repeat(64) as typeof near.key, 80, 0);
  const held = [];
  for (let count = 0; count < 256; count++) {
    held.push(await dial(port));
    await near.waiting.next("a connection that waits");
  }
  equal(await outcome(port), "reset");
  equal(near.lastFailure, "too many connections wait for the provider already");
  near.tunnels.disconnectLocalPort(port);
  for (const connection of held) {
    equal(await readToEnd(connection), "reset");
    connection.close();
  }
  equal(near.clock.pending, 0);
});

Deno.test("the port asked for, else the service's own, else any other", async () => {
  const nodes = await openNodes();
  await using near = nodes[0];
  await using far = nodes[1];
  const { port: free } = closedPort();
  equal(await near.tunnels.connectService(far.key, 1_001, free), free);
  const { port: own } = closedPort();
  equal(await near.tunnels.connectService(far.key, own, 0), own);
  using busy = openOrigin();
  const taken = busy.target.port;
  const other = await near.tunnels.connectService(far.key, 1_002, taken);
  ok(other !== taken && other > 0);
  const requested = near.tunnels.listConnections().map(({ localPort, requestedPort }) =>
    [localPort, requestedPort] as const
  );
  const expected: [number, number][] = [[free, free], [own, 0], [other, taken]];
  deepEqual(requested, expected.sort(([a], [b]) => a - b));
  await rejects(near.tunnels.connectService(far.key, 0, 0), { code: "invalid_argument" });
});

Deno.test("a forward does not stand in for a service of this node", async () => {
  const nodes = await openNodes();
  await using near = nodes[0];
  await using far = nodes[1];
  // Both nodes offer the port, and neither service runs: forwards on it would feed each other for ever.
  const { port } = closedPort();
  for (const node of nodes) node.tunnels.registerService(port);
  const local = await near.forward(far, port);
  const back = await far.tunnels.connectService(near.key, port, port);
  ok(local !== port && back !== port);
  equal(await outcome(local), "reset");
});

Deno.test("the same forward again is told where the first one is, also when both come at once", async () => {
  const nodes = await openNodes();
  await using near = nodes[0];
  await using far = nodes[1];
  const results = await Promise.allSettled([near.forward(far, 8_080), near.forward(far, 8_080)]);
  const [localPort] = results.flatMap((each) => each.status === "fulfilled" ? [each.value] : []);
  const refusals = results.flatMap((each) => each.status === "rejected" ? [each.reason] : []);
  equal(refusals.length, 1);
  for (const refusal of [...refusals, await near.forward(far, 8_080).catch((error) => error)]) {
    ok(refusal instanceof PollenError);
    deepEqual([refusal.code, refusal.details], ["already_exists", { localPort }]);
  }
  equal(near.tunnels.listConnections().length, 1);
});

Deno.test("forwards are taken back by port, by service and by peer, with their tunnels", async () => {
  const nodes = await openNodes();
  await using near = nodes[0];
  await using far = nodes[1];
  using origin = openOrigin();
  const service = origin.target.port;
  far.tunnels.registerService(service);
  const { tunnels } = near;
  const ways = [
    (port: number) => tunnels.disconnectLocalPort(port) ? 1 : 0,
    () => tunnels.disconnectRemoteService(far.key, service),
    () => tunnels.disconnectPeer(far.key),
  ];
  for (const takeBack of ways) {
    const port = await near.forward(far, service);
    const kept = await tunnels.connectService(near.key, service, 0);
    using tunnel = await openThrough(port, origin);
    equal(takeBack(port), 1);
    equal(takeBack(port), 0);
    equal(await readToEnd(tunnel.client), "reset");
    equal(await readToEnd(tunnel.server), "reset");
    await rejects(dial(port), Deno.errors.ConnectionRefused);
    deepEqual(tunnels.listConnections().map(({ localPort }) => localPort), [kept]);
    tunnels.disconnectLocalPort(kept);
  }
});

Deno.test("the end of the tunnels cuts all, frees the ports, and lets nothing new begin", async () => {
  const [near, far] = await openNodes();
  using origin = openOrigin();
  far.tunnels.registerService(origin.target.port);
  const port = await near.forward(far, origin.target.port);
  using tunnel = await openThrough(port, origin);
  await Promise.all([near.tunnels.close(), near.at.mesh.close("shutdown")]);
  equal(await readToEnd(tunnel.client), "reset");
  equal(await readToEnd(tunnel.server), "reset");
  await rejects(dial(port), Deno.errors.ConnectionRefused);
  deepEqual(near.tunnels.listConnections(), []);
  await rejects(near.forward(far, 8_080), { code: "closed" });
  await near.tunnels.close();
  await far[Symbol.asyncDispose]();
});
