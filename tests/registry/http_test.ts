// The HTTP door: what clients of Orchion expect, and that every answer is one that the OpenAPI
// document describes.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { ask, listen } from "./ask.ts";
import { openTestRegistry, WireAgent } from "./support.ts";

const NODE = "/api/nodes/{id}";

Deno.test("the list has the fields that clients of Orchion read, and no markup", async () => {
  await using opened = await openTestRegistry();
  using agent = new WireAgent(opened.server.port);
  const empty = await ask(opened, "/api/nodes");
  equal(empty.text, "[]\n");
  equal(empty.headers.get("content-type"), "application/json");
  equal(empty.headers.get("access-control-allow-origin"), "*");

  const hostname = "<script>alert(1)</script>";
  const capabilities = { cpu: "4 cores", gpuVramUsed: "1 GB", powerUsage: "x" };
  await agent.register({ id: "a b/ü\n", hostname, capabilities, agentAddress: "h:1" });
  const { text } = await ask(opened, "/api/nodes");
  ok(!/[<>&]/.test(text));
  const [node] = JSON.parse(text);
  const seen = node.last_seen_unix;
  ok(Math.abs(seen - Date.now() / 1000) < 10);
  deepEqual(node, {
    id: "a b/ü\n",
    hostname,
    capabilities: { cpu: "4 cores", gpu_vram_used: "1 GB", power_usage: "x" },
    last_seen_unix: seen,
    agent_address: "h:1",
    kind: "agent",
    lastSeenUnix: seen,
    state: "active",
  });
  await agent.register({ id: "bare" });
  const bare = JSON.parse((await ask(opened, "/api/nodes")).text)[1];
  deepEqual(Object.keys(bare), ["id", "last_seen_unix", "kind", "lastSeenUnix", "state"]);
});

Deno.test("a node that went is not listed, but remembered until it is forgotten", async () => {
  await using opened = await openTestRegistry();
  using agent = new WireAgent(opened.server.port);
  const path = `/api/nodes/${encodeURIComponent("a/1")}`;
  equal((await ask(opened, path, { route: NODE })).text, "node not found\n");
  await agent.register({ id: "a/1" });
  await agent.unregister("a/1");
  equal((await ask(opened, "/api/nodes")).text, "[]\n");
  equal(JSON.parse((await ask(opened, "/api/nodes?offline=true")).text)[0].state, "offline");
  equal((await ask(opened, "/api/nodes?offline=perhaps")).status, 400);
  const node = JSON.parse((await ask(opened, path, { route: NODE })).text);
  deepEqual(node.history.map(({ kind }: { kind: string }) => kind), ["unregistered", "registered"]);
  equal(node.source, "127.0.0.1");
  deepEqual([node.heartbeats.bucketMs, node.heartbeats.counts.length], [300_000, 288]);
  const end = Date.parse(node.heartbeats.from) + 288 * 300_000;
  ok(end > Date.now() && end <= Date.now() + 600_000);
  equal((await ask(opened, path, { route: NODE, method: "DELETE" })).status, 204);
  equal((await ask(opened, path, { route: NODE })).status, 404);
});

Deno.test("other methods and paths are refused in plain text", async () => {
  await using opened = await openTestRegistry();
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "HEAD"]) {
    const response = await fetch(`${opened.url}/api/nodes`, { method });
    equal(response.status, 405, method);
    if (method !== "HEAD") equal(await response.text(), "Method not allowed\n");
  }
  const options = await fetch(`${opened.url}/api/nodes`, { method: "OPTIONS" });
  deepEqual([options.status, await options.text()], [200, ""]);
  equal(options.headers.get("access-control-allow-methods"), "GET, OPTIONS");
  for (
    const path of [
      "/health",
      "/index.html",
      "/api/nodes/",
      "/api/agents",
      "/v1/models",
      "/api//nodes",
    ]
  ) {
    const response = await fetch(`${opened.url}${path}`);
    deepEqual([response.status, await response.text()], [404, "404 page not found\n"], path);
    equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
    equal(response.headers.get("access-control-allow-origin"), null);
  }
});

Deno.test("health, readiness and metrics", async () => {
  await using opened = await openTestRegistry();
  using agent = new WireAgent(opened.server.port);
  equal((await ask(opened, "/healthz")).text, "ok\n");
  equal((await ask(opened, "/readyz")).status, 200);
  await agent.register({ id: "a" });
  await agent.heartbeat("a");
  const { text } = await ask(opened, "/metrics");
  match(text, /^pollen_registry_nodes\{state="active"\} 1$/m);
  match(text, /^pollen_registry_heartbeats_total 1$/m);
  match(text, /^pollen_registry_ready 1$/m);
});

Deno.test("events tell what happens, and a listener that reconnects misses nothing", async () => {
  await using opened = await openTestRegistry();
  using agent = new WireAgent(opened.server.port);
  const first = await listen(opened);
  await agent.register({ id: "a", hostname: "<b>" });
  const registered = await first.next();
  equal(registered.event, "registered");
  deepEqual([registered.data.node.id, registered.data.node.hostname], ["a", "<b>"]);
  await first.close();

  await agent.update("a", { cpu: "1 core" });
  await agent.unregister("a");
  const second = await listen(opened, registered.id);
  deepEqual([(await second.next()).event, (await second.next()).event], [
    "updated",
    "unregistered",
  ]);
  await second.close();

  const third = await listen(opened, "other-7");
  equal((await third.next()).event, "missed");
  await third.close();
});

Deno.test("closing takes no time while somebody listens", async () => {
  const opened = await openTestRegistry();
  const listener = await listen(opened);
  await opened[Symbol.asyncDispose]();
  equal(await listener.next().then(() => "event", () => "end"), "end");
});

Deno.test("only names of this server are answered, and no other site changes anything", async () => {
  await using opened = await openTestRegistry({ allowedHosts: ["registry.example"] });
  const port = opened.server.httpPort;
  // A client of its own words, because fetch decides about Host and Origin itself.
  const status = async (head: string) => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode(`${head}\r\nConnection: close\r\n\r\n`));
    return Number(new TextDecoder().decode((await read(connection)).subarray(9, 12)));
  };
  const get = "GET /api/nodes HTTP/1.1\r\nHost:";
  equal(await status(`${get} evil.example`), 403);
  equal(await status(`${get} registry.example:${port}`), 200);
  equal(await status(`${get} localhost:${port}`), 200);
  equal(await status(`${get} [::1]:${port}`), 200);
  const forget = `DELETE /api/nodes/a HTTP/1.1\r\nHost: localhost:${port}\r\nOrigin:`;
  equal(await status(`${forget} http://evil.example`), 403);
  equal(await status(`${forget} http://localhost:${port}`), 404);
});

async function read(connection: Deno.TcpConn): Promise<Uint8Array> {
  const buffer = new Uint8Array(4096);
  const length = await connection.read(buffer);
  return buffer.subarray(0, length ?? 0);
}
