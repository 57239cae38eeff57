// Breaks the code on purpose, one line at a time, and demands that a test notices. Each row of
// docs/contract.md names the test and the break (tests/mutants).
//
//   deno task mutants              all of them
//   deno task mutants O-03 S-12    these
//   deno task mutants --ci         ten that the commit draws, and those in changed files, in 2 minutes
//
// Exits 1 when a test does not pass without the break, or does not fail with it.

import { join } from "./paths.ts";
import { filesOfPatch, readContract, ROOT } from "./support/contract.ts";
import { chooseMutants, type Mutant } from "./support/mutants/choose.ts";
import { runTest, type Verdict } from "./support/mutants/judge.ts";
import { git, TreeCopy } from "./support/mutants/tree.ts";

/** Milliseconds after which `--ci` begins no further mutant; what is left is named. */
const CI_BUDGET_MS = 100_000;

async function readMutants(): Promise<Mutant[]> {
  const mutants: Mutant[] = [];
  for (const { id, proof } of await readContract()) {
    if (proof === null) continue;
    const files = filesOfPatch(await Deno.readTextFile(join(ROOT, proof.patch)));
    mutants.push({ id, proof, files });
  }
  return mutants;
}

/** What changed since this branch left the main one, else since the last release, else in the last commit. */
async function changedFiles(): Promise<Set<string>> {
  const head = await git(["rev-parse", "HEAD"]);
  const fork = await git(["merge-base", "HEAD", "origin/main"]);
  const base = fork !== null && fork !== head
    ? fork
    : await git(["describe", "--tags", "--abbrev=0"]) ?? "HEAD^";
  const names = await git(["diff", "--name-only", base]);
  return new Set(names?.split("\n") ?? []);
}

async function selected(args: readonly string[], mutants: readonly Mutant[]): Promise<Mutant[]> {
  if (args.length === 0) return [...mutants];
  if (args[0] === "--ci") {
    return chooseMutants(mutants, await git(["rev-parse", "HEAD"]) ?? "", await changedFiles());
  }
  return args.map((wanted) => {
    const found = mutants.find(({ id }) => id === wanted);
    if (found === undefined) throw new Error(`docs/contract.md has no mutant ${wanted}`);
    return found;
  });
}

/** The test without the break must pass; that is looked at once for each test. */
class Baseline {
  readonly #known = new Map<string, Promise<Verdict>>();

  constructor(readonly copy: TreeCopy) {}

  of({ proof }: Mutant): Promise<Verdict> {
    const key = `${proof.file} ${proof.title}`;
    const known = this.#known.get(key) ?? runTest(this.copy.dir, proof);
    this.#known.set(key, known);
    return known;
  }
}

/** Why the mutant is not killed; null when it is. */
async function survivalOf(mutant: Mutant, baseline: Baseline): Promise<string | null> {
  const { proof } = mutant;
  const { copy } = baseline;
  const before = await baseline.of(mutant);
  if (before.kind !== "passed") return `the test fails as it is: ${before.why}`;
  if (!await copy.apply(proof.patch)) return "the patch does not apply";
  try {
    const after = await runTest(copy.dir, proof);
    if (after.kind === "passed") return "the test does not notice";
    return after.kind === "broken" ? `no assertion noticed: ${after.why}` : null;
  } finally {
    await copy.revert(proof.patch);
  }
}

const isCi = Deno.args[0] === "--ci";
const chosen = await selected(Deno.args, await readMutants());
await using copy = await TreeCopy.make();
const baseline = new Baseline(copy);
const begin = performance.now();
const left: string[] = [];
let killed = 0;
for (const mutant of chosen) {
  const start = performance.now();
  if (isCi && start - begin > CI_BUDGET_MS) {
    left.push(mutant.id);
    continue;
  }
  const survival = await survivalOf(mutant, baseline);
  if (survival === null) killed++;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const outcome = survival === null ? "killed" : `ALIVE: ${survival}`;
  console.log(
    `${mutant.id.padEnd(8)}${seconds.padStart(5)} s  ${mutant.files.join(", ")}  ${outcome}`,
  );
}
if (left.length > 0) console.log(`left out for want of time: ${left.join(", ")}`);
const tried = chosen.length - left.length;
console.log(`mutants: ${killed} of ${tried} killed`);
if (killed < tried) Deno.exitCode = 1;
