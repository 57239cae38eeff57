// The long runs of the simulator: many networks in trouble, each from a seed of its own, then a crowd
// that finds together. Virtual time; half an hour of one core.

const RUNS = Deno.env.get("POLLEN_SIM_RUNS") ?? "1000";

for (const args of [["test", "-A", "tests/sim"], ["run", "-A", "tests/sim/crowd.ts"]]) {
  const child = new Deno.Command(Deno.execPath(), { args, env: { POLLEN_SIM_RUNS: RUNS } }).spawn();
  const { success } = await child.status;
  if (!success) Deno.exit(1);
}
