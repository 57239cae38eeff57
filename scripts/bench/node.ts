// What a node costs and how long a newcomer waits: memory alone and with ten peers, CPU while idle,
// the time from `join` to the first byte through a new tunnel, and `status` beside a bare call.
//
//   deno task bench:node [--rounds N] [--idle-seconds N]

import { parseArgs } from "node:util";
import { Daemon, type Place, pollenOk, TemporaryFolder, until } from "../support/pollen_process.ts";

const PEERS = 10;
const LOCAL = ["--port", "0", "--ips", "127.0.0.1"] as const;
/** Clock ticks per second in /proc (USER_HZ, which Linux fixes at 100 for user space). */
const TICKS_PER_SECOND = 100;

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    "idle-seconds": { type: "string", default: "20" },
  },
});
const rounds = Number(options.rounds);
const idleSeconds = Number(options["idle-seconds"]);

function residentMegabytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]) / 1024;
}

function cpuSeconds(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function join(folder: TemporaryFolder, name: string, root: Daemon): Promise<Daemon> {
  const place = { dir: await folder.folder(name) };
  const token = await pollenOk(root.place, ["invite"]);
  await pollenOk(place, ["join", "--no-start", token]);
  return await Daemon.up(place, LOCAL);
}

async function connectedPeers(place: Place): Promise<number> {
  const { peers } = JSON.parse(await pollenOk(place, ["status", "--json"]));
  return peers.filter((peer: { status: string }) => peer.status === "online").length;
}

/** From `join` on a fresh machine to the first byte of an answer through a tunnel to it, in milliseconds. */
async function joinToFirstByte(
  folder: TemporaryFolder,
  round: number,
  root: Daemon,
): Promise<number> {
  using origin = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of origin) {
      await connection.write(new TextEncoder().encode("x"));
      connection.close();
    }
  })();
  const name = `first-byte-${round}`;
  const start = performance.now();
  await using newcomer = await join(folder, name, root);
  await pollenOk(newcomer.place, ["serve", String(origin.addr.port), name]);
  const forward = await until("the service is known", async () => {
    const { services } = JSON.parse(await pollenOk(root.place, ["status", "--json"]));
    const isKnown = services.some((service: { name: string }) => service.name === name);
    return isKnown ? await pollenOk(root.place, ["connect", name]) : null;
  });
  using connection = await Deno.connect({ port: Number(/127\.0\.0\.1:(\d+)/.exec(forward)![1]) });
  await connection.read(new Uint8Array(1));
  const ms = performance.now() - start;
  origin.close();
  await serving;
  return ms;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

await using folder = await TemporaryFolder.make();
const place = { dir: await folder.folder("root") };
await pollenOk(place, ["init"]);
await using root = await Daemon.up(place, LOCAL);
console.log(
  `memory with 0 peers                       ${residentMegabytes(root.pid).toFixed(0)} MB`,
);

const firstBytes: number[] = [];
for (let round = 0; round < rounds; round++) {
  firstBytes.push(await joinToFirstByte(folder, round, root));
}
console.log(
  `join to the first byte of a new tunnel    ${
    median(firstBytes).toFixed(0)
  } ms (five commands, median of ${rounds})`,
);

await using members = new AsyncDisposableStack();
for (let index = 0; index < PEERS; index++) members.use(await join(folder, `peer-${index}`, root));
await until("all are connected", async () => (await connectedPeers(place)) >= PEERS ? true : null);
console.log(
  `memory with ${PEERS} peers                      ${residentMegabytes(root.pid).toFixed(0)} MB`,
);

const before = cpuSeconds(root.pid);
await new Promise((resolve) => setTimeout(resolve, idleSeconds * 1000));
const share = (cpuSeconds(root.pid) - before) / idleSeconds * 100;
console.log(
  `CPU while idle with ${PEERS} peers              ${
    share.toFixed(2)
  } % of a core over ${idleSeconds} s`,
);
