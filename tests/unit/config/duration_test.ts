// Go's notation of durations, read and written.

import { equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { formatDuration, parseDuration } from "../../../lib/config/mod.ts";

Deno.test("durations are read as Go reads them", () => {
  const table: [string, number][] = [
    ["8760h", 31_536_000_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    [".5s", 500],
    ["250ms", 250],
    ["1m1ms", 60_001],
    ["1500us", 1.5],
    ["1500µs", 1.5],
    ["0", 0],
    ["0s", 0],
    ["-5m", -300_000],
    ["+5m", 300_000],
  ];
  for (const [text, expected] of table) equal(parseDuration(text), expected, text);
});

Deno.test("anything else is refused", () => {
  for (
    const text of [
      "",
      "-",
      "5",
      "h",
      "1d",
      "1h ",
      " 1h",
      "1h-5m",
      "one hour",
      "1e3s",
      "9999999999h",
    ]
  ) {
    throws(() => parseDuration(text), { code: "invalid_argument" }, text);
  }
});

Deno.test("what is written is read back", () => {
  equal(formatDuration(31_536_000_000), "8760h");
  fc.assert(fc.property(fc.integer({ min: -1e12, max: 1e12 }), (durationMs) => {
    equal(parseDuration(formatDuration(durationMs)), durationMs);
  }));
});
