import assert from "node:assert/strict";
import { StreamCode } from "../../lib/types/mod.ts";
import { inTime, MORE_THAN_WINDOWS, openPair, pattern, present, sha256 } from "./support.ts";
import {
  closedPort,
  connectAndRead,
  HEAD,
  nextEnd,
  openOrigin,
  openTunnel,
  readToEnd,
  writeAll,
} from "./tunnel.ts";

const text = (value: string) => new TextEncoder().encode(value);

Deno.test("a tunnel carries 100 MB each way at once, unaltered", async () => {
  using origin = openOrigin();
  await using tunnel = await openTunnel([origin.target]);
  const up = pattern(100_000_000, 1);
  const down = pattern(100_000_000, 2);
  using client = await tunnel.connect();
  using server = await origin.accept();
  const [, , atServer, atClient] = await Promise.all([
    writeAll(client, up).then(() => client.closeWrite()),
    writeAll(server, down).then(() => server.closeWrite()),
    readToEnd(server),
    readToEnd(client),
  ]);
  assert.notEqual(atServer, "reset");
  assert.notEqual(atClient, "reset");
  assert.equal(sha256(atServer as Uint8Array), sha256(up));
  assert.equal(sha256(atClient as Uint8Array), sha256(down));
  const near = await nextEnd(tunnel.nearBridges);
  const far = await nextEnd(tunnel.farBridges);
  assert.deepEqual(near, {
    kind: "finished",
    errorCode: 0,
    bytesToStream: up.length,
    bytesToTcp: down.length,
    reason: "",
  });
  assert.deepEqual(far, {
    kind: "finished",
    errorCode: 0,
    bytesToStream: down.length,
    bytesToTcp: up.length,
    reason: "",
  });
});

Deno.test("the head arrives before the first byte, also where many streams begin at once", async () => {
  using origin = openOrigin();
  await using pair = await openPair();
  const listener = await pair.client.forwarder.listen({ ip: "127.0.0.1", port: 0 });
  // One stream holds the session's send window while the others begin.
  const bulk = await pair.near.openStream();
  const filling = bulk.write(MORE_THAN_WINDOWS).catch(() => {});
  const clients = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const client = await Deno.connect({ hostname: "127.0.0.1", port: listener.address.port });
      await writeAll(client, text(`client ${index}`));
      return client;
    }),
  );
  for (let index = 0; index < clients.length; index++) {
    const connection = present(await inTime(listener.accept(), "a connection"));
    pair.client.forwarder.bridgeToSession(connection, pair.near, HEAD);
  }
  const bulkAtFar = present(await inTime(pair.far.acceptStream(), "the bulk stream"));
  assert.deepEqual(bulkAtFar.head, Uint8Array.of(0, 0));
  const draining = (async () => {
    while (await bulkAtFar.read() !== null);
  })().catch(() => {});
  const seen = new Set<string>();
  for (let index = 0; index < clients.length; index++) {
    const stream = present(await inTime(pair.far.acceptStream(), "a stream"));
    assert.deepEqual(stream.head, HEAD);
    pair.server.forwarder.bridgeToTcp(stream, [origin.target]);
    using server = await origin.accept();
    const buffer = new Uint8Array(64);
    const count = present(await inTime(server.read(buffer), "the first bytes"));
    seen.add(new TextDecoder().decode(buffer.subarray(0, count)));
  }
  assert.equal(seen.size, clients.length);
  assert.ok(seen.has("client 0") && seen.has("client 49"));
  bulk.abort();
  await filling;
  await draining;
  for (const client of clients) client.close();
  listener.close();
});

Deno.test("targets are tried in order", async () => {
  using origin = openOrigin();
  await using tunnel = await openTunnel([closedPort(), closedPort(), origin.target]);
  using client = await tunnel.connect();
  using server = await origin.accept();
  await writeAll(server, text("third"));
  await server.closeWrite();
  assert.deepEqual(await readToEnd(client), text("third"));
});

Deno.test("what was written to a stream before it was bridged goes first", async () => {
  using origin = openOrigin();
  await using pair = await openPair();
  const ours = await pair.near.openStream();
  await ours.write(Uint8Array.of(1, 2, 3));
  const theirs = present(await inTime(pair.far.acceptStream(), "a stream"));
  await theirs.write(text("ready "));
  pair.server.forwarder.bridgeToTcp(theirs, [origin.target]);
  using server = await origin.accept();
  await writeAll(server, text("steady"));
  await server.closeWrite();
  let read = "";
  for (let chunk = await ours.read(); chunk !== null; chunk = await ours.read()) {
    read += new TextDecoder().decode(chunk);
  }
  assert.equal(read, "ready steady");
  ours.finish();
  assert.deepEqual(await readToEnd(server), Uint8Array.of(3));
  await assert.rejects(theirs.read(), { code: "closed" });
});

