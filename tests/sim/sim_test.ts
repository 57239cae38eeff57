// Networks in trouble on virtual time, each from one seed. POLLEN_SIM_SEED repeats a run,
// POLLEN_SIM_RUNS makes more of them (`deno task sim`).

import { Seeded } from "../support/seeded.ts";
import { type Figures, type Kind, World } from "./world.ts";

const SEED_VARIABLE = "POLLEN_SIM_SEED";
const isRepeated = (Deno.env.get(SEED_VARIABLE) ?? "") !== "";
const RUNS = Number(Deno.env.get("POLLEN_SIM_RUNS") || (isRepeated ? 1 : 20));
/** What was done last, in a failure's report. */
const JOURNAL_LINES = 60;

/** What a run consists of follows from its seed, too. */
function kindOf(seed: number): Kind {
  const { draw } = new Seeded(~seed);
  const machines = 3 + draw(5);
  const old = draw(3) === 0 ? 0 : draw(machines);
  return { machines, old, hasHostile: draw(3) === 0, troubleMs: 60_000 + draw(120_000) };
}

async function run(seed: number): Promise<Figures> {
  const kind = kindOf(seed);
  const world = await World.found(seed, kind);
  try {
    return await world.run();
  } catch (cause) {
    const { message } = cause as Error;
    throw new Error(
      `${message}\n${SEED_VARIABLE}=${seed} deno test -A tests/sim\n` +
        `${JSON.stringify(kind)}, after ${world.time.nowMs / 1000} s:\n` +
        world.journal.slice(-JOURNAL_LINES).join("\n"),
      { cause },
    );
  }
}

Deno.test(`${RUNS} networks stay sound in any trouble, and heal`, async () => {
  const first = Seeded.seedFrom(SEED_VARIABLE);
  for (let index = 0; index < RUNS; index++) {
    const seed = (first + index) >>> 0;
    const start = performance.now();
    const figures = await run(seed);
    console.log(
      `${SEED_VARIABLE}=${seed}: well after ${figures.healedS} s; idle: ` +
        `${figures.idleMessages.toFixed(0)} messages, ${figures.idleBytes.toFixed(0)} bytes ` +
        `per node and minute; ${figures.gaps} gaps of pollen/1; ${figures.events} events, ${figures.checks} checks, ${
          ((performance.now() - start) / 1000).toFixed(1)
        } s`,
    );
  }
});
