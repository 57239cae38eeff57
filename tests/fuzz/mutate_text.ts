// Texts that are almost right: lines, words, numbers and brackets of valid ones in other places, with
// the characters that parsers trip over.

import type { Seeded } from "../support/seeded.ts";

/** Texts are not mutated beyond this length. */
const LENGTH_MAX = 8_192;

const ODD = [
  "",
  " ",
  "\t",
  "\n",
  "\r\n",
  "\0",
  "\ufeff",
  "\u2028",
  "\u202e",
  "\ud800",
  "ß",
  "İ",
  "𝟙",
  "-",
  "--",
  "=",
  ":",
  ": ",
  ",",
  "#",
  "'",
  '"',
  "`",
  "\\",
  "%",
  "%%",
  "/",
  "..",
  "@",
  "~",
  "!",
  "!!binary ",
  "!!js/function ",
  "&a ",
  "*a",
  "<<: *a",
  "? ",
  "- ",
  "| ",
  "> ",
  "---",
  "...",
  "%YAML 9.9",
  "[",
  "]",
  "{",
  "}",
  "null",
  "true",
  "NaN",
  "Infinity",
  "__proto__",
  "constructor",
  "toString",
  "0",
  "-0",
  "-1",
  "+1",
  "00",
  "0x10",
  "1e309",
  "65535",
  "65536",
  "4294967296",
  "9007199254740993",
  "18446744073709551616",
  "1_000",
  "1.5",
  ".5",
  "١",
  "127.0.0.1",
  "[::1]:1",
  "::",
  "fe80::1%eth0",
] as const;

/** A changed copy of one of the samples. */
export function mutateText(samples: readonly string[], seeded: Seeded): string {
  const { draw, pick } = seeded;
  let text = pick(samples);
  for (let changes = 1 + draw(3); changes > 0; changes--) {
    text = change(text, pick(samples), seeded).slice(0, LENGTH_MAX);
  }
  return text;
}

function change(text: string, other: string, { draw, pick }: Seeded): string {
  const at = draw(text.length + 1);
  switch (draw(10)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + pick(ODD) + text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(at + 1 + draw(12));
    case 3:
      return changeWord(text, (word) => word + word, draw);
    case 4:
      return changeWord(text, () => pick(ODD), draw);
    case 5:
      return changeLines(text, (lines, line) => lines.toSpliced(line, 1), draw);
    case 6:
      return changeLines(
        text,
        (lines, line) =>
          lines.toSpliced(line, 0, ...Array<string>(1 + draw(30)).fill(lines[line]!)),
        draw,
      );
    case 7:
      return changeLines(
        text,
        (lines, line) => lines.with(line, " ".repeat(draw(6)) + lines[line]),
        draw,
      );
    case 8: {
      // Deep, or much of one thing.
      const part = pick(["[", "{a: ", "- ", "(", "a.", "1h", ":", "&a [*a, ", " ", "\ud800"]);
      return text.slice(0, at) + part.repeat(1 + draw(400)) + text.slice(at);
    }
    default:
      return text.slice(0, at) + other.slice(draw(other.length + 1));
  }
}

function changeWord(text: string, by: (word: string) => string, draw: Seeded["draw"]): string {
  const words = [...text.matchAll(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]+/gu)];
  const word = words[draw(words.length)];
  if (word === undefined) return text;
  return text.slice(0, word.index) + by(word[0]) + text.slice(word.index + word[0].length);
}

function changeLines(
  text: string,
  by: (lines: string[], line: number) => string[],
  draw: Seeded["draw"],
): string {
  const lines = text.split("\n");
  return by(lines, draw(lines.length)).join("\n");
}
