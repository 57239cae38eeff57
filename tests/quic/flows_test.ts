// Packets of UDP services through two real engines: local ports, services, and what a peer may not do.

import assert from "node:assert/strict";
import type { FlowPort, FlowStats } from "../../lib/types/mod.ts";
import {
  connect,
  inTime,
  isFreeUdp,
  openPair,
  openStranger,
  openTestEngine,
  type Pair,
  pattern,
  present,
  protocol,
} from "./support.ts";

const LOCAL = { ip: "127.0.0.1", port: 0 };
const FLOWS = [protocol({ carriesFlows: true })];

/** A service at the server's end of a pair and a local port at the client's that leads to it. */
async function serve(pair: Pair, servicePort: number) {
  const service = pair.server.flows.serve(servicePort, [{ ip: "127.0.0.1", port: servicePort }]);
  service.allow(pair.far);
  const local = await pair.client.flows.listen(LOCAL);
  local.lead(pair.near, servicePort);
  return { service, local };
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const give = new AbortController();
  const waiting = (async () => {
    while (!(await condition()) && !give.signal.aborted) {
      await new Promise((go) => setTimeout(go, 5));
    }
  })();
  await inTime(waiting, what).finally(() => give.abort());
}

function untilStats(of: { stats(): FlowStats }, wanted: Partial<FlowStats>): Promise<void> {
  const entries = Object.entries(wanted) as [keyof FlowStats, number][];
  const shown = () => JSON.stringify(of.stats());
  return until(
    `${JSON.stringify(wanted)}, not ${shown()}`,
    () => entries.every(([key, value]) => of.stats()[key] === value),
  );
}

Deno.test("each source has a flow of its own, and answers find their way back", async () => {
  await using pair = await openPair(FLOWS);
  await using origin = await openStranger();
  const { service, local } = await serve(pair, origin.address.port);
  await using one = await openStranger();
  await using two = await openStranger();
  const asked = new Map<string, number>();
  for (const [client, text] of [[one, "one"], [two, "two"]] as const) {
    await client.send(new TextEncoder().encode(text), local.address);
    const { bytes, from } = await origin.receiveFrom();
    assert.equal(new TextDecoder().decode(bytes), text);
    asked.set(text, from.port);
  }
  assert.notEqual(asked.get("one"), asked.get("two"));
  for (const [client, text] of [[two, "two"], [one, "one"]] as const) {
    const to = { ip: "127.0.0.1", port: present(asked.get(text)) };
    await origin.send(new TextEncoder().encode(`to ${text}`), to);
    assert.equal(new TextDecoder().decode(await client.receive()), `to ${text}`);
  }
  await untilStats(service, { flows: 2, packetsReceived: 2, packetsSent: 2, packetsDropped: 0 });
  await untilStats(local, { flows: 2, packetsReceived: 2, packetsSent: 2, packetsDropped: 0 });
});

Deno.test("packets of every size pass, in parts where the path is narrow", async () => {
  await using pair = await openPair(FLOWS, { packetBytesMax: 1_200 });
  await using origin = await openStranger();
  const { local } = await serve(pair, origin.address.port);
  await using client = await openStranger();
  for (const size of [0, 1, 1_200, 1_420, 9_000, 65_507]) {
    const packet = pattern(size);
    await client.send(packet, local.address);
    const { bytes, from } = await origin.receiveFrom();
    assert.deepEqual(bytes, packet, `${size} bytes to the service`);
    await origin.send(packet, from);
    assert.deepEqual(await client.receive(), packet, `${size} bytes back`);
  }
});

