// What a command is: its words for people, its flags, and where its code lies. The table of
// commands holds only this, so that help and parsing load no command.

import type { WallMs } from "../types/mod.ts";
import type { Arguments } from "./arguments.ts";

/** One flag of a command. */
export interface Flag {
  /** What stands after it in the help, such as `N`; without it the flag is a switch. */
  readonly value?: string;
  /** Whether it may be given again and again. */
  readonly isList?: boolean;
  /** One letter that means the same. */
  readonly short?: string;
  readonly summary: string;
}

/** Flags by name, without the dashes. */
export type Flags = Readonly<Record<string, Flag>>;

/** One word of the table of commands. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The positional arguments, as the usage line shows them: `<port> [name]`. */
  readonly usage: string;
  /** How many positional arguments there may be. */
  readonly positionals: { readonly min: number; readonly max: number };
  readonly flags: Flags;
  /** Sentences for `--help`, below the usage. */
  readonly description: string;
  /** Whole command lines, each with what it is for. */
  readonly examples: readonly { readonly line: string; readonly note: string }[];
  /** Whether its flags may also be written with one dash, as programs in Go have them. */
  readonly takesSingleDash?: boolean;
  /** Whether an interruption is the usual way to end it, and no failure. */
  readonly isService?: boolean;
  readonly load: () => Promise<Run>;
}

/** What a command works with. */
export interface Context {
  readonly args: Arguments;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
  readonly isJson: boolean;
  /** Whether standard output is a terminal that wants colour. */
  readonly isColored: boolean;
  /** The state folder, found on first use. */
  readonly stateDirectory: () => Promise<string>;
  /** Whether a person can be asked. */
  readonly isInteractive: boolean;
  /** Asks on standard error and gives the line that is typed. */
  readonly ask: (question: string) => Promise<string>;
  /** Everything on standard input, as text of bounded length. */
  readonly readInput: () => Promise<string>;
  /** Prints an outcome before the command has ended: for a command that stays. */
  readonly announce: (outcome: Outcome) => Promise<void>;
  readonly now: () => WallMs;
}

/** What a command has to say at its end. On failure nothing of it is printed. */
export interface Outcome {
  /** For standard output, without the last newline; nothing when empty. */
  readonly text: string;
  /** The same for programs: camelCase, RFC 3339 times, full keys. `schemaVersion` is added. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Lines for standard error: hints that are not the result. */
  readonly notes?: readonly string[];
}

/** Does a command's work. Throws PollenErrors. */
export type Run = (context: Context) => Promise<Outcome | null>;
