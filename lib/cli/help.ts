// The texts of `pollen --help` and `pollen <command> --help`, from the table of commands. Pure.

import { GLOBAL_FLAGS } from "./arguments.ts";
import type { Command, Flags } from "./command.ts";

/** Columns of running text. */
const WIDTH = 80;

/** The list of commands. */
export function renderOverview(commands: readonly Command[]): string {
  return [
    "pollen joins your machines into a private network, without a server.",
    "",
    "Usage: pollen <command> [flags]",
    "",
    "Commands:",
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    "",
    "Flags of every command:",
    ...flagLines(GLOBAL_FLAGS),
    "",
    "To begin:      pollen init, pollen up -d, pollen invite",
    "To join in:    pollen join <token>",
    "To learn more: pollen <command> --help",
    "",
    "Exit codes: 0 done, 1 failed, 2 wrong words, 3 not found, 4 no right on this machine,",
    "5 several are meant, 6 pollen is not running, 7 refused, 8 timed out, 130 interrupted.",
  ].join("\n");
}

/** The help of one command. */
export function renderHelp(command: Command): string {
  const own = Object.keys(command.flags).length > 0
    ? ["", "Flags:", ...flagLines(command.flags)]
    : [];
  return [
    command.summary,
    "",
    `Usage: ${["pollen", command.name, command.usage, "[flags]"].filter(Boolean).join(" ")}`,
    "",
    ...wrap(command.description),
    ...own,
    "",
    "Flags of every command:",
    ...flagLines(GLOBAL_FLAGS),
    "",
    command.examples.length > 1 ? "Examples:" : "Example:",
    ...columns(command.examples.map(({ line, note }) => [line, note])),
  ].join("\n");
}

function flagLines(flags: Flags): string[] {
  return columns(
    Object.entries(flags).map(([name, { value, short, summary }]) => {
      const letter = short === undefined ? "" : `-${short}, `;
      return [`${letter}--${name}${value === undefined ? "" : ` ${value}`}`, summary];
    }),
  );
}

function columns(rows: readonly (readonly [string, string] | readonly string[])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left!.length));
  return rows.map(([left, right]) => `  ${left!.padEnd(width)}  ${right}`);
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
