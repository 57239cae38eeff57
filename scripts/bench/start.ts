// How long a person waits for `pollen status` from source, cold, beside the least that a program can
// do: one grpc-js call over the same socket. Both in turns in one run; prints medians and their ratio.
//
//   deno task bench:start [--rounds N]
//
// Exits 1 when the ratio is above its mark.

import { parseArgs } from "node:util";
import { join } from "../paths.ts";
import {
  Daemon,
  type Place,
  pollenCommand,
  pollenOk,
  ROOT,
  TemporaryFolder,
} from "../support/pollen_process.ts";

/** `pollen status` takes at most this many times as long as the bare call. */
const RATIO_MARK = 1.3;

const { values: options } = parseArgs({ options: { rounds: { type: "string", default: "20" } } });
const rounds = Number(options.rounds);

/** Runs the words to their end; milliseconds. */
async function timed([program, ...args]: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const command = new Deno.Command(program!, { args, stdin: "null", stderr: "piped" });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return performance.now() - startedAt;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

await using folder = await TemporaryFolder.make();
const place: Place = { dir: await folder.folder("node") };
await pollenOk(place, ["init"]);
await using _daemon = await Daemon.up(place, ["--port", "0", "--ips", "127.0.0.1"]);

const contestants: Readonly<Record<string, readonly string[]>> = {
  "bare call": [
    ...[Deno.execPath(), "run", "-A", "--quiet", "--config", join(ROOT, "deno.json")],
    ...[join(ROOT, "scripts", "bench", "bare_call.ts"), join(place.dir, "pollen.sock")],
  ],
  "pollen status": pollenCommand(place, ["status"]),
  "pollen status --json": pollenCommand(place, ["status", "--json"]),
};
const times = Object.fromEntries(Object.keys(contestants).map((name) => [name, [] as number[]]));
for (let round = 0; round <= rounds; round++) {
  for (const [name, words] of Object.entries(contestants)) {
    const duration = await timed(words);
    // The first round fills the caches of compiled code.
    if (round > 0) times[name]!.push(duration);
  }
}

const bare = median(times["bare call"]!);
for (const [name, values] of Object.entries(times)) {
  const value = median(values);
  console.log(`${name.padEnd(22)}${value.toFixed(0).padStart(5)} ms  ${(value / bare).toFixed(2)}`);
}
const ratio = median(times["pollen status"]!) / bare;
if (ratio > RATIO_MARK) {
  console.error(
    `pollen status takes ${ratio.toFixed(2)} times the bare call; the mark is ${RATIO_MARK}`,
  );
  Deno.exit(1);
}
