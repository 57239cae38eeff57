// Extra sockets: sessions that are dialled over one, accepted from one and moved to one.

import assert from "node:assert/strict";
import { socketWay } from "../../lib/types/mod.ts";
import {
  ALPN,
  inTime,
  openPair,
  openStranger,
  openStreamPair,
  openTestEngine,
  pattern,
  present,
  protocol,
  readAll,
  sha256,
  startTransfer,
  until,
} from "./support.ts";

const EXTRA_SOCKETS_MAX = 512;
const LOOPBACK = "127.0.0.1";

Deno.test("a session is dialled over an extra socket, and raw packets go over it", async () => {
  await using client = await openTestEngine();
  await using server = await openTestEngine();
  const socket = await client.openSocket();
  const way = socketWay(socket.number, server.localAddress);
  const [near, accepted] = await Promise.all([
    client.dial(way, { alpn: ALPN, timeoutMs: 10_000 }),
    inTime(server.accept(), "a session"),
  ]);
  const far = present(accepted);
  assert.deepEqual(near.remoteAddress, way);
  assert.deepEqual(far.remoteAddress, { ip: LOOPBACK, port: socket.port });
  near.admit();
  far.admit();
  const { ours, theirs } = await openStreamPair({ near, far });
  await ours.write(pattern(100_000));
  ours.finish();
  assert.equal(sha256(await readAll(theirs)), sha256(pattern(100_000)));

  client.sendRaw(way, Uint8Array.of(1, 2, 3));
  const asked = present(await inTime(server.receiveRaw(), "a raw packet"));
  assert.deepEqual(asked, { from: far.remoteAddress, bytes: Uint8Array.of(1, 2, 3) });
  server.sendRaw(asked.from, Uint8Array.of(5));
  const answered = present(await inTime(client.receiveRaw(), "the answer"));
  assert.deepEqual(answered, { from: way, bytes: Uint8Array.of(5) });
  assert.throws(() => client.sendRaw(way, Uint8Array.of(4, 6)), { code: "invalid_argument" });
});

Deno.test("who reaches an extra socket is accepted over it", async () => {
  await using client = await openTestEngine();
  await using server = await openTestEngine([protocol()], { address: { ip: "::", port: 0 } });
  const socket = await server.openSocket();
  const [, accepted] = await Promise.all([
    client.dial({ ip: LOOPBACK, port: socket.port }, { alpn: ALPN, timeoutMs: 10_000 }),
    inTime(server.accept(), "a session"),
  ]);
  const far = present(accepted);
  assert.deepEqual(far.remoteAddress, socketWay(socket.number, client.localAddress));
});

Deno.test("a running transfer moves to an extra socket and back", async () => {
  for (const mover of ["near", "far"] as const) {
    await using pair = await openPair([protocol({ movesPaths: true })]);
    const [engine, session, other] = mover === "near"
      ? [pair.client, pair.near, pair.far]
      : [pair.server, pair.far, pair.near];
    const direct = session.remoteAddress;
    // The other end follows to wherever packets come from.
    const following = (async () => {
      for (let from; (from = await other.nextStray()) !== null;) other.setPath(from);
    })();
    const transfer = await startTransfer(pair);
    const socket = await engine.openSocket();
    for (let round = 0; round < 2; round++) {
      session.setPath(socketWay(socket.number, direct));
      await until(() => other.remoteAddress.port === socket.port, "the move to the extra socket");
      await transfer.goesOn();
      session.setPath(direct);
      await until(() => other.remoteAddress.port === engine.localAddress.port, "the way back");
      await transfer.goesOn();
    }
    await transfer.finish();
    pair.near.close("");
    await inTime(following, "the end of the session");
  }
});

Deno.test("what goes over a socket that is closed is lost, and the session goes on elsewhere", async () => {
  await using client = await openTestEngine([protocol({ movesPaths: true })]);
  await using server = await openTestEngine([protocol({ movesPaths: true })]);
  const socket = await client.openSocket();
  const way = socketWay(socket.number, server.localAddress);
  const [near, accepted] = await Promise.all([
    client.dial(way, { alpn: ALPN, timeoutMs: 10_000 }),
    inTime(server.accept(), "a session"),
  ]);
  const far = present(accepted);
  near.admit();
  far.admit();
  socket.close();
  socket.close();
  await until(() => client.stats().extraSockets === 0, "the end of the socket");
  const dialled = client.dial(way, { alpn: ALPN, timeoutMs: 10_000 });
  await assert.rejects(dialled, { code: "unreachable" });
  near.setPath(server.localAddress);
  far.setPath(client.localAddress);
  const { ours, theirs } = await openStreamPair({ near, far });
  ours.finish();
  assert.equal((await readAll(theirs)).length, 0);
});

Deno.test("an engine has 512 extra sockets at most, of which each hears its own packets", async () => {
  await using engine = await openTestEngine();
  await using stranger = await openStranger();
  const sockets = await Promise.all(
    Array.from({ length: EXTRA_SOCKETS_MAX }, () => engine.openSocket()),
  );
  assert.equal(new Set(sockets.map(({ port }) => port)).size, EXTRA_SOCKETS_MAX);
  await assert.rejects(engine.openSocket(), { code: "exhausted" });
  for (const { number, port } of [sockets[0]!, sockets[255]!, sockets[511]!]) {
    await stranger.send(Uint8Array.of(1, number & 255), { ip: LOOPBACK, port });
    const packet = present(await inTime(engine.receiveRaw(), "a raw packet"));
    assert.deepEqual(packet.from, socketWay(number, stranger.address));
  }
  sockets[7]!.close();
  assert.equal((await engine.openSocket()).number, sockets[7]!.number);
});

Deno.test("an engine of one IPv6 address has no extra sockets, and a closed one neither", async () => {
  const engine = await openTestEngine([protocol()], { address: { ip: "::1", port: 0 } });
  await assert.rejects(engine.openSocket(), { code: "unsupported" });
  await engine.close("");
  await assert.rejects(engine.openSocket(), { code: "closed" });
});