Deno.test("nothing reaches a port that is not served, or not to this session", async () => {
  await using pair = await openPair(FLOWS);
  await using origin = await openStranger();
  await using secret = await openStranger();
  const { service, local } = await serve(pair, origin.address.port);
  const closed = pair.server.flows.serve(secret.address.port, [secret.address]);
  const astray: FlowPort = await pair.client.flows.listen(LOCAL);
  astray.lead(pair.near, secret.address.port);
  await using client = await openStranger();
  await client.send(Uint8Array.of(1), astray.address);
  await untilStats(astray, { packetsSent: 1 });
  // What was sent later has come: what was sent before has been dropped.
  await client.send(Uint8Array.of(2), local.address);
  assert.deepEqual(await origin.receive(), Uint8Array.of(2));
  assert.deepEqual(closed.stats(), {
    flows: 0,
    packetsSent: 0,
    packetsReceived: 0,
    packetsDropped: 0,
  });
  closed.allow(pair.far);
  await client.send(Uint8Array.of(3), astray.address);
  assert.deepEqual(await secret.receive(), Uint8Array.of(3));
  await untilStats(service, { flows: 1 });
});

Deno.test("what is withdrawn, closed or over carries nothing any more", async () => {
  await using pair = await openPair(FLOWS);
  await using origin = await openStranger();
  const { service, local } = await serve(pair, origin.address.port);
  await using client = await openStranger();
  const sendOne = async () => {
    await client.send(Uint8Array.of(1), local.address);
    return await origin.receiveFrom();
  };
  const { from } = await sendOne();
  service.withdraw();
  service.withdraw();
  assert.equal(service.stats().flows, 0);
  // The flow's socket is gone: its port is free for anybody.
  await until("the flow's port is free", () => isFreeUdp(from.port));
  const again = pair.server.flows.serve(origin.address.port, [origin.address]);
  again.allow(pair.far);
  await sendOne();
  pair.far.close("over");
  await untilStats(again, { flows: 0 });
  await inTime(pair.near.closed, "the end of the session");
  const { packetsDropped } = local.stats();
  await client.send(Uint8Array.of(2), local.address);
  await untilStats(local, { packetsDropped: packetsDropped + 1 });
  // A new session takes the flow over: the local program notices nothing.
  const { near, far } = await connect(pair.client, pair.server);
  near.admit();
  far.admit();
  again.allow(far);
  local.lead(near, origin.address.port);
  const { from: later } = await sendOne();
  await origin.send(Uint8Array.of(9), later);
  assert.deepEqual(await client.receive(), Uint8Array.of(9));
  local.close();
  await until("the local port is free", () => isFreeUdp(local.address.port));
});

Deno.test("a service that listens elsewhere, or later, is found", async () => {
  await using pair = await openPair(FLOWS);
  const nobody = await openStranger();
  const port = nobody.address.port;
  await nobody[Symbol.asyncDispose]();
  await using origin = await openStranger();
  const service = pair.server.flows.serve(port, [{ ip: "127.0.0.1", port }, origin.address]);
  service.allow(pair.far);
  const local = await pair.client.flows.listen(LOCAL);
  local.lead(pair.near, port);
  await using client = await openStranger();
  // The first packet tells that nobody is there, and is lost with it.
  const received = origin.receive();
  let isThere = false;
  void received.then(() => isThere = true);
  await until("a packet reaches the second target", () => {
    void client.send(Uint8Array.of(1), local.address);
    return isThere;
  });
  assert.deepEqual(await received, Uint8Array.of(1));
  assert.ok(service.stats().packetsDropped >= 1);
});

Deno.test("a session of a protocol without flows carries none", async () => {
  await using pair = await openPair();
  await using origin = await openStranger();
  const { local } = await serve(pair, origin.address.port);
  await using client = await openStranger();
  await client.send(Uint8Array.of(1), local.address);
  await untilStats(local, { packetsSent: 0, packetsDropped: 1 });
});

Deno.test("a local port that is taken is refused by name, and freed by the end of its engine", async () => {
  const engine = await openTestEngine(FLOWS);
  await using taken = await openStranger();
  await assert.rejects(engine.flows.listen(taken.address), { code: "already_exists" });
  const local = await engine.flows.listen(LOCAL);
  await assert.rejects(engine.flows.listen(local.address), { code: "already_exists" });
  await engine.close("over");
  assert.ok(await isFreeUdp(local.address.port));
  await assert.rejects(engine.flows.listen(LOCAL), { code: "closed" });
});
