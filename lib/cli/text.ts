// Text for terminals: tables, durations, colour, and names that came from other machines made safe
// to print. Pure.

/** Spaces between columns. */
const GAP = 2;

/** Text from elsewhere with control characters made visible: they could rewrite the screen. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** How a table is coloured, if at all. */
export interface Style {
  readonly title: (text: string) => string;
  readonly header: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly bad: (text: string) => string;
}

function style(isColored: boolean, code: string): (text: string) => string {
  return (text) => isColored ? `\x1b[${code}m${text}\x1b[0m` : text;
}

/** Colours for a terminal, or none. */
export function styleOf(isColored: boolean): Style {
  return {
    title: style(isColored, "1;34"),
    header: style(isColored, "90"),
    good: style(isColored, "32"),
    warning: style(isColored, "33"),
    bad: style(isColored, "31"),
  };
}

/**
 * A titled table without borders; an empty cell shows as `-`. Ours, because a library would be loaded
 * at every `status`: cli-table3 takes 6 ms of 95, see `deno task bench:start`.
 */
export function renderTable(
  title: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
  style: Style,
): string[] {
  const shown = rows.map((row) => row.map((cell) => cell === "" ? "-" : cell));
  const widths = header.map((name, column) =>
    Math.max(name.length, ...shown.map((row) => lengthOf(row[column] ?? "-")))
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, column) => cell + " ".repeat(widths[column]! - lengthOf(cell) + GAP))
      .join("").trimEnd();
  return [style.title(title), style.header(line(header)), ...shown.map(line)];
}

function lengthOf(text: string): number {
  return [...text].length;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const YEAR = 365 * DAY;

/** A duration for people, in at most two units: `<1m`, `12m`, `3h 5m`, `6d 4h`, `30d`, `1y 2d`. */
export function describeDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) return "<1m";
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)}m`;
  if (whole < DAY) return twoUnits(whole, HOUR, "h", MINUTE, "m");
  if (whole < WEEK) return twoUnits(whole, DAY, "d", HOUR, "h");
  if (whole < YEAR) return `${Math.floor(whole / DAY)}d`;
  return twoUnits(whole, YEAR, "y", DAY, "d");
}

function twoUnits(seconds: number, big: number, bigName: string, small: number, smallName: string) {
  const rest = Math.floor((seconds % big) / small);
  return `${Math.floor(seconds / big)}${bigName}${rest === 0 ? "" : ` ${rest}${smallName}`}`;
}

/** The moment as RFC 3339 in whole seconds; null for one that no calendar holds. */
export function rfc3339(unixSeconds: bigint): string | null {
  const date = new Date(Number(unixSeconds) * 1000);
  if (Number.isNaN(date.getTime())) return null;
  return date.toISOString().replace(/\.\d{3}Z$/, "Z");
}
