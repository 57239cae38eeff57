// A node that outlives the terminal: a process of its own session whose log goes to a file. The
// invariant: the caller hears that it serves, or why it does not; no process is left behind that
// was not reported as serving.
//
// The new process runs `up --log FILE --json`. Its one line on standard output says that it serves;
// its last line on standard error, which is added to the same file, says why it ended.

import { notEnrolled, readKeyInventory } from "../auth/mod.ts";
import { demandOwner, LogFile, systemDisk } from "../host/mod.ts";
import { isErrorCode, LOG_TAIL_BYTES_MAX, PollenError } from "../types/mod.ts";
import { bootHint, thisMachine } from "./boot.ts";
import { noteBackground } from "./background_note.ts";
import { demandStopped } from "./daemon.ts";
import { type Detached, spawnDetached } from "./detached.ts";
import { programWords } from "./program.ts";
import { logPathOf } from "./state_files.ts";

/** Milliseconds that a node may take until it serves. */
const READY_TIMEOUT_MS = 30_000;

/** A node that serves. */
export interface BackgroundNode {
  readonly pid: number;
  /** The UDP port. */
  readonly port: number;
  readonly socketPath: string;
  readonly logPath: string;
}

/**
 * Starts the node of a folder and returns when it serves.
 *
 * @param flags Flags of `up`, such as `--port` and its value.
 * @throws {PollenError} `failed_precondition` when one runs or the folder is in no network; what kept
 *   the node from serving; `timeout` after 30 s; `cancelled`.
 */
export async function startInBackground(
  dir: string,
  flags: readonly string[],
  signal: AbortSignal,
): Promise<BackgroundNode> {
  demandOwner(dir);
  await demandStopped(dir);
  await demandMembership(dir);
  const logPath = logPathOf(dir);
  const logStart = sizeOf(logPath);
  const words = programWords(["up", "--dir", dir, "--log", logPath, "--json", ...flags]);
  const child = await spawnDetached(words, logPath);
  const ready = await firstLine(child, signal);
  if (signal.aborted) {
    // It may be up already, or know of its end: asking once more does no harm.
    child.kill("SIGTERM");
    await child.ended;
    throw new PollenError("cancelled", "Interrupted.");
  }
  if (ready.line === null) {
    await child.ended;
    throw ready.isLate ? tooLate(logPath) : reasonIn(readTail(logPath, logStart), logPath);
  }
  child.release();
  await noteBackground(dir, { pid: child.pid, flags });
  const { port, socketPath } = JSON.parse(ready.line);
  return { pid: child.pid, port, socketPath, logPath };
}

/** Where its log is and how it comes back after a restart of the machine: notes for a person. */
export function bootNotes(
  { logPath }: BackgroundNode,
  dir: string,
  flags: readonly string[] = [],
): string[] {
  const words = programWords(["up", "--dir", dir, ...flags]);
  return [`Its log is ${logPath}`, ...bootHint(words, thisMachine())];
}

async function demandMembership(dir: string): Promise<void> {
  // Damaged files count: the node itself says what is wrong with them.
  if ((await readKeyInventory(systemDisk, dir)).membership.length > 0) return;
  throw await notEnrolled(systemDisk, dir);
}

/** The size of the log, once a full one is put aside. */
function sizeOf(logPath: string): number {
  using log = LogFile.open(logPath);
  return log.size;
}

/** What the child says first; null when it ends before. It is ended when time runs out or on request. */
async function firstLine(
  child: Detached,
  signal: AbortSignal,
): Promise<{ line: string | null; isLate: boolean }> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, READY_TIMEOUT_MS);
  const withdraw = () => child.kill("SIGTERM");
  signal.addEventListener("abort", withdraw, { once: true });
  if (signal.aborted) withdraw();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return { line: null, isLate };
      text += value;
      const end = text.indexOf("\n");
      if (end !== -1) return { line: text.slice(0, end), isLate };
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", withdraw);
    await reader.cancel();
  }
}

function readTail(logPath: string, start: number): string {
  const bytes = Deno.readFileSync(logPath);
  const from = start <= bytes.length ? start : 0;
  return new TextDecoder().decode(
    bytes.subarray(Math.max(from, bytes.length - LOG_TAIL_BYTES_MAX)),
  );
}

/** Why a node ended, from the end of its log. */
export function reasonIn(log: string, logPath: string): PollenError {
  const lines = log.trimEnd().split("\n");
  const logHint = `Its log is ${logPath}.`;
  // A stack may follow the error when it was asked for.
  const error = lines.map(errorIn).findLast((found) => found !== null);
  if (error !== undefined) {
    const fix = error.fix === undefined ? logHint : `${error.fix} ${logHint}`;
    return new PollenError(error.code, error.message, { fix });
  }
  const last = lines.at(-1) ?? "";
  const words = last === "" ? "It said nothing." : `Its last words: ${last}`;
  return new PollenError("internal", `The node ended before it was up. ${words}`, { fix: logHint });
}

/** The error that a command prints with `--json`, from its line. */
function errorIn(line: string): PollenError | null {
  try {
    const { code, message, fix } = JSON.parse(line).error;
    if (!isErrorCode(code) || typeof message !== "string") return null;
    return new PollenError(code, message, typeof fix === "string" ? { fix } : {});
  } catch {
    return null;
  }
}

function tooLate(logPath: string): PollenError {
  return new PollenError(
    "timeout",
    `The node was not up after ${READY_TIMEOUT_MS / 1000} s and was ended.`,
    { fix: `Its log is ${logPath}.` },
  );
}
