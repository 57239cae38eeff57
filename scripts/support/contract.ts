// docs/contract.md as data. The table is the one place that says what proves a promise: the checks
// and the mutants read it, people read it too.

import { dirname, fromFileUrl, join } from "../paths.ts";

/** The top of the repository. */
export const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");

/** Where the patches lie, under the top of the repository. */
export const PATCHES = "tests/mutants";

/** What proves a row: one test, and the break of the code that this test must catch. */
export interface Proof {
  /** The test's file, under the top of the repository. */
  readonly file: string;
  /** The test's name, whole. */
  readonly title: string;
  /** The patch, under the top of the repository. */
  readonly patch: string;
}

/** One line of the contract. */
export interface Row {
  readonly id: string;
  /** Exports of `mod.ts` that answer it: `Name` or `Name.member`. */
  readonly exports: readonly string[];
  /** Null where what it promises is planned. */
  readonly proof: Proof | null;
}

/** Cells: id, promise, exports or plan, test, mutant. */
const CELLS = 5;

/**
 * The rows of the tables in this text.
 *
 * @throws {Error} naming the line of a row that is not understood.
 */
export function parseContract(markdown: string): Row[] {
  const rows: Row[] = [];
  for (const line of markdown.split("\n")) {
    if (!/^\| [A-Z]+-\d/.test(line)) continue;
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
    if (cells.length !== CELLS) throw new Error(`a row has ${cells.length} cells: ${line}`);
    rows.push(parseRow(cells as [string, string, string, string, string]));
  }
  return rows;
}

function parseRow([id, , answer, test, mutant]: [string, string, string, string, string]): Row {
  if (answer.startsWith("planned")) {
    if (test !== "" || mutant !== "") throw new Error(`${id} is planned and has a proof`);
    return { id, exports: [], proof: null };
  }
  const exports = [...answer.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
  const [, file, title] = /^`([^`]+)`: (.+)$/.exec(test) ?? [];
  if (exports.length === 0) throw new Error(`${id} names no export`);
  if (file === undefined || title === undefined) throw new Error(`${id} names no test`);
  if (!/^[\w.-]+\.patch$/.test(mutant)) throw new Error(`${id} names no patch`);
  return { id, exports, proof: { file, title, patch: `${PATCHES}/${mutant}` } };
}

/** The rows of docs/contract.md. */
export async function readContract(): Promise<Row[]> {
  return parseContract(await Deno.readTextFile(join(ROOT, "docs/contract.md")));
}

/** The files that a patch changes, under the top of the repository. */
export function filesOfPatch(patch: string): string[] {
  return [...patch.matchAll(/^\+\+\+ b\/(.+)$/gm)].map(([, file]) => file!);
}

/** Whether a patch breaks one line: it takes one at most, and puts one at most in its place. */
export function breaksOneLine(patch: string): boolean {
  const count = (sign: string) => patch.split("\n").filter((line) => line.startsWith(sign)).length;
  // One of each names the file.
  return count("-") <= 2 && count("+") <= 2;
}
