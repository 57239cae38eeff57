// A benchmark judges by these.

import { deepEqual, equal } from "node:assert/strict";
import { median, percentile } from "../../../scripts/bench/transport/figures.ts";
import { isMet, type Mark, Table } from "../../../scripts/bench/transport/report.ts";

Deno.test("a median is the middle value, or between the two", () => {
  deepEqual([median([3, 1, 2]), median([4, 1, 2, 3])], [2, 2.5]);
  equal(median([]), NaN);
});

Deno.test("a percentile is a value that was measured", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  deepEqual([percentile(values, 50), percentile(values, 99), percentile(values, 100)], [
    51,
    100,
    100,
  ]);
});

Deno.test("a ratio is taken round by round", () => {
  const table = new Table(["a", "b"]);
  // As medians of their own the two would be alike.
  for (const [a, b] of [[10, 20], [20, 40], [40, 10]] as const) {
    table.add("row", "a", a);
    table.add("row", "b", b);
  }
  equal(table.ratio(["row", "a"], ["row", "b"]), 0.5);
  equal(table.ratio(["row", "a"], ["no such row", "b"]), NaN);
});

Deno.test("a mark is met at its bound, unless it must be below; what was not measured is missed", () => {
  const met = (kind: Mark["kind"], value: number) =>
    isMet({ title: "", unit: "", bound: 5, kind, value });
  deepEqual(
    [met("at least", 5), met("at least", 4.9), met("at most", 5), met("at most", 5.1)],
    [true, false, true, false],
  );
  deepEqual([met("below", 4.9), met("below", 5)], [true, false]);
  deepEqual([met("at least", NaN), met("at most", NaN), met("below", NaN)], [false, false, false]);
});
