// Fair shares: a transfer that runs, or stands still, stops nobody else.

import assert from "node:assert/strict";
import { inTime, MORE_THAN_WINDOWS, pattern, sha256, until } from "./support.ts";
import { openOrigin, openTunnel, readToEnd, writeAll } from "./tunnel.ts";

const ECHOES = 200;
/** Readers who stall at once, and what each of them leaves in the engine: a stream's window. */
const STALLED = 16;
const STREAM_WINDOW = 8 * 1024 * 1024;

/** What comes back through the connection for 64 bytes. */
async function echo(connection: Deno.TcpConn, bytes: Uint8Array): Promise<Uint8Array> {
  await writeAll(connection, bytes);
  const back = new Uint8Array(bytes.length);
  for (let at = 0; at < back.length;) {
    const count = await inTime(connection.read(back.subarray(at)), "the echo");
    if (count === null) throw new Error("the echo ended");
    at += count;
  }
  return back;
}

for (const isRead of [true, false]) {
  const name = isRead ? "runs" : "stands still because nobody reads";
  Deno.test(`an echo is answered beside a transfer that ${name}`, async () => {
    using origin = openOrigin();
    await using tunnel = await openTunnel([origin.target]);
    using bulk = await tunnel.connect();
    using atOrigin = await origin.accept();
    let moved = 0;
    const writing = (async () => {
      const block = pattern(1 << 20);
      while (true) await writeAll(bulk, block);
    })().catch(() => {});
    const reading = (async () => {
      const buffer = new Uint8Array(1 << 18);
      for (let count; isRead && (count = await atOrigin.read(buffer)) !== null;) moved += count;
    })().catch(() => {});

    using client = await tunnel.connect();
    using server = await origin.accept();
    const answering = server.readable.pipeTo(server.writable).catch(() => {});
    const before = moved;
    for (let round = 0; round < ECHOES; round++) {
      const bytes = pattern(64, round + 1);
      assert.deepEqual(await echo(client, bytes), bytes);
    }
    if (isRead) assert.ok(moved > before, "the transfer stood still");
    for (const bridges of [tunnel.nearBridges, tunnel.farBridges]) {
      for (const bridge of [await bridges.next("a bridge"), await bridges.next("another")]) {
        bridge.abort();
        await inTime(bridge.ended, "the end of a bridge");
      }
    }
    await inTime(Promise.all([writing, reading, answering]), "the ends of all");
  });
}

Deno.test("beside sixteen readers who stall an echo and a transfer of the same session go on", async () => {
  using origin = openOrigin();
  await using tunnel = await openTunnel([origin.target]);
  await using stalled = new AsyncDisposableStack();
  const writing: Promise<void>[] = [];
  for (let count = 0; count < STALLED; count++) {
    const client = stalled.use(await tunnel.connect());
    stalled.use(await origin.accept());
    writing.push(writeAll(client, MORE_THAN_WINDOWS).catch(() => {}));
  }
  const { server } = tunnel.pair;
  const held = STALLED * STREAM_WINDOW;
  await until(() => server.stats().udpBytesReceived > held, "what the readers leave unread");

  using client = await tunnel.connect();
  using far = await origin.accept();
  const answering = far.readable.pipeTo(far.writable).catch(() => {});
  const bytes = pattern(64);
  for (let round = 0; round < ECHOES; round++) {
    assert.deepEqual(await echo(client, bytes), bytes);
  }
  using upload = await tunnel.connect();
  using target = await origin.accept();
  const whole = pattern(MORE_THAN_WINDOWS.length);
  const sending = writeAll(upload, whole).then(() => upload.closeWrite());
  const received = await readToEnd(target);
  assert.ok(received !== "reset");
  assert.equal(sha256(received), sha256(whole));
  await sending;
  await tunnel.pair.near.close("over");
  await inTime(Promise.all([...writing, answering]), "the ends of all");
});
