// The gRPC door as agents of Orchion meet it: every refusal with its code and text, in the order of
// the checks, and what a node's life looks like on the wire.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { systemClock } from "../../lib/host/mod.ts";
import { addMs, type Clock, type WallMs } from "../../lib/types/mod.ts";
import { openTestRegistry, WireAgent } from "./support.ts";

const INVALID = 3;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const EXHAUSTED = 8;
const UNIMPLEMENTED = 12;

Deno.test("refusals have the codes and texts that agents know, in the order of the checks", async () => {
  await using opened = await openTestRegistry();
  using agent = new WireAgent(opened.server.port);
  const rows: [Promise<{ code: number; text: string }>, number, string][] = [
    [agent.register(), INVALID, "node is required"],
    [agent.register({ hostname: "h" }), INVALID, "node.id is required"],
    [agent.heartbeat(""), INVALID, "node_id is required"],
    [agent.heartbeat("nobody"), NOT_FOUND, "node not found"],
    [agent.update("", {}), INVALID, "node_id is required"],
    [agent.update(""), INVALID, "node_id is required"],
    [agent.update("nobody"), INVALID, "capabilities is required"],
    [agent.update("nobody", {}), NOT_FOUND, "node not found"],
    [agent.unregister(""), INVALID, "node_id is required"],
    [agent.unregister("nobody"), NOT_FOUND, "node not found"],
  ];
  for (const [answer, code, text] of rows) {
    const { code: given, text: words } = await answer;
    deepEqual([given, words], [code, text]);
  }
  equal((await agent.list()).message.nodes.length, 0);
  for (const method of ["SubmitJob", "GetJobStatus"]) {
    equal((await agent.call(method, {})).code, UNIMPLEMENTED);
  }
  for (const path of ["/orchion.v1.OrchionLLM/Embeddings", "/orchion.v1.LogStreamer/StreamLogs"]) {
    equal((await agent.callWithBytes(path, new Uint8Array())).code, UNIMPLEMENTED);
  }
});

Deno.test("an agent registers, is heard, tells what it has, and goes", async () => {
  await using opened = await openTestRegistry();
  using agent = new WireAgent(opened.server.port);
  const before = Math.floor(Date.now() / 1000);
  const capabilities = { cpu: "4 cores", gpuPowerUsage: "10 W", powerUsage: "old" };
  const words = { id: "a", hostname: "host", capabilities, agentAddress: "host:50052" };
  // Neither a future nor a negative time of its own counts.
  equal((await agent.register({ ...words, lastSeenUnix: 9_999_999_999 })).code, 0);
  equal((await agent.register({ ...words, lastSeenUnix: -5 })).code, 0);
  const [node] = (await agent.list()).message.nodes;
  ok(Number(node.lastSeenUnix) >= before && Number(node.lastSeenUnix) <= Date.now() / 1000);
  deepEqual({ ...node.capabilities }, capabilities);
  deepEqual([node.id, node.hostname, node.agentAddress], ["a", "host", "host:50052"]);

  // What unmodified agents do after NOT_FOUND: without an address, with the first capabilities.
  equal((await agent.register({ id: "a", hostname: "renamed" })).code, 0);
  const [again] = (await agent.list()).message.nodes;
  deepEqual([again.hostname, again.agentAddress], ["renamed", "host:50052"]);
  deepEqual({ ...again.capabilities }, capabilities);

  equal((await agent.update("a", { cpu: "8 cores" })).code, 0);
  deepEqual({ ...(await agent.list()).message.nodes[0].capabilities }, { cpu: "8 cores" });
  equal((await agent.update("a", {})).code, 0);
  deepEqual({ ...(await agent.list()).message.nodes[0].capabilities }, {});

  equal((await agent.unregister("a")).code, 0);
  deepEqual(await agent.ids(), []);
  equal((await agent.heartbeat("a")).code, NOT_FOUND);
  equal((await agent.register({ id: "a" })).code, 0);
  equal((await agent.list()).message.nodes[0].hostname, "renamed");
});

