// What each kind of file costs beside `deno run main.ts`: its size, the first start on a machine, every
// later one, and the memory of a node. In turns in one run; medians.
//
//   deno task bench:start [--rounds N]
//
// Exits 1 when the portable file is larger than its mark, or `pollen version` slower.

import { parseArgs } from "node:util";
import { buildPortable } from "../portable/build.ts";
import { targetCalled } from "../portable/targets.ts";
import {
  Daemon,
  type Place,
  pollenCommand,
  pollenOk,
  ROOT,
  sourceProgram,
  TemporaryFolder,
} from "../support/pollen_process.ts";

/** A file that people download. Bytes. */
const FILE_BYTES_MARK = 50 * 1000 * 1000;
/** `pollen version` takes at most this many times as long as `deno eval 0`. */
const VERSION_RATIO_MARK = 2;
/** First starts write the whole program to disk: a few tell enough. */
const FIRST_ROUNDS = 3;

const { values: options } = parseArgs({ options: { rounds: { type: "string", default: "20" } } });
const rounds = Number(options.rounds);

async function timed(
  [program, ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const startedAt = performance.now();
  const command = new Deno.Command(program!, { args, env, stdin: "null", stderr: "piped" });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return performance.now() - startedAt;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

async function repeated(count: number, measure: (round: number) => Promise<number>) {
  const values: number[] = [];
  for (let round = 0; round < count; round++) values.push(await measure(round));
  return median(values);
}

function residentMegabytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]) / 1024;
}

await using folder = await TemporaryFolder.make();
const file = `${folder.path}/pollen`;
const { bytes } = await buildPortable(targetCalled(Deno.build.target), file);
const portable = { POLLEN_CACHE_DIR: `${folder.path}/cache` };
const kinds: readonly { name: string; program: string[]; env: Record<string, string> }[] = [
  { name: "portable", program: [file], env: portable },
  { name: "source", program: sourceProgram(ROOT), env: {} },
];

const milliseconds = (value: number) => `${value.toFixed(0)} ms`;
const table = new Map<string, Record<string, string>>();
for (const { name, program, env } of kinds) {
  const place: Place = { dir: await folder.folder(name), program, env };
  await pollenOk(place, ["init"]);
  await using node = await Daemon.up(place, ["--port", "0", "--ips", "127.0.0.1"]);
  const words = pollenCommand(place, ["status"]);
  await timed(words, env);
  table.set(name, {
    size: name === "portable" ? `${(bytes / 1e6).toFixed(1)} MB` : "– (a checkout)",
    "first start": name === "portable"
      ? milliseconds(
        await repeated(
          FIRST_ROUNDS,
          (round) => timed([...program, "--help"], { POLLEN_CACHE_DIR: `${folder.path}/${round}` }),
        ),
      )
      : "– (fetches its packages)",
    "status, warm": milliseconds(await repeated(rounds, () => timed(words, env))),
    "node's memory": `${residentMegabytes(node.pid).toFixed(0)} MB`,
  });
}
table.set(
  "compiled",
  Object.fromEntries(
    ["size", "first start", "status, warm", "node's memory"].map((key) => [key, "– (no denort)"]),
  ),
);

const times = { version: [] as number[], eval: [] as number[] };
for (let round = 0; round < rounds; round++) {
  times.version.push(await timed([file, "version"], portable));
  times.eval.push(await timed([Deno.execPath(), "eval", "0"]));
}
const [version, bare] = [median(times.version), median(times.eval)];

console.table(Object.fromEntries(table));
console.log(
  `pollen version: ${version.toFixed(1)} ms, deno eval 0: ${bare.toFixed(1)} ms, ` +
    `${(version / bare).toFixed(2)} times (mark ${VERSION_RATIO_MARK})`,
);
if (bytes > FILE_BYTES_MARK) {
  console.error(`The portable file has ${bytes} bytes; the mark is ${FILE_BYTES_MARK}.`);
  Deno.exitCode = 1;
}
if (version / bare > VERSION_RATIO_MARK) {
  console.error(`pollen version is slower than its mark.`);
  Deno.exitCode = 1;
}
