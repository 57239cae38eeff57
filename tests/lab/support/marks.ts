// What was measured, beside what it has to be: a table after the tests of a file. Where all of the lab
// runs, on a machine that has nothing else to do, what misses its mark fails; elsewhere it is told.

import { ok } from "node:assert/strict";
import { IS_ALL } from "./topology.ts";

export interface Mark {
  readonly atMost?: number;
  readonly atLeast?: number;
}

export class Marks {
  readonly #lines: string[] = [];

  /** @param title With the unit. */
  constructor(title: string) {
    Deno.test.afterAll(() => {
      if (this.#lines.length > 0) console.log([title, ...this.#lines].join("\n"));
    });
  }

  /** Notes a figure; one that is not there misses. */
  add(what: string, figure: number | null, { atMost = Infinity, atLeast = 0 }: Mark): void {
    const isMet = figure !== null && figure <= atMost && figure >= atLeast;
    const mark = atMost === Infinity ? `at least ${atLeast}` : `at most ${atMost}`;
    const shown = figure?.toFixed(2) ?? "none";
    const line = `  ${what.padEnd(56)} ${shown.padStart(7)}   ${mark}${isMet ? "" : ", missed"}`;
    this.#lines.push(line);
    ok(isMet || !IS_ALL, line.trim());
  }
}

/** Seconds since this moment of `performance.now()`. */
export function secondsSince(start: number): number {
  return (performance.now() - start) / 1_000;
}
