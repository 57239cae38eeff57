// The JavaScript thread of both daemons stands still: tunnels go on, and new ones begin.

import { deepEqual, equal } from "node:assert/strict";
import {
  Daemon,
  type Place,
  pollenOk,
  ROOT,
  sourceProgram,
  TemporaryFolder,
  until,
} from "../../scripts/support/pollen_process.ts";
import { inTime } from "../quic/support.ts";
import { connectService, LOCAL, status } from "./support/network.ts";
import { Origin, writeAll } from "./support/tcp.ts";

const BLOCKER = new URL("support/block_on_signal.ts", import.meta.url).href;
const FRESH_CONNECTIONS = 50;
/** More than all windows and buffers between the ends hold. */
const BULK_BYTES = 256 * 2 ** 20;

function exists(place: Place, name: string): boolean {
  return [...Deno.readDirSync(place.dir)].some((entry) => entry.name === name);
}

/** Stops the JavaScript thread of the daemon; what to call to let it go on. */
async function block(daemon: Daemon): Promise<() => void> {
  Deno.kill(daemon.pid, "SIGUSR2");
  const { place } = daemon;
  await until("the thread stands still", () => Promise.resolve(exists(place, "blocked") || null));
  return () => {
    deepEqual(["go", "gave up"].filter((name) => exists(place, name)), []);
    Deno.writeTextFileSync(`${place.dir}/go`, "");
  };
}

async function readSome(connection: Deno.TcpConn, length: number): Promise<void> {
  const buffer = new Uint8Array(1 << 18);
  for (let at = 0; at < length;) {
    const count = await inTime(connection.read(buffer), "bytes of the transfer");
    if (count === null) throw new Error("the transfer ended");
    at += count;
  }
}

/** What the service behind the port answers to a word: the same, then its end. */
async function ask(port: number, word: string): Promise<string> {
  using connection = await Deno.connect({ port });
  await writeAll(connection, new TextEncoder().encode(word));
  await connection.closeWrite();
  let answer = "";
  const buffer = new Uint8Array(100);
  for (;;) {
    const count = await inTime(connection.read(buffer), `the answer to ${word}`);
    if (count === null) return answer;
    answer += new TextDecoder().decode(buffer.subarray(0, count));
  }
}

Deno.test({
  name: "while JavaScript stands still at both ends, a transfer goes on and new connections work",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await TemporaryFolder.make();
    const [deno, run, ...rest] = sourceProgram(ROOT);
    const program = [deno!, run!, "--preload", BLOCKER, ...rest];
    const place = async (name: string) => ({ dir: await folder.folder(name), program });
    const [a, b] = [await place("a"), await place("b")];
    await pollenOk(a, ["init"]);
    await using root = await Daemon.up(a, LOCAL);
    await pollenOk(b, ["join", "--no-start", await pollenOk(a, ["invite"])]);
    await using member = await Daemon.up(b, LOCAL);
    await member.waitForLog(/peer connected/);
    await using echo = new Origin(async (connection) => {
      const buffer = new Uint8Array(100);
      for (let count; (count = await connection.read(buffer)) !== null;) {
        await writeAll(connection, buffer.subarray(0, count));
      }
      await connection.closeWrite();
    });
    await using source = new Origin(async (connection) => {
      const block = new Uint8Array(1 << 20);
      while (true) await writeAll(connection, block);
    });
    for (const [{ port }, name] of [[echo, "echo"], [source, "source"]] as const) {
      await pollenOk(b, ["serve", String(port), name]);
    }
    const echoPort = await connectService(a, "echo");
    using transfer = await Deno.connect({ port: await connectService(a, "source") });
    await readSome(transfer, 1);

    const unblock = [await block(root), await block(member)];
    for (let round = 0; round < FRESH_CONNECTIONS; round++) {
      equal(await ask(echoPort, `round ${round}`), `round ${round}`);
    }
    await readSome(transfer, BULK_BYTES);
    for (const go of unblock) go();

    // What went on meanwhile is heard of now, and nothing of it failed.
    const { forwards } = await status(a);
    deepEqual(forwards.map(({ lastFailure }) => lastFailure), [null, null]);
    equal(await ask(echoPort, "after"), "after");
  },
});
