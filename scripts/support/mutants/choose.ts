// Which mutants a change is tried with: a sample that the commit decides, so that every run of it
// tries the same ones and every commit others, and those that stand in changed files.

import { createHash } from "node:crypto";
import type { Proof } from "../contract.ts";

/** How many a commit draws. */
const SAMPLE = 10;

/** A row with its proof, and the files that its patch breaks. */
export interface Mutant {
  readonly id: string;
  readonly proof: Proof;
  readonly files: readonly string[];
}

/** The sample of unit-level mutants first, then the others that touch a changed file, as drawn. */
export function chooseMutants(
  mutants: readonly Mutant[],
  commit: string,
  changed: ReadonlySet<string>,
): Mutant[] {
  const draw = ({ id }: Mutant) => createHash("sha256").update(`${commit} ${id}`).digest("hex");
  const drawn = mutants.map((mutant) => ({ mutant, lot: draw(mutant) }))
    .sort((a, b) => a.lot < b.lot ? -1 : 1)
    .map(({ mutant }) => mutant);
  const sample = drawn.filter(({ proof }) => proof.file.startsWith("tests/unit/")).slice(0, SAMPLE);
  const touched = drawn.filter((mutant) =>
    !sample.includes(mutant) &&
    [...mutant.files, mutant.proof.file, mutant.proof.patch].some((file) => changed.has(file))
  );
  return [...sample, ...touched];
}
