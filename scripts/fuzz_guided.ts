// The rounds of hostile input guided by libFuzzer, which follows what is new in the code that runs;
// for as many seconds as the first argument says (300). Needs nightly Rust and a C++ compiler. What
// it learns stays in the target folder; a failing input is written there and named.

import { NATIVE } from "./engine/sources.ts";

const TARGET = "x86_64-unknown-linux-gnu";
/** Decisions are two bytes each: enough for a round, few enough to be changed with effect. */
const INPUT_BYTES_MAX = 2_048;

/** What cargo-fuzz asks of the compiler: counters for edges and comparisons, and address checks. */
const RUSTFLAGS = [
  "--cfg=fuzzing",
  "-Zsanitizer=address",
  "-Cdebug-assertions",
  "-Cpasses=sancov-module",
  ...["level=4", "inline-8bit-counters", "pc-table", "trace-compares"].map((option) =>
    `-Cllvm-args=-sanitizer-coverage-${option}`
  ),
];

async function main(seconds: string): Promise<number> {
  if (!/^\d{1,6}$/.test(seconds)) {
    console.error("fuzz_guided: give the time in whole seconds.");
    return 1;
  }
  const folder = `${NATIVE}/target/guided`;
  await Deno.mkdir(`${folder}/corpus`, { recursive: true });
  const { code } = await new Deno.Command("cargo", {
    args: [
      ...["+nightly", "run", "--release", "--locked", "--target", TARGET],
      ...["--target-dir", folder, "--bin", "worlds", "--"],
      ...[
        `-max_total_time=${seconds}`,
        `-max_len=${INPUT_BYTES_MAX}`,
        "-len_control=0",
        "-timeout=60",
      ],
      ...[`-artifact_prefix=${folder}/`, `${folder}/corpus`],
    ],
    cwd: `${NATIVE}/fuzz`,
    env: { RUSTFLAGS: RUSTFLAGS.join(" ") },
  }).spawn().status;
  return code;
}

if (import.meta.main) Deno.exit(await main(Deno.args[0] ?? "300"));
