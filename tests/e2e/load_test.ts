// What tunnels stand: many connections, idle ones, slow readers, dead origins and aborted uploads,
// and everything as before afterwards. A tenth of it by default, all of it with POLLEN_FULL=1.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Pair } from "./support/network.ts";
import {
  close,
  hashingOrigin,
  Origin,
  outcome,
  patternChunks,
  patternHash,
  readHash,
  readText,
  sendingOrigin,
  writeAll,
} from "./support/tcp.ts";

const isFull = Deno.env.get("POLLEN_FULL") === "1";
const SCALE = isFull ? 1 : 0.1;
const BULK_BYTES = Math.round(2 ** 30 * SCALE);
const SHORT_CONNECTIONS = 10_000 * SCALE;
const CONCURRENCY = 50;
const IDLE_CONNECTIONS = 1_000 * SCALE;
const FAILURES = 1_000 * SCALE;
/** What a daemon may grow by while a reader does not read. */
const SLOW_READER_GROWTH_BYTES = 64 * 2 ** 20;

/** Answers each line with itself. */
async function echo(connection: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(4096);
  for (let count; (count = await connection.read(buffer)) !== null;) {
    await writeAll(connection, buffer.subarray(0, count));
  }
  await connection.closeWrite();
}

async function say(connection: Deno.TcpConn, word: string): Promise<string> {
  await writeAll(connection, new TextEncoder().encode(word));
  const buffer = new Uint8Array(word.length);
  for (let at = 0; at < buffer.length;) {
    const count = await connection.read(buffer.subarray(at));
    if (count === null) return "the end";
    at += count;
  }
  return new TextDecoder().decode(buffer);
}

/** Does the work again and again, so many times at once; each round knows its number. */
async function repeat(count: number, work: (round: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, count) }, worker));
}

function residentBytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1];
  return Number(kilobytes) * 1024;
}

function openFiles(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

async function moveBulk(
  pair: Pair,
  ports: { readonly up: number; readonly down: number },
): Promise<void> {
  using up = await Deno.connect({ port: ports.up });
  for (const chunk of patternChunks(BULK_BYTES)) await writeAll(up, chunk);
  await up.closeWrite();
  equal(await readText(up), `${patternHash(BULK_BYTES)} ${BULK_BYTES}`, pair.root.log.join("\n"));
  using down = await Deno.connect({ port: ports.down });
  deepEqual(await readHash(down), { hash: patternHash(BULK_BYTES), length: BULK_BYTES });
}

Deno.test("what tunnels stand", async (t) => {
  await using pair = await Pair.start();
  await using echoing = new Origin(echo);
  await using hashing = new Origin(hashingOrigin);
  await using sending = new Origin(sendingOrigin(BULK_BYTES));
  const gone = new Origin(echo);
  const echoPort = await pair.tunnel(echoing.port, "echo");
  const ports = {
    up: await pair.tunnel(hashing.port, "up"),
    down: await pair.tunnel(sending.port, "down"),
  };
  const deadPort = await pair.tunnel(gone.port, "dead");
  await gone[Symbol.asyncDispose]();

  await t.step("bulk both ways, whole", () => moveBulk(pair, ports));

  await t.step("many short connections", async () => {
    await repeat(SHORT_CONNECTIONS, async (round) => {
      const connection = await Deno.connect({ port: echoPort });
      await writeAll(connection, new TextEncoder().encode(`round ${round}`));
      await connection.closeWrite();
      equal(await readText(connection), `round ${round}`);
    });
  });

  await t.step("idle connections are held while others work", async () => {
    const idle = await Promise.all(
      Array.from({ length: IDLE_CONNECTIONS }, () => Deno.connect({ port: echoPort })),
    );
    for (const connection of idle) equal(await say(connection, "first"), "first");
    await moveBulk(pair, ports);
    for (const connection of idle) {
      equal(await say(connection, "still there"), "still there");
      connection.close();
    }
  });

  await t.step("a slow reader costs the daemons no memory", async () => {
    const before = [pair.root, pair.member].map(({ pid }) => residentBytes(pid));
    using slow = await Deno.connect({ port: ports.down });
    await slow.read(new Uint8Array(1));
    // While it does not read, others do; the bytes that wait for it must wait at their origin.
    await moveBulk(pair, ports);
    for (const [index, { pid }] of [pair.root, pair.member].entries()) {
      const growth = residentBytes(pid) - before[index]!;
      ok(growth < SLOW_READER_GROWTH_BYTES, `${growth} bytes more`);
    }
    equal((await readHash(slow)).length, BULK_BYTES - 1);
  });

  await t.step("failed forwards and aborted uploads leave nothing behind", async () => {
    const files = [pair.root, pair.member].map(({ pid }) => openFiles(pid));
    await repeat(FAILURES, async () => match(await outcome(deadPort), /reset/i));
    await repeat(FAILURES, async () => {
      const connection = await Deno.connect({ port: ports.up });
      for (const chunk of patternChunks(256 * 1024)) await writeAll(connection, chunk);
      // Closing with the answer unread and the upload unfinished resets the connection.
      close(connection);
    });
    await moveBulk(pair, ports);
    using connection = await Deno.connect({ port: echoPort });
    equal(await say(connection, "as before"), "as before");
    for (const [index, { pid }] of [pair.root, pair.member].entries()) {
      // A few sockets of the last transfers may still be closing.
      ok(
        openFiles(pid) <= files[index]! + 16,
        `${openFiles(pid)} open files, ${files[index]} before`,
      );
    }
  });
});
