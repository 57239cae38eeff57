// Durations as pollen/1 writes them into files: Go's notation, "8760h", "1h30m", "500ms".

import { PollenError } from "../types/mod.ts";

/** Milliseconds of each unit. */
const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 1e-3,
  "µs": 1e-3,
  "μs": 1e-3,
  ns: 1e-6,
};

const PART = /(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|μs|ns)/y;

/** The longest duration that Go can hold: 2^63 − 1 nanoseconds, about 292 years. */
const DURATION_MS_MAX = 9_223_372_036_854;

/**
 * The milliseconds of a duration such as "8760h", "1h30m" or "-5m"; a lone "0" needs no unit.
 *
 * @throws {PollenError} `invalid_argument` for anything else, and beyond 292 years.
 */
export function parseDuration(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  const magnitude = text.replace(/^[+-]/, "");
  if (magnitude === "0") return 0;

  let totalMs = 0;
  let position = 0;
  while (position < magnitude.length) {
    PART.lastIndex = position;
    const match = PART.exec(magnitude);
    if (match === null) break;
    totalMs += Number(match[1]) * UNIT_MS[match[2]!]!;
    position = PART.lastIndex;
  }
  if (position === 0 || position < magnitude.length || totalMs > DURATION_MS_MAX) {
    throw new PollenError("invalid_argument", `"${text.slice(0, 64)}" is not a duration.`, {
      fix: "Write hours, minutes or seconds with their unit, as in 8760h or 1h30m.",
    });
  }
  return totalMs === 0 ? 0 : sign * totalMs;
}

/** The duration in the largest units that hold it exactly: "8760h0m0s" is what Go would print, "8760h" what people write. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return "0s";
  let left = Math.abs(durationMs);
  let text = "";
  for (const unit of ["h", "m", "s"] as const) {
    const count = Math.floor(left / UNIT_MS[unit]!);
    if (count > 0) text += `${count}${unit}`;
    left -= count * UNIT_MS[unit]!;
  }
  if (left > 0) text += `${left}ms`;
  return durationMs < 0 ? `-${text}` : text;
}
