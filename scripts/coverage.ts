// How much of each room the tests reach, in branches and lines. What runs in processes of its own
// (tests/e2e) is not counted, nor is generated code.
//
//   deno task coverage             exits 1 when a room that decides who may do what is below its mark
//   deno task coverage --missed    names the lines of those rooms with a branch that no test takes

import { ROOT } from "./support/contract.ts";
import { byRoom, readLcov } from "./support/lcov.ts";

/** Per cent of the branches that have to be taken in these rooms. */
const BRANCHES_PERCENT_MIN = 95;
const MARKED = ["auth", "store", "peer"];

const TESTS = ["unit", "golden", "mesh", "tunnel", "quic", "rpc"].map((name) => `tests/${name}`);

async function deno(args: readonly string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    stderr: "inherit",
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (success) return text;
  console.log(text);
  console.error(`deno ${args[0]} failed`);
  Deno.exit(1);
}

function percent(hit: number, all: number): number {
  return all === 0 ? 100 : 100 * hit / all;
}

const profile = await Deno.makeTempDir({ prefix: "pollen-coverage-" });
await deno(["test", "-A", "--no-check", "--quiet", `--coverage=${profile}`, ...TESTS]);
const reports = readLcov(await deno(["coverage", "--lcov", "--quiet", profile]), ROOT);
await Deno.remove(profile, { recursive: true });

console.log("room      branches          lines");
for (const [room, { branches, branchesHit, lines, linesHit }] of byRoom(reports)) {
  const taken = percent(branchesHit, branches);
  const isLow = MARKED.includes(room) && taken < BRANCHES_PERCENT_MIN;
  const columns = [
    room.padEnd(8),
    `${taken.toFixed(1).padStart(5)} % of ${branches}`.padEnd(17),
    `${percent(linesHit, lines).toFixed(1).padStart(5)} %`,
  ];
  console.log(columns.join(" ") + (isLow ? `  BELOW ${BRANCHES_PERCENT_MIN} %` : ""));
  if (isLow) Deno.exitCode = 1;
}
if (Deno.args.includes("--missed")) {
  for (const { file, room, missed } of reports) {
    if (MARKED.includes(room) && missed.length > 0) console.log(`${file}: ${missed.join(", ")}`);
  }
}
