// A node on a disk that fails at a random moment, a hundred times here and a thousand in the long
// run. POLLEN_CRASH_SEED repeats a run.

import { Seeded } from "../support/seeded.ts";
import { History } from "./history.ts";

const SEED_VARIABLE = "POLLEN_CRASH_SEED";
const CRASHES = Number(Deno.env.get("POLLEN_CRASHES") ?? 100);
/** Crashes of one node: beyond a few, all of its facts are in play. */
const CRASHES_PER_HISTORY = 10;

Deno.test(`nothing promised is lost and nothing haunts after ${CRASHES} crashes`, async () => {
  const first = Seeded.seedFrom(SEED_VARIABLE);
  for (let index = 0; index * CRASHES_PER_HISTORY < CRASHES; index++) {
    const seed = (first + index) >>> 0;
    const history = new History(seed);
    try {
      await history.run(CRASHES_PER_HISTORY);
    } catch (cause) {
      throw new Error(
        `${SEED_VARIABLE}=${seed}, crash ${history.crashes}: ${(cause as Error).message}`,
        { cause },
      );
    }
  }
});
