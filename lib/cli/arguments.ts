// From words on the command line to a command with its flags. Pure; every mistake is an
// `invalid_argument` that names the nearest right word.
//
// The grammar: `pollen [flags] <command> [flags and arguments]`, `--name value` or `--name=value`,
// `-x` for the short ones, `--` before arguments that start with a dash; a lone `-` is an argument.

import { PollenError } from "../types/mod.ts";
import type { Command, Flag, Flags } from "./command.ts";
import { didYouMean } from "./nearest.ts";

/** Flags that every command knows. */
export const GLOBAL_FLAGS: Flags = {
  dir: { value: "FOLDER", summary: "The state folder (else POLLEN_DIR, else ~/.pollen)." },
  json: { summary: "Print the result, and errors, as JSON." },
  help: { short: "h", summary: "Explain the command." },
};

/** What was on the command line. */
export interface Invocation {
  /** Null without a command: then the list of commands is wanted. */
  readonly command: Command | null;
  readonly isHelp: boolean;
  readonly args: Arguments;
}

/** The flags and arguments of one invocation. */
export class Arguments {
  readonly positionals: readonly string[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(positionals: readonly string[], values: ReadonlyMap<string, readonly string[]>) {
    this.positionals = positionals;
    this.#values = values;
  }

  /** Whether a switch was given. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The value of a flag, if given. */
  value(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  /** All values of a flag that may be given more than once. */
  values(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }
}

/** Whether `--json` is among the words: needed to word an error of parsing itself. */
export function wantsJson(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return (end === -1 ? words : words.slice(0, end)).includes("--json");
}

/**
 * Reads the command line.
 *
 * @throws {PollenError} `invalid_argument` for unknown commands and flags, missing or superfluous
 *   values and arguments.
 */
export function parseArguments(
  words: readonly string[],
  commands: readonly Command[],
): Invocation {
  const { name, isHelp, rest } = findCommand(words, commands);
  if (name === null) {
    const { args } = parseWords(rest, null);
    return { command: null, isHelp: true, args };
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    throw new PollenError("invalid_argument", `There is no command "${name}".`, {
      fix: `${didYouMean(name, commands.map((known) => known.name), "pollen ")}${SEE_ALL}`,
    });
  }
  const { args } = parseWords(rest, command);
  const wantsHelp = isHelp || args.has("help");
  if (!wantsHelp) checkCount(args.positionals, command);
  return { command, isHelp: wantsHelp, args };
}

const SEE_ALL = "See all commands with: pollen --help";

/** The first word that is neither a global flag nor its value; `help` before it asks for its help. */
function findCommand(
  words: readonly string[],
  commands: readonly Command[],
): { name: string | null; isHelp: boolean; rest: string[] } {
  const rest = [...words];
  for (let index = 0; index < rest.length; index++) {
    const word = rest[index]!;
    if (word === "--dir") index++;
    else if (word === "help" && !commands.some((command) => command.name === "help")) {
      rest.splice(index, 1);
      return { ...findCommand(rest, commands), isHelp: true };
    } else if (!word.startsWith("-")) {
      rest.splice(index, 1);
      return { name: word, isHelp: false, rest };
    }
  }
  return { name: null, isHelp: true, rest };
}

function parseWords(words: readonly string[], command: Command | null): { args: Arguments } {
  const flags: Flags = { ...GLOBAL_FLAGS, ...command?.flags };
  const positionals: string[] = [];
  const values = new Map<string, string[]>();
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === "--") {
      positionals.push(...queue.splice(0));
    } else if (!word.startsWith("-") || word === "-") {
      positionals.push(word);
    } else {
      const { name, flag, inline } = readFlag(word, flags, command);
      const value = valueOf(name, flag, inline, queue);
      const earlier = values.get(name);
      if (earlier === undefined) values.set(name, [value]);
      else if (flag.isList === true) earlier.push(value);
      else if (flag.value !== undefined) {
        throw usageError(`--${name} was given twice.`, "Give it once.", command);
      }
    }
  }
  return { args: new Arguments(positionals, values) };
}

function readFlag(word: string, flags: Flags, command: Command | null) {
  const isLong = word.startsWith("--");
  const equals = word.indexOf("=");
  const label = equals === -1 ? word : word.slice(0, equals);
  const inline = equals === -1 ? undefined : word.slice(equals + 1);
  const name = isLong
    ? label.slice(2)
    : Object.keys(flags).find((candidate) => flags[candidate]!.short === label.slice(1)) ?? "";
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (flag === undefined) {
    const near = isLong ? didYouMean(name, Object.keys(flags), "--") : "";
    throw usageError(`There is no flag ${label}.`, near, command);
  }
  return { name, flag, inline };
}

function valueOf(name: string, flag: Flag, inline: string | undefined, queue: string[]): string {
  if (flag.value === undefined) {
    if (inline === undefined) return "";
    throw usageError(`--${name} takes no value.`, `Write only: --${name}`, null);
  }
  const value = inline ?? queue.shift();
  const isMissing = value === undefined || (inline === undefined && /^--?[a-z]/.test(value));
  if (isMissing) {
    throw usageError(`--${name} needs a value.`, `Write: --${name} ${flag.value}`, null);
  }
  return value;
}

function checkCount(positionals: readonly string[], command: Command): void {
  const { min, max } = command.positionals;
  if (positionals.length < min) {
    const missing = command.usage.split(" ")[positionals.length];
    throw usageError(`"pollen ${command.name}" needs ${missing}.`, "", command);
  }
  if (positionals.length > max) {
    throw usageError(`"${positionals[max]}" is one argument too many.`, "", command);
  }
}

function usageError(message: string, fix: string, command: Command | null): PollenError {
  const usage = command === null ? "" : `Usage: pollen ${command.name} ${command.usage}`.trim();
  const help = command === null ? "" : ` (more with: pollen ${command.name} --help)`;
  return new PollenError("invalid_argument", message, {
    fix: `${fix.trim()} ${usage}${help}`.trim() || SEE_ALL,
  });
}
