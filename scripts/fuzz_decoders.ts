// A million almost valid inputs for each decoder, shared out among the processors.
//
//   deno task fuzz:decoders
//
// POLLEN_FUZZ_SEED repeats a run, POLLEN_FUZZ_ONLY names one decoder.

import { ROOT } from "./support/pollen_process.ts";

const INPUTS = "1000000";
const only = Deno.env.get("POLLEN_FUZZ_ONLY");
const shares = only === undefined ? navigator.hardwareConcurrency : 1;

const ended = await Promise.all(Array.from({ length: shares }, (_, share) => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", "--quiet", "tests/fuzz"],
    cwd: ROOT,
    env: { POLLEN_FUZZ_INPUTS: INPUTS, POLLEN_FUZZ_SHARE: `${share}/${shares}` },
  });
  return child.spawn().status;
}));
Deno.exit(ended.every(({ success }) => success) ? 0 : 1);
