// All decoders against inputs that are almost right: 50,000 together here, a million each by
// `deno task fuzz:decoders`. POLLEN_FUZZ_SEED repeats a run, POLLEN_FUZZ_ONLY names one decoder.

import { ok } from "node:assert/strict";
import { Seeded } from "../support/seeded.ts";
import { fuzz } from "./target.ts";
import { TARGETS } from "./targets.ts";
import { Watchdog } from "./watchdog.ts";

const ALL_INPUTS = 50_000;
const only = Deno.env.get("POLLEN_FUZZ_ONLY");
const targets = TARGETS.filter(({ name }) => only === undefined || name === only);
const inputs = Number(Deno.env.get("POLLEN_FUZZ_INPUTS") ?? Math.ceil(ALL_INPUTS / targets.length));
const seed = Seeded.seedFrom("POLLEN_FUZZ_SEED");

/** What the process may be larger by after a decoder's turn: a young generation and what tests keep. */
const GROWTH_BYTES_MAX = 512 << 20;

const watchdog = new Watchdog();

for (const target of targets) {
  Deno.test(`${inputs} mutated inputs: ${target.name}`, async () => {
    const before = Deno.memoryUsage().rss;
    using watched = watchdog.watch(`${target.name}, seed ${seed}`);
    await fuzz(target, inputs, seed, watched.begin);
    const grown = Deno.memoryUsage().rss - before;
    ok(grown < GROWTH_BYTES_MAX, `the process grew by ${grown} bytes`);
  });
}