Deno.test("a node that falls silent leaves the list with one warning, and comes back as agents do", async () => {
  let passedMs = 0;
  const clock: Clock = {
    monotonicNow: () => addMs(systemClock.monotonicNow(), passedMs),
    wallNow: () => systemClock.wallNow() + passedMs as WallMs,
    setTimer: (ms, fn) => systemClock.setTimer(ms, fn),
  };
  await using opened = await openTestRegistry({ clock, heartbeatTimeoutMs: 60_000 });
  using agent = new WireAgent(opened.server.port);
  await agent.register({ id: "silent\nid", hostname: "<script>" });
  equal((await agent.heartbeat("silent\nid")).code, 0);
  passedMs = 60_000;
  const signal = AbortSignal.timeout(20_000);
  for await (const heard of opened.server.registry.events.listen(0, signal)) {
    if (heard.kind === "offline") break;
  }
  equal(signal.aborted, false, "it went in time");
  equal((await agent.heartbeat("silent\nid")).code, NOT_FOUND);
  deepEqual(await agent.ids(), []);
  equal(opened.log.lines.filter(({ level }) => level === "warn").length, 1);
  equal((await agent.register({ id: "silent\nid" })).code, 0);
  equal((await agent.heartbeat("silent\nid")).code, 0);
});

Deno.test("of two that use one id the last one counts, and both addresses are noted", async () => {
  await using opened = await openTestRegistry();
  const { registry } = opened.server;
  const from = (source: string, hostname: string) =>
    registry.register({
      ...{ id: "twin", kind: "agent", hostname, agentAddress: "", capabilities: null },
      ...{ source, owner: "" },
    });
  await from("192.0.2.1", "one");
  await from("192.0.2.1", "one");
  await from("192.0.2.2", "other");
  const audits = opened.log.lines.filter(({ message }) => message.startsWith("audit: a node id"));
  deepEqual(audits.map(({ level, fields }) => [level, fields]), [
    ["warn", { id: "twin", from: "192.0.2.1", to: "192.0.2.2" }],
  ]);
  using agent = new WireAgent(opened.server.port);
  const { nodes } = (await agent.list()).message;
  deepEqual(nodes.map(({ hostname }: { hostname: string }) => hostname), ["other"]);
  const { history } = await registry.details("twin");
  deepEqual(history.map(({ kind, source }) => [kind, source]), [
    ["moved", "192.0.2.2"],
    ["registered", "192.0.2.1"],
  ]);
});

Deno.test("ten agents at once, five times each, are all listed", async () => {
  await using opened = await openTestRegistry();
  using agent = new WireAgent(opened.server.port);
  const ids = Array.from({ length: 50 }, (_, index) => `node-${index}`);
  await Promise.all(ids.map((id) => agent.register({ id })));
  await Promise.all(ids.map((id) => agent.heartbeat(id)));
  deepEqual(await agent.ids(), ids.sort());
});

Deno.test("what is too long, or holds a zero, is refused by name; other characters are not", async () => {
  await using opened = await openTestRegistry();
  using agent = new WireAgent(opened.server.port);
  const long = await agent.register({ id: "x".repeat(1 << 20) });
  deepEqual([long.code, long.text], [INVALID, "node.id is longer than 512 bytes"]);
  const host = await agent.register({ id: "a", hostname: "ä".repeat(600) });
  match(host.text, /^node\.hostname is longer than 1024 bytes$/);
  match((await agent.register({ id: "a\0b" })).text, /zero character/);
  match((await agent.register({ id: "a", capabilities: { cpu: "\0" } })).text, /capabilities\.cpu/);
  equal((await agent.register({ id: "\u001b[2J\u202e" })).code, 0);
  const garbage = new Uint8Array([0x0a, 0xff, 0xff, 0xff]);
  const path = "/orchion.v1.Orchestrator/RegisterNode";
  equal((await agent.callWithBytes(path, garbage)).code, INVALID);
  const huge = new Uint8Array(3 << 20);
  equal((await agent.callWithBytes(path, huge)).code, EXHAUSTED);
  deepEqual(await agent.ids(), ["\u001b[2J\u202e"]);
});

Deno.test("no agent speaks for a machine of the network", async () => {
  await using opened = await openTestRegistry();
  using agent = new WireAgent(opened.server.port);
  await opened.server.registry.register({
    id: "member",
    kind: "member",
    hostname: "its name",
    agentAddress: "",
    capabilities: null,
    source: "",
    owner: "",
  });
  const calls = [
    agent.register({ id: "member", hostname: "another" }),
    agent.heartbeat("member"),
    agent.update("member", { cpu: "1 core" }),
    agent.unregister("member"),
  ];
  for (const call of calls) equal((await call).code, PERMISSION_DENIED);
  equal((await agent.list()).message.nodes[0].hostname, "its name");
});
