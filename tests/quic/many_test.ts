// Many tunnels on one session at once, after many that came and went.

import assert from "node:assert/strict";
import { inTime } from "./support.ts";
import { openOrigin, openTunnel, type Tunnel, writeAll } from "./tunnel.ts";

const SHORT_TUNNELS = 10_000;
const OPEN_TUNNELS = 4_000;
/** Connections that are being made at once. */
const CONCURRENCY = 64;

/** Does the work so many times, some at once; gives what each round gave. */
async function repeat<T>(count: number, work: (round: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) results.push(await work(next++));
  };
  await inTime(Promise.all(Array.from({ length: CONCURRENCY }, worker)), `${count} tunnels`);
  return results;
}

/** What the origin answers to four bytes: the same. */
async function echoed(connection: Deno.TcpConn, round: number): Promise<number> {
  const bytes = new Uint8Array(new Uint32Array([round]).buffer);
  await writeAll(connection, bytes);
  bytes.fill(0);
  for (let at = 0; at < bytes.length;) {
    const count = await connection.read(bytes.subarray(at));
    assert.notEqual(count, null, "the tunnel ended");
    at += count!;
  }
  return new Uint32Array(bytes.buffer)[0]!;
}

async function echo(connection: Deno.TcpConn): Promise<void> {
  using _ = connection;
  const buffer = new Uint8Array(64);
  for (let count; (count = await connection.read(buffer)) !== null;) {
    await writeAll(connection, buffer.subarray(0, count));
  }
}

/** Lets go of the bridges, which `openTunnel` keeps for who asks. */
async function forget(tunnel: Tunnel, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await tunnel.nearBridges.next("a near bridge");
    await tunnel.farBridges.next("a far bridge");
  }
}

Deno.test("4,000 tunnels are open at once after 10,000 short ones, and each echoes", async () => {
  using origin = openOrigin();
  await using tunnel = await openTunnel([origin.target]);
  const echoing = (async () => {
    const connections: Promise<void>[] = [];
    for (let index = 0; index < SHORT_TUNNELS + OPEN_TUNNELS; index++) {
      connections.push(echo(await origin.accept()));
    }
    await Promise.all(connections);
  })();

  await repeat(SHORT_TUNNELS, async (round) => {
    using connection = await tunnel.connect();
    assert.equal(await echoed(connection, round), round);
    await forget(tunnel, 1);
  });
  const open = await repeat(OPEN_TUNNELS, async (round) => {
    const connection = await tunnel.connect();
    assert.equal(await echoed(connection, round), round);
    return connection;
  });
  assert.ok(tunnel.pair.client.stats().bridges >= OPEN_TUNNELS);
  for (const [index, connection] of open.entries()) {
    assert.equal(await echoed(connection, index), index);
    connection.close();
  }
  await inTime(echoing, "the end of the tunnels");
});
