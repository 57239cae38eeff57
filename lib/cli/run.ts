// One run of the command line: parse, load the command, run it, print, and give the exit code.
//
// The invariants: standard output stays empty when a command fails; every failure is one text of
// what, why and what to do (with `--json` one object) on standard error; the exit code is that of
// the error's code.

import { EXIT_CODE_OF, PollenError } from "../types/mod.ts";
import { type Invocation, parseArguments, wantsJson } from "./arguments.ts";
import type { Command, Context, Outcome } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import type { Io } from "./io.ts";

/** The version of every JSON output. It grows when a field changes its meaning or goes. */
const SCHEMA_VERSION = 1;

/** Runs one command line. Returns the exit code; never throws. */
export async function run(
  words: readonly string[],
  io: Io,
  commands: readonly Command[] = COMMANDS,
): Promise<number> {
  let isService = false;
  try {
    const invocation = parseArguments(words, commands);
    // Interrupting the node that runs here is how it is stopped; interrupting its start is a failure.
    isService = invocation.command?.isService === true && !invocation.args.has("detach");
    if (invocation.isHelp || invocation.command === null) {
      await io.stdout(`${await help(invocation, commands)}\n`);
      return 0;
    }
    const work = await invocation.command.load();
    const outcome = await work(contextOf(invocation, io));
    if (outcome !== null) await print(outcome, invocation.args.has("json"), io);
    return 0;
  } catch (thrown) {
    if (isService && io.signal.aborted && isCancellation(thrown)) return 0;
    const error = io.signal.aborted ? interrupted(thrown) : explain(thrown);
    await io.stderr(`${wantsJson(words) ? errorJson(error) : error.text}\n`);
    if (io.env("POLLEN_DEBUG") !== undefined) await io.stderr(`${stackOf(thrown)}\n`);
    return EXIT_CODE_OF[error.code];
  }
}

async function help({ command }: Invocation, commands: readonly Command[]): Promise<string> {
  const { renderHelp, renderOverview } = await import("./help.ts");
  return command === null ? renderOverview(commands) : renderHelp(command);
}

function contextOf({ args }: Invocation, io: Io): Context {
  const isJson = args.has("json");
  return {
    args,
    signal: io.signal,
    isJson,
    isColored: io.isColored,
    stateDirectory: async () => {
      const { resolveStateDirectory } = await import("../host/mod.ts");
      return resolveStateDirectory(args.value("dir"), { get: io.env });
    },
    isInteractive: io.isInteractive,
    ask: async (question) => {
      await io.stderr(question);
      return await io.readLine();
    },
    readInput: io.stdin,
    announce: (outcome) => print(outcome, isJson, io),
    now: io.now,
  };
}

/** The one line that a program reads. */
export function renderJson({ json }: Outcome): string {
  return JSON.stringify({ schemaVersion: SCHEMA_VERSION, ...json });
}

/** The result first, then what to do with it. */
async function print(outcome: Outcome, isJson: boolean, io: Io): Promise<void> {
  if (isJson) {
    await io.stdout(`${renderJson(outcome)}\n`);
  } else if (outcome.text !== "") {
    await io.stdout(`${outcome.text}\n`);
  }
  const notes = outcome.notes ?? [];
  if (notes.length > 0) await io.stderr(`${notes.join("\n")}\n`);
}

function isCancellation(thrown: unknown): boolean {
  return thrown instanceof PollenError
    ? thrown.code === "cancelled"
    : thrown instanceof DOMException && thrown.name === "AbortError";
}

function interrupted(thrown: unknown): PollenError {
  return new PollenError("cancelled", "Interrupted.", { cause: thrown });
}

/** What a person reads of an error: ours as it is, anything else as a defect. */
function explain(thrown: unknown): PollenError {
  if (thrown instanceof PollenError) return thrown;
  return new PollenError("internal", "Something went wrong inside pollen. This is a defect.", {
    fix: "Run it again with POLLEN_DEBUG=1 and report what it prints.",
    cause: thrown,
  });
}

function errorJson({ code, message, fix }: PollenError): string {
  return JSON.stringify({ error: { code, message, fix: fix ?? null } });
}

function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const cause = thrown.cause === undefined ? "" : `\ncaused by: ${stackOf(thrown.cause)}`;
  return `${thrown.stack ?? thrown.message}${cause}`;
}
