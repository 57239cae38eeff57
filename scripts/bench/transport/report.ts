// The table, whose cells are medians of what was measured in turns, and the marks.

import { median } from "./figures.ts";

export interface Mark {
  readonly title: string;
  readonly value: number;
  /** How the value is shown. */
  readonly unit: string;
  readonly bound: number;
  readonly kind: "at least" | "at most" | "below";
}

export class Table {
  readonly #columns: readonly string[];
  readonly #rows = new Map<string, Map<string, number[]>>();
  readonly #notes: string[] = [];

  constructor(columns: readonly string[]) {
    this.#columns = columns;
  }

  add(row: string, column: string, value: number): void {
    let cells = this.#rows.get(row);
    if (cells === undefined) this.#rows.set(row, cells = new Map());
    const values = cells.get(column);
    if (values === undefined) cells.set(column, [value]);
    else values.push(value);
  }

  /** What a reader needs to know of the cells. */
  note(text: string): void {
    this.#notes.push(text);
  }

  /** The median of the ratios of two cells, round by round. */
  ratio(over: readonly [string, string], under: readonly [string, string]): number {
    const [a, b] = [over, under].map(([row, column]) => this.#rows.get(row)?.get(column) ?? []);
    const rounds = Math.min(a!.length, b!.length);
    return median(a!.slice(0, rounds).map((value, round) => value / b![round]!));
  }

  print(title: string): void {
    const width = Math.max(...[...this.#rows.keys()].map((row) => row.length)) + 2;
    const widths = this.#columns.map((column) => Math.max(column.length, 8) + 2);
    console.log(`\n== ${title}`);
    console.log(
      "".padEnd(width) +
        this.#columns.map((column, index) => column.padStart(widths[index]!)).join(""),
    );
    for (const [row, cells] of this.#rows) {
      const shown = this.#columns.map((column, index) =>
        show(median(cells.get(column) ?? [])).padStart(widths[index]!)
      );
      console.log(row.padEnd(width) + shown.join(""));
    }
    for (const note of this.#notes) console.log(note);
  }
}

function show(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

export function isMet({ value, bound, kind }: Mark): boolean {
  switch (kind) {
    case "at least":
      return value >= bound;
    case "at most":
      return value <= bound;
    case "below":
      return value < bound;
  }
}

/** Prints the marks; whether all are met. */
export function judge(marks: readonly Mark[]): boolean {
  console.log("\n== Marks");
  const width = Math.max(...marks.map(({ title }) => title.length)) + 2;
  for (const mark of marks) {
    const { title, value, unit, kind, bound } = mark;
    const bounds = `(${kind} ${bound}${unit})`;
    console.log(
      `${isMet(mark) ? "met   " : "MISSED"}  ${title.padEnd(width)}${show(value)}${unit} ${bounds}`,
    );
  }
  return marks.every(isMet);
}
