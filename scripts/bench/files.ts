// What each kind of file costs beside `deno run main.ts`: its size, the first start on a machine, every
// later one, and the memory of a node. In turns in one run; medians.
//
//   deno task bench:start [--rounds N] [--denort-sha256 HASH]
//
// The compiled kind is there when a denort is (see scripts/compile.ts). Exits 1 when the portable file is larger than its mark, or `pollen version` slower.

import { parseArgs } from "node:util";
import { buildCompiled } from "../compiled/build.ts";
import { DENORT_VARIABLE, findDenort } from "../compiled/denort.ts";
import { buildPortable, type Built } from "../portable/build.ts";
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

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    "denort-sha256": { type: "string" },
  },
});
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
const target = targetCalled(Deno.build.target);
const portable = await buildPortable(target, `${folder.path}/pollen`);
const env = { POLLEN_CACHE_DIR: `${folder.path}/cache` };

/** The compiled file, or why there is none. */
async function compiledFile(): Promise<Built | string> {
  try {
    const named = Deno.env.get(DENORT_VARIABLE);
    const denort = await findDenort(target, options["denort-sha256"], named);
    return await buildCompiled(target, denort, `${folder.path}/compiled`);
  } catch (error) {
    return (error as Error).message;
  }
}

/** One row: what a program costs. */
async function measure(name: string, program: string[], file: Built | null) {
  const place: Place = { dir: await folder.folder(name), program, env };
  await pollenOk(place, ["init"]);
  await using node = await Daemon.up(place, ["--port", "0", "--ips", "127.0.0.1"]);
  const words = pollenCommand(place, ["status"]);
  await timed(words, env);
  const firstStart = (round: number) =>
    timed([...program, "--help"], { POLLEN_CACHE_DIR: `${folder.path}/${name}-${round}` });
  return {
    size: file === null ? "– (a checkout)" : `${(file.bytes / 1e6).toFixed(1)} MB`,
    "first start": file === null
      ? "– (fetches its packages)"
      : milliseconds(await repeated(FIRST_ROUNDS, firstStart)),
    "status, warm": milliseconds(await repeated(rounds, () => timed(words, env))),
    "node's memory": `${residentMegabytes(node.pid).toFixed(0)} MB`,
  };
}

const milliseconds = (value: number) => `${value.toFixed(0)} ms`;
const compiled = await compiledFile();
const table = {
  portable: await measure("portable", [portable.path], portable),
  ...(typeof compiled === "string"
    ? {}
    : { compiled: await measure("compiled", [compiled.path], compiled) }),
  source: await measure("source", sourceProgram(ROOT), null),
};

const times = { version: [] as number[], eval: [] as number[] };
for (let round = 0; round < rounds; round++) {
  times.version.push(await timed([portable.path, "version"], env));
  times.eval.push(await timed([Deno.execPath(), "eval", "0"]));
}
const [version, bare] = [median(times.version), median(times.eval)];

console.table(table);
if (typeof compiled === "string") console.log(`compiled: not measured. ${compiled}`);
console.log(
  `pollen version: ${version.toFixed(1)} ms, deno eval 0: ${bare.toFixed(1)} ms, ` +
    `${(version / bare).toFixed(2)} times (mark ${VERSION_RATIO_MARK})`,
);
if (portable.bytes > FILE_BYTES_MARK) {
  console.error(`The portable file has ${portable.bytes} bytes; the mark is ${FILE_BYTES_MARK}.`);
  Deno.exitCode = 1;
}
if (version / bare > VERSION_RATIO_MARK) {
  console.error(`pollen version is slower than its mark.`);
  Deno.exitCode = 1;
}
