// A million almost valid inputs for each decoder, one process for each, so that what one keeps or
// breaks is its own; what one throws is printed at once.
//
//   deno task fuzz:decoders           all of them
//   deno task fuzz:decoders NAME…     these
//
// POLLEN_FUZZ_SEED repeats a run.

import { Seeded } from "../tests/support/seeded.ts";
import { TARGETS } from "../tests/fuzz/targets.ts";
import { ROOT } from "./support/pollen_process.ts";

const INPUTS = "1000000";
const seed = Seeded.seedFrom("POLLEN_FUZZ_SEED");
const names = TARGETS.map(({ name }) => name);
const unknown = Deno.args.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`fuzz: no decoder ${unknown.join(", ")}. There are:\n${names.join("\n")}`);
  Deno.exit(2);
}
const chosen = Deno.args.length > 0 ? Deno.args : names;
const waiting = chosen.values();
let failed = 0;

async function work(): Promise<void> {
  for (const name of waiting) {
    const start = performance.now();
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", "--quiet", "tests/fuzz"],
      cwd: ROOT,
      env: {
        NO_COLOR: "1",
        POLLEN_FUZZ_INPUTS: INPUTS,
        POLLEN_FUZZ_ONLY: name,
        POLLEN_FUZZ_SEED: String(seed),
      },
    }).output();
    const seconds = ((performance.now() - start) / 1_000).toFixed(0);
    console.log(`${success ? "held" : "FAILED"} in ${seconds} s: ${name}`);
    if (success) continue;
    failed++;
    for (const output of [stdout, stderr]) console.log(new TextDecoder().decode(output));
  }
}

console.log(`${INPUTS} inputs for each of ${chosen.length} decoders, seed ${seed}`);
await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, work));
console.log(failed === 0 ? "All held." : `${failed} failed; POLLEN_FUZZ_SEED=${seed} repeats it.`);
Deno.exitCode = failed === 0 ? 0 : 1;
