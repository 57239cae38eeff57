// A registry under load: 10,000 agents with a heartbeat every 5 s, what the list of them costs beside
// a bare server of the same bytes, and how soon it is there again after a restart.
//
//   deno task bench:registry [--agents N] [--seconds N]

import { parseArgs } from "node:util";
import { ROOT, TemporaryFolder } from "../../support/pollen_process.ts";
import { startRegistry } from "../../support/registry_process.ts";
import { join } from "../../paths.ts";
import { cpuSeconds, median, percentile, residentBytes } from "../transport/figures.ts";
import { Agents } from "./load.ts";

const INTERVAL_MS = 5_000;
/** Requests under way at a time, and how long each of the rounds takes. */
const READERS = 4;
const ROUND_MS = 3_000;
const ROUNDS = 3;

const { values: options } = parseArgs({
  options: {
    agents: { type: "string", default: "10000" },
    seconds: { type: "string", default: "30" },
  },
});
const count = Number(options.agents);
const durationMs = Number(options.seconds) * 1000;

function print(what: string, value: string): void {
  console.log(`${what.padEnd(52)} ${value}`);
}

function quantiles(latencies: readonly number[]): string {
  return [["p50", 50], ["p99", 99], ["max", 100]].map(([name, percent]) =>
    `${name} ${percentile(latencies, Number(percent)).toFixed(1)}`
  ).join(", ") + " ms";
}

function megabytes(pid: number): string {
  return `${(residentBytes(pid) / 1e6).toFixed(0)} MB`;
}

/** Asks again and again from a few readers; latencies in milliseconds, and answers per second. */
async function read(url: string): Promise<{ latencies: number[]; perSecond: number }> {
  const latencies: number[] = [];
  const start = performance.now();
  await Promise.all(Array.from({ length: READERS }, async () => {
    while (performance.now() - start < ROUND_MS) {
      const asked = performance.now();
      await (await fetch(url)).arrayBuffer();
      latencies.push(performance.now() - asked);
    }
  }));
  const perSecond = latencies.length / (performance.now() - start) * 1000;
  return { latencies, perSecond };
}

async function bareServe(path: string): Promise<{ url: string; child: Deno.ChildProcess }> {
  const script = join(ROOT, "scripts", "bench", "registry", "bare_serve.ts");
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", script, path],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return { url: `http://127.0.0.1:${value!.trim()}/`, child };
}

await using folder = await TemporaryFolder.make();
const place = { dir: await folder.folder("registry") };
{
  await using registry = await startRegistry(place);
  print("memory with no nodes", megabytes(registry.pid));
  using agents = new Agents(registry.port, count);
  print("registrations, each on disk", `${(await agents.register()).toFixed(0)} a second`);

  const cpu = cpuSeconds(registry.pid);
  const { latencies, failures } = await agents.beat(INTERVAL_MS, durationMs);
  const share = (cpuSeconds(registry.pid) - cpu) / durationMs * 100_000;
  print(`Heartbeat, ${count} agents every 5 s`, quantiles(latencies));
  print("  that failed", String(failures));
  print("  CPU", `${share.toFixed(0)} % of a core`);
  print("  memory", megabytes(registry.pid));

  const url = `http://127.0.0.1:${registry.httpPort}/api/nodes`;
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const path = `${folder.path}/nodes.json`;
  await Deno.writeFile(path, bytes);
  const bare = await bareServe(path);
  try {
    const rounds: {
      ours: Awaited<ReturnType<typeof read>>;
      bare: Awaited<ReturnType<typeof read>>;
    }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push({ ours: await read(url), bare: await read(bare.url) });
    }
    const all = (which: "ours" | "bare") => rounds.flatMap((round) => round[which].latencies);
    const rate = (which: "ours" | "bare") => median(rounds.map((round) => round[which].perSecond));
    const size = (bytes.length / 1e6).toFixed(1);
    print(
      `GET /api/nodes, ${size} MB`,
      `${quantiles(all("ours"))}; ${rate("ours").toFixed(0)} a second`,
    );
    print(
      "  a bare Deno.serve of the same bytes",
      `${quantiles(all("bare"))}; ${rate("bare").toFixed(0)} a second`,
    );
    print("  share of the bare one's rate", (rate("ours") / rate("bare")).toFixed(2));
  } finally {
    bare.child.kill("SIGTERM");
    await bare.child.status;
  }
  await registry.end("SIGKILL");
}
const started = performance.now();
await using again = await startRegistry(place);
const listed = await (await fetch(`http://127.0.0.1:${again.httpPort}/api/nodes?offline=true`))
  .json();
print(
  `start with ${listed.length} stored, after kill -9, to the list`,
  `${(performance.now() - started).toFixed(0)} ms`,
);
