// Tables, durations, times, safe printing, and near names.

import assert from "node:assert/strict";
import { didYouMean, editDistance, nearestNames } from "../../../lib/cli/nearest.ts";
import {
  describeDuration,
  printable,
  renderTable,
  rfc3339,
  styleOf,
} from "../../../lib/cli/text.ts";

Deno.test("columns are as wide as their widest cell, and nothing trails", () => {
  const rows = [["a", "", "x"], ["longer", "8", "ü"]];
  assert.deepEqual(renderTable("T", ["ONE", "TWO", "C"], rows, styleOf(false)), [
    "T",
    "ONE     TWO  C",
    "a       -    x",
    "longer  8    ü",
  ]);
});

Deno.test("colour wraps the title and the header only", () => {
  const [title, header, row] = renderTable("T", ["A"], [["x"]], styleOf(true));
  assert.deepEqual([title, header, row], ["\x1b[1;34mT\x1b[0m", "\x1b[90mA\x1b[0m", "x"]);
});

Deno.test("names from elsewhere cannot move the cursor or turn the text around", () => {
  assert.equal(printable("grüße 二 🐝"), "grüße 二 🐝");
  assert.equal(printable("a\x1b[2Jb\nc\u202ed\u009b"), "a\\u{1b}[2Jb\\u{a}c\\u{202e}d\\u{9b}");
});

Deno.test("a duration is told in at most two units", () => {
  const [minute, hour, day] = [60, 3600, 86400];
  const cases: [number, string][] = [
    [-5, "<1m"],
    [59, "<1m"],
    [minute, "1m"],
    [59 * minute + 59, "59m"],
    [hour, "1h"],
    [3 * hour + 5 * minute, "3h 5m"],
    [day, "1d"],
    [6 * day + 4 * hour, "6d 4h"],
    [7 * day + 4 * hour, "7d"],
    [364 * day, "364d"],
    [365 * day, "1y"],
    [367 * day, "1y 2d"],
  ];
  for (const [seconds, text] of cases) assert.equal(describeDuration(seconds), text);
});

Deno.test("a moment is RFC 3339, and no calendar's moment is null", () => {
  assert.equal(rfc3339(0n), "1970-01-01T00:00:00Z");
  assert.equal(rfc3339(1_767_225_600n), "2026-01-01T00:00:00Z");
  assert.equal(rfc3339(1n << 62n), null);
});

Deno.test("the distance counts insertions, deletions, replacements and swaps", () => {
  const cases: [string, string, number][] = [
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "abc", 0],
    ["stauts", "status", 1],
    ["conect", "connect", 1],
    ["serv", "serve", 1],
    ["up", "down", 4],
  ];
  for (const [a, b, distance] of cases) {
    assert.equal(editDistance(a, b), distance);
    assert.equal(editDistance(b, a), distance);
  }
});

Deno.test("near names come nearest first, at most three, and none when nothing is near", () => {
  const known = ["serve", "status", "join", "version", "status"];
  assert.deepEqual(nearestNames("STAUTS", known), ["status"]);
  assert.deepEqual(nearestNames("ver", known), ["version"]);
  assert.deepEqual(nearestNames("xyzzy", known), []);
  assert.deepEqual(nearestNames("", known), []);
  assert.deepEqual(nearestNames("x".repeat(1_000_000), known), []);
  assert.equal(nearestNames("aaa", ["aab", "aac", "aad", "aae"]).length, 3);
  assert.equal(didYouMean("joni", known), 'Did you mean "join"? ');
});
