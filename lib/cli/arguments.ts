// From words on the command line to a command with its flags. Pure; every mistake is an
// `invalid_argument` that names the nearest right word.
//
// The grammar is gunshi's: `pollen [flags] <command> [flags and arguments]`, `--name value` or
// `--name=value`, `-x` for the short ones, `--` before arguments that start with a dash; a lone `-`
// is an argument. Only its tokens and values are used, not its runner: that one cannot tell the
// value of a flag before the command from the command, and drops empty values without a word.

import { type Args, type ArgToken, parseArgs, resolveArgs } from "gunshi";
import { PollenError } from "../types/mod.ts";
import type { Command, Flag, Flags } from "./command.ts";
import { didYouMean } from "./nearest.ts";

/** Flags that every command knows. */
export const GLOBAL_FLAGS: Flags = {
  dir: { value: "FOLDER", summary: "The state folder (else POLLEN_DIR, else ~/.pollen)." },
  json: { summary: "Print the result, and errors, as JSON." },
  help: { short: "h", summary: "Explain the command." },
};

const SEE_ALL = "See all commands with: pollen --help";

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
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(positionals: readonly string[], values: Readonly<Record<string, unknown>>) {
    this.positionals = positionals;
    this.#values = values;
  }

  /** Whether a switch was given. */
  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  /** The value of a flag, if given. */
  value(name: string): string | undefined {
    return this.values(name).at(-1);
  }

  /** All values of a flag that may be given more than once. */
  values(name: string): readonly string[] {
    const value = this.#values[name];
    return value === undefined ? [] : [value].flat().map(String);
  }
}

/** Whether `--json` is among the words: needed to word an error of parsing itself. */
export function wantsJson(words: readonly string[]): boolean {
  return parseArgs([...words]).some((token) => token.rawName === "--json");
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
  let tokens = parseArgs([...words]);
  const [first, second] = resolve(flagsBeforeCommand(commands), tokens).positionals;
  // As with other programs: without a command it is the command.
  if (first === undefined && words.includes("--version")) {
    return parseArguments(words.map((word) => word === "--version" ? "version" : word), commands);
  }
  const isHelpWord = first === "help";
  const name = isHelpWord ? second : first;
  const command = name === undefined ? null : commandCalled(name, commands);

  const flags = { ...GLOBAL_FLAGS, ...command?.flags };
  if (command?.takesSingleDash) tokens = parseArgs(words.map((word) => withTwoDashes(word, flags)));
  checkFlags(tokens, flags, command);
  const { positionals, values, error } = resolve(flags, tokens);
  if (error !== undefined) throw missingValue(error, flags);
  const args = new Arguments(positionals.slice(isHelpWord ? 2 : 1), values);
  const isHelp = command === null || isHelpWord || args.has("help");
  if (!isHelp) checkCount(args.positionals, command);
  return { command, isHelp, args };
}

/**
 * The flags of all commands, because what follows one of them before the command may be its value.
 * One that takes a value in one command and none in another takes none there.
 */
function flagsBeforeCommand(commands: readonly Command[]): Flags {
  const all = [GLOBAL_FLAGS, ...commands.map(({ flags }) => flags)].flatMap(Object.entries);
  const switches = all.filter(([, flag]) => flag.value === undefined);
  return Object.fromEntries([...all, ...switches]);
}

function commandCalled(name: string, commands: readonly Command[]): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  throw new PollenError("invalid_argument", `There is no command "${name}".`, {
    fix: `${didYouMean(name, commands.map((known) => known.name), "pollen ")}${SEE_ALL}`,
  });
}

/** `-port` and `-port=1` as `--port` and `--port=1`, if there is such a flag. */
function withTwoDashes(word: string, flags: Flags): string {
  const name = /^-([a-z][a-z-]+)(?:=|$)/.exec(word)?.[1];
  return name !== undefined && Object.hasOwn(flags, name) ? `-${word}` : word;
}

function resolve(flags: Flags, tokens: ArgToken[]) {
  const { positionals, rest, values, error } = resolveArgs(schemaOf(flags), tokens);
  return { positionals: [...positionals, ...rest], values, error };
}

function schemaOf(flags: Flags): Args {
  const entries = Object.entries(flags).map(([name, { value, short, isList }]) => [name, {
    // A flag without its value and one with an empty value look alike to the parser.
    ...(value === undefined ? { type: "boolean" } : { type: "custom", parse: demandText }),
    ...(short === undefined ? {} : { short }),
    ...(isList === true ? { multiple: true } : {}),
  }]);
  return Object.fromEntries(entries);
}

function demandText(value: string): string {
  if (value !== "") return value;
  throw new Error("empty");
}

/** What the parser lets pass: unknown flags, a flag given twice, a value for a switch. */
function checkFlags(tokens: readonly ArgToken[], flags: Flags, command: Command | null): void {
  const given = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { name, flag } = flagOf(token, flags, command);
    if (flag.value === undefined) {
      if (token.inlineValue === true) {
        throw usageError(`--${name} takes no value.`, `Write only: --${name}`, null);
      }
    } else if (flag.isList !== true && given.has(name)) {
      throw usageError(`--${name} was given twice.`, "Give it once.", command);
    }
    given.add(name);
  }
}

function flagOf(
  { rawName, name = "" }: ArgToken,
  flags: Flags,
  command: Command | null,
): { name: string; flag: Flag } {
  if (rawName === undefined) {
    throw usageError("A flag of one letter takes no value.", "Write its long name.", command);
  }
  const isLong = rawName.startsWith("--");
  const long = isLong ? name : Object.keys(flags).find((key) => flags[key]!.short === name) ?? "";
  const flag = Object.hasOwn(flags, long) ? flags[long] : undefined;
  if (flag !== undefined) return { name: long, flag };
  const near = isLong ? didYouMean(name, Object.keys(flags), "--") : "";
  throw usageError(`There is no flag ${rawName}.`, near, command);
}

function missingValue(error: AggregateError, flags: Flags): PollenError {
  const name = String(error.errors[0].values.name);
  return usageError(`--${name} needs a value.`, `Write: --${name} ${flags[name]?.value}`, null);
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
