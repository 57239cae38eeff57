// Whole nodes: they find each other, tell each other, carry tunnels, and end cleanly.

import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { openThrough, outcome } from "../../tunnel/support.ts";
import { openOrigin, readToEnd } from "../../quic/tunnel.ts";
import { inTime, TestMesh } from "../../mesh/support.ts";
import { DIR, network, RunningNode, startTwo } from "./running.ts";

Deno.test("a node finds the network by its bootstrap peer and hears what is served there", async () => {
  const nodes = await startTwo();
  await using root = nodes[0];
  await using member = nodes[1];
  deepEqual(root.parts.node.getConnectedPeers(), [member.key]);
  await root.parts.node.registerService(8_080, "web");
  await member.untilState((store) => store.hasServicePort(root.key, 8_080), "the service");
  await root.parts.node.unregisterService({ name: "web" });
  await member.untilState((store) => !store.hasServicePort(root.key, 8_080), "its end");
});

Deno.test("a service is opened, carries bytes, is remembered, and is closed for good", async () => {
  const nodes = await startTwo();
  await using root = nodes[0];
  await using member = nodes[1];
  using origin = openOrigin();
  const { port } = origin.target;
  await root.parts.node.registerService(port, "web");
  const local = await member.parts.node.connectService(root.key, port, 0);
  ok(local !== port, "the origin has that port on this machine");
  match(member.parts.disk.text(`${DIR}/state.yaml`)!, new RegExp(`remotePort: ${port}`));
  using tunnel = await openThrough(local, origin);
  const [ended] = await member.parts.node.disconnectService({ localPort: local });
  deepEqual([ended!.peerId, ended!.remotePort, ended!.localPort], [root.key, port, local]);
  equal(await readToEnd(tunnel.client), "reset");
  deepEqual(member.parts.store.desiredConnections(), []);
  await rejects(member.parts.node.disconnectService({ localPort: local }), { code: "not_found" });
});

Deno.test("what a node serves and forwards is there again after a restart", async () => {
  await using root = await RunningNode.start(network.founder);
  const somebody = await network.member(20);
  const bootstrapPeers = [root.bootstrap];
  using origin = openOrigin();
  const { port } = origin.target;
  await root.parts.node.registerService(port, "web");
  const first = await RunningNode.start(somebody, { bootstrapPeers });
  await first.until("peer connected");
  await first.parts.node.registerService(9_999, "own");
  await first.untilState((store) => store.get(root.key) !== null, "the provider");
  await first.parts.node.connectService(root.key, port, 0);
  await first.stop();
  equal(first.parts.disk.isLocked(`${DIR}/.state.lock`), false);

  // The bootstrap peer is not configured any more: the node remembers where the network was.
  await using second = await RunningNode.start(somebody, { disk: first.parts.disk.afterKill() });
  deepEqual([...second.parts.store.localServices().keys()], ["own"]);
  const restored = await second.until("forward restored");
  await second.until("peer connected");
  using _tunnel = await openThrough(Number(restored.fields.localPort), origin);
});

Deno.test("a revoked peer loses its session and the forwards to it, at once and for good", async () => {
  const nodes = await startTwo();
  await using root = nodes[0];
  await using member = nodes[1];
  await root.untilState((store) => store.get(member.key) !== null, "the member");
  await root.parts.node.connectService(member.key, 8_080, 0);
  await root.parts.service.revokePeer({ peerId: Uint8Array.fromHex(member.key) });
  deepEqual(root.parts.node.getConnectedPeers(), []);
  deepEqual(root.parts.tunnels.listConnections(), []);
  deepEqual(root.parts.store.desiredConnections(), []);
  const gone = await member.until("peer disconnected");
  deepEqual([gone.fields.peer, gone.fields.reason], [root.key, "revoked"]);
  match(root.parts.disk.text(`${DIR}/state.yaml`)!, /revocations:/);
  await rejects(root.parts.node.connectService(member.key, 8_080, 0), { code: "not_found" });
});

Deno.test("a name that moves to another port shuts the old one; one of two names leaves the port", async () => {
  const nodes = await startTwo();
  await using root = nodes[0];
  await using member = nodes[1];
  using one = openOrigin();
  using two = openOrigin();
  const [first, second] = [one.target.port, two.target.port];
  const { node } = root.parts;
  await node.registerService(first, "web");
  await node.registerService(first, "also");
  const toFirst = await member.parts.node.connectService(root.key, first, 0);
  await node.registerService(second, "web");
  using _kept = await openThrough(toFirst, one);
  await node.registerService(second, "also");
  equal(await outcome(toFirst), "reset");
  deepEqual(await node.unregisterService({ port: second }), {
    names: ["also", "web"],
    port: second,
  });
  await rejects(node.unregisterService({ name: "web" }), { code: "not_found" });
  await rejects(node.unregisterService({ port: second }), { code: "not_found" });
});

Deno.test("a peer that is not the one it should be is a warning once, not at every try", async () => {
  await using other = await TestMesh.open(await network.member(21));
  const { key } = await network.member(22);
  const addrs = [`127.0.0.1:${other.address.port}`];
  await using node = await RunningNode.start(await network.member(20), {
    bootstrapPeers: [{ peerKey: key, addrs }],
  });
  const { fields } = await node.until("a peer is not the one it should be, or refuses us");
  match(String(fields.reason), /peer identity mismatch/);
  for (let dials = 2; dials <= 4; dials++) {
    node.parts.clock.advance(25_000);
    await node.parts.at.sessions.reach(dials);
  }
  await node.stop();
  deepEqual(node.parts.lines.filter(({ level }) => level === "warn"), []);
});

Deno.test("a step that fails is one line in the log, and the node goes on", async () => {
  const nodes = await startTwo();
  await using root = nodes[0];
  await using member = nodes[1];
  const { store } = member.parts;
  store.applyRecords = () => {
    throw new Error("a defect");
  };
  await root.parts.node.registerService(8_080, "web");
  deepEqual((await member.until("a step failed")).fields, { input: "frame", reason: "a defect" });
  // The method of the class shows again.
  Reflect.deleteProperty(store, "applyRecords");
  await root.parts.node.registerService(8_081, "db");
  await member.untilState((known) => known.hasServicePort(root.key, 8_081), "the service");
});

Deno.test("a forward that cannot be remembered is not left open", async () => {
  const nodes = await startTwo();
  await using root = nodes[0];
  await using member = nodes[1];
  await member.untilState((store) => store.get(root.key) !== null, "the provider");
  const { store, node, tunnels } = member.parts;
  for (let port = 1; port <= 4_096; port++) store.addDesiredConnection(root.key, port, 1);
  await rejects(node.connectService(root.key, 5_000, 0), { code: "exhausted" });
  deepEqual(tunnels.listConnections(), []);
  store.removeDesiredConnection(root.key, 0, 0);
});

Deno.test("the end frees everything, is told to the peers, and may come while dials run", async () => {
  await using root = await RunningNode.start(network.founder);
  const member = await RunningNode.start(await network.member(20), {
    bootstrapPeers: [root.bootstrap],
  });
  await member.stop();
  equal(member.parts.clock.pending, 0);
  equal(member.parts.store.isDirty, false);
  await rejects(member.parts.node.registerService(80, "late"), { code: "closed" });

  const again = await RunningNode.start(await network.member(20), {
    bootstrapPeers: [root.bootstrap],
  });
  await again.until("peer connected");
  await root.untilState((store) => store.isConnected(root.key, again.key), "the session");
  await inTime(again.parts.service.shutdown(), "the answer");
  await again.ended();
  await root.untilState((store) => !store.isConnected(root.key, again.key), "its end");
});
