// How much of each room the tests of this process reach: lines and branches, by `deno coverage`.
// What runs in processes of its own (tests/e2e) is not counted, nor is generated code.
//
//   deno task coverage             exits 1 when a room that decides who may do what is below its mark
//   deno task coverage --missed    names the branches that no test takes, in those rooms

import { join, relative } from "./paths.ts";
import { ROOT } from "./support/contract.ts";

/** Per cent of the branches that have to be taken in these rooms. */
const BRANCHES_PERCENT_MIN = 95;
const MARKED = ["auth", "store", "peer"];

const TESTS = ["tests/unit", "tests/mesh", "tests/tunnel", "tests/quic", "tests/rpc"];

interface Tally {
  lines: number;
  linesHit: number;
  branches: number;
  branchesHit: number;
}

async function deno(args: readonly string[], stdout: "inherit" | "piped"): Promise<string> {
  const output = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    stdout: "piped",
    stderr: "inherit",
  }).output();
  const text = new TextDecoder().decode(output.stdout);
  if (output.success) return text;
  if (stdout === "inherit") console.log(text);
  throw new Error(`deno ${args[0]} failed`);
}

/** The report on one file: `SF:` names it, `DA:` and `BRDA:` count lines and branches. */
interface FileReport {
  readonly file: string;
  readonly room: string;
  readonly tally: Tally;
  /** Lines on which a branch begins that was never taken. */
  readonly missed: readonly number[];
}

function readReport(record: string): FileReport | null {
  const path = /^SF:(.+)$/m.exec(record)?.[1];
  const file = path === undefined ? "" : relative(ROOT, path);
  const room = /^lib\/([^/]+)\//.exec(file)?.[1];
  if (room === undefined || file.startsWith("lib/proto/gen/")) return null;
  const number = (name: string) =>
    Number(new RegExp(`^${name}:(\\d+)$`, "m").exec(record)?.[1] ?? 0);
  const branches = [...record.matchAll(/^BRDA:(\d+),\d+,\d+,(.+)$/gm)];
  return {
    file,
    room,
    tally: {
      lines: number("LF"),
      linesHit: number("LH"),
      branches: branches.length,
      branchesHit: branches.filter(([, , taken]) => taken !== "0" && taken !== "-").length,
    },
    missed: branches.filter(([, , taken]) => taken === "0" || taken === "-")
      .map(([, line]) => Number(line)),
  };
}

function percent(hit: number, all: number): number {
  return all === 0 ? 100 : 100 * hit / all;
}

const dir = await Deno.makeTempDir({ prefix: "pollen-coverage-" });
try {
  const profile = join(dir, "profile");
  await deno(["test", "-A", "--no-check", "--quiet", `--coverage=${profile}`, ...TESTS], "inherit");
  const lcov = await deno(["coverage", "--lcov", "--quiet", profile], "piped");
  const reports = lcov.split("end_of_record").map(readReport).filter((each) => each !== null);
  const rooms = new Map<string, Tally>();
  for (const { room, tally } of reports) {
    const sum = rooms.get(room) ?? { lines: 0, linesHit: 0, branches: 0, branchesHit: 0 };
    for (const key of Object.keys(sum) as (keyof Tally)[]) sum[key] += tally[key];
    rooms.set(room, sum);
  }
  console.log("room      branches          lines");
  for (const [room, sum] of [...rooms].sort(([a], [b]) => a < b ? -1 : 1)) {
    const branches = percent(sum.branchesHit, sum.branches);
    const isLow = MARKED.includes(room) && branches < BRANCHES_PERCENT_MIN;
    console.log(
      `${room.padEnd(10)}${branches.toFixed(1).padStart(5)} % of ${String(sum.branches).padEnd(6)}${
        percent(sum.linesHit, sum.lines).toFixed(1).padStart(5)
      } %${isLow ? `  BELOW ${BRANCHES_PERCENT_MIN} %` : ""}`,
    );
    if (isLow) Deno.exitCode = 1;
  }
  if (Deno.args.includes("--missed")) {
    for (const { file, room, missed } of reports) {
      if (MARKED.includes(room) && missed.length > 0) console.log(`${file}:${missed.join(",")}`);
    }
  }
} finally {
  await Deno.remove(dir, { recursive: true });
}
