// A process that outlives this one: a session of its own, no input, its standard error added to a file.
// By Node's interface, because Deno's own gives a child's output to no file; so that no shell is
// needed, which a bare machine may not have.

import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { Readable } from "node:stream";

/** Readable by the owner alone, should it not be there yet. */
const FILE_MODE = 0o600;

/** A process that runs by itself. */
export interface Detached {
  readonly pid: number;
  /** What it prints; to be read or cancelled. */
  readonly stdout: ReadableStream<Uint8Array>;
  /** Settles when it has ended; never rejects. */
  readonly ended: Promise<void>;
  /** Sends a signal; nothing happens when it has ended. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
  /** From now on this process does not wait for it. */
  release(): void;
}

/**
 * Starts the words, from the root folder.
 *
 * @param errorPath The file that takes its standard error.
 * @throws {Error} when the program does not start, or the file cannot be opened.
 */
export async function spawnDetached(
  [program, ...args]: readonly string[],
  errorPath: string,
): Promise<Detached> {
  const file = openSync(errorPath, "a", FILE_MODE);
  try {
    const child = spawn(program!, args, {
      cwd: "/",
      detached: true,
      stdio: ["ignore", "pipe", file],
    });
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    return {
      pid: child.pid!,
      stdout: Readable.toWeb(child.stdout!) as ReadableStream<Uint8Array>,
      ended,
      kill: (signal) => void child.kill(signal),
      release: () => child.unref(),
    };
  } finally {
    closeSync(file);
  }
}