Deno.test("a stream that was read cannot be bridged", async () => {
  await using pair = await openPair();
  const ours = await pair.near.openStream();
  await ours.write(Uint8Array.of(1, 2, 3));
  const theirs = present(await inTime(pair.far.acceptStream(), "a stream"));
  await theirs.read();
  assert.throws(() => pair.server.forwarder.bridgeToTcp(theirs, []), {
    code: "failed_precondition",
  });
});

Deno.test("a stream that the peer gave up before it is bridged ends as one that was reset", async () => {
  using origin = openOrigin();
  await using pair = await openPair();
  const ours = await pair.near.openStream();
  await ours.write(HEAD);
  const theirs = present(await inTime(pair.far.acceptStream(), "a stream"));
  ours.abort(StreamCode.cut);
  // Streams keep no order among each other, but their records do: the reset is told by then.
  const next = await pair.near.openStream();
  await next.write(HEAD);
  present(await inTime(pair.far.acceptStream(), "the next stream"));
  const bridge = pair.server.forwarder.bridgeToTcp(theirs, [origin.target]);
  assert.equal((await inTime(bridge.ended, "its end")).kind, "stream_reset");
});

Deno.test("what belongs to one engine cannot be bridged by another", async () => {
  await using pair = await openPair();
  const { forwarder } = pair.client;
  const listener = await forwarder.listen({ ip: "127.0.0.1", port: 0 });
  using _client = await Deno.connect({ hostname: "127.0.0.1", port: listener.address.port });
  const connection = present(await inTime(listener.accept(), "a connection"));
  const foreign = { code: "invalid_argument" };
  assert.throws(() => forwarder.bridgeToSession(connection, pair.far, HEAD), foreign);
  assert.throws(
    () => pair.server.forwarder.bridgeToSession(connection, pair.far, HEAD),
    foreign,
  );
  const stream = await pair.near.openStream();
  assert.throws(() => pair.server.forwarder.bridgeToTcp(stream, []), foreign);
});

Deno.test("a closed listener resets who waits, and bridges go on", async () => {
  using origin = openOrigin();
  await using pair = await openPair();
  const { forwarder } = pair.client;
  const listener = await forwarder.listen({ ip: "127.0.0.1", port: 0 });
  const { port } = listener.address;
  using bridged = await Deno.connect({ hostname: "127.0.0.1", port });
  forwarder.bridgeToSession(present(await listener.accept()), pair.near, HEAD);
  const stream = present(await inTime(pair.far.acceptStream(), "a stream"));
  pair.server.forwarder.bridgeToTcp(stream, [origin.target]);
  using server = await origin.accept();
  using waiting = await Deno.connect({ hostname: "127.0.0.1", port });
  listener.close();
  listener.close();
  assert.equal(await readToEnd(waiting), "reset");
  assert.equal(await listener.accept(), null);
  await writeAll(bridged, text("on"));
  await bridged.closeWrite();
  assert.deepEqual(await readToEnd(server), text("on"));
  await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port }));
});

Deno.test("a connection that is reset tells its client", async () => {
  await using pair = await openPair();
  const listener = await pair.client.forwarder.listen({ ip: "::1", port: 0 });
  using client = await Deno.connect({ hostname: "::1", port: listener.address.port });
  const connection = present(await inTime(listener.accept(), "a connection"));
  assert.equal(connection.remoteAddress.ip, "::1");
  connection.reset();
  connection.reset();
  assert.equal(await readToEnd(client), "reset");
  const { forwarder } = pair.client;
  assert.throws(() => forwarder.bridgeToSession(connection, pair.near, HEAD), {
    code: "failed_precondition",
  });
});

Deno.test("1,024 connections wait, further ones are reset", async () => {
  await using pair = await openPair();
  const listener = await pair.client.forwarder.listen({ ip: "127.0.0.1", port: 0 });
  const { port } = listener.address;
  const clients: Deno.TcpConn[] = [];
  for (let count = 0; count < 1_024; count++) {
    clients.push(await Deno.connect({ hostname: "127.0.0.1", port }));
  }
  assert.equal(await connectAndRead(port), "reset");
  present(await inTime(listener.accept(), "a connection")).reset();
  assert.equal(await readToEnd(present(clients[0])), "reset");
  for (const client of clients) client.close();
});

Deno.test("a port that is taken is said to be", async () => {
  using origin = openOrigin();
  await using pair = await openPair();
  await assert.rejects(pair.client.forwarder.listen(origin.target), { code: "already_exists" });
  await assert.rejects(pair.client.forwarder.listen({ ip: "nowhere", port: 1 }), {
    code: "invalid_argument",
  });
});
