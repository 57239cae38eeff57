// What commands know of the daemon on this machine: whether one runs on the state folder, a line to
// it, and when it has gone.

import { systemDisk } from "../host/mod.ts";
import { ControlClient, probeSocket, socketPathOf } from "../server/mod.ts";
import { type DiskLock, PollenError } from "../types/mod.ts";
import type { Context } from "./command.ts";

/** Milliseconds that a daemon may take to stop. */
export const STOP_TIMEOUT_MS = 15_000;

/** Milliseconds that a daemon may take to remove its socket once it has given its lock back. */
const REMOVAL_TIMEOUT_MS = 3_000;

/** The lock's file in the state folder. */
const LOCK_FILE = ".state.lock";
const LOCK_MODE = 0o600;

/** Between two looks at a daemon that stops, in milliseconds: quick at first, then ever slower. */
const POLL_MS_MIN = 5;
const POLL_MS_MAX = 250;
const POLL_GROWTH = 1.5;

/** A client of the daemon. It must be closed. Throws as `ControlClient.open` does. */
export async function openClient(context: Context): Promise<ControlClient> {
  const dir = await context.stateDirectory();
  try {
    return await ControlClient.open({ socketPath: socketPathOf(dir) });
  } catch (thrown) {
    const isAbsent = thrown instanceof PollenError && thrown.code === "unavailable";
    if (isAbsent && await isHeld(dir)) throw notToBeFound(dir);
    throw thrown;
  }
}

/** Whether a daemon works on the folder. Makes nothing there. */
export async function isHeld(dir: string): Promise<boolean> {
  return (await systemDisk.list(dir)).includes(LOCK_FILE) && !await isFree(dir);
}

/**
 * Demands that no daemon runs on the folder: what is about to change, it would not notice.
 *
 * @throws {PollenError} `failed_precondition` when one does.
 */
export async function demandStopped(dir: string): Promise<void> {
  if (await probeSocket(socketPathOf(dir)) !== "live") return;
  throw new PollenError(
    "failed_precondition",
    "The pollen daemon is running on this state folder.",
    {
      fix: "Stop it first with: pollen down",
    },
  );
}

/**
 * Asks the daemon to stop and waits until it has given the folder up.
 *
 * @throws {PollenError} `unavailable` when none runs, `timeout` when it still runs after 15 s,
 *   `permission_denied`, `cancelled`.
 */
export async function stopDaemon(dir: string, signal: AbortSignal): Promise<void> {
  if (!await answers(dir)) throw nothingToStop();
  await askToStop(socketPathOf(dir), signal);
  await waitUntilGone(dir, signal);
}

/** Whether a daemon serves the folder's socket, be it one that this user may not speak to. */
async function answers(dir: string): Promise<boolean> {
  const state = await probeSocket(socketPathOf(dir));
  return state === "live" || state === "forbidden";
}

async function askToStop(socketPath: string, signal: AbortSignal): Promise<void> {
  using client = await ControlClient.open({ socketPath });
  try {
    await client.shutdown({ signal });
  } catch (thrown) {
    // It may have gone faster than its answer.
    if (!(thrown instanceof PollenError && thrown.code === "unavailable")) throw thrown;
  }
}

/**
 * Waits until no daemon has the folder. The socket goes last of all; one that a crash leaves behind
 * stays, and then its process's lock tells.
 *
 * @throws {PollenError} `timeout` when one still has it after 15 s, `cancelled`.
 */
async function waitUntilGone(dir: string, signal: AbortSignal): Promise<void> {
  let freeAtMs: number | null = null;
  await poll(signal, async (nowMs) => {
    const state = await probeSocket(socketPathOf(dir));
    if (state !== "live" && state !== "stale") return true;
    if (state === "live" || !await isFree(dir)) freeAtMs = null;
    else freeAtMs ??= nowMs;
    return freeAtMs !== null && nowMs - freeAtMs > REMOVAL_TIMEOUT_MS;
  });
}

/**
 * Stops the daemon, whatever it is about: one that starts is awaited first, one that ends is let end.
 *
 * @throws {PollenError} `timeout` when one does neither within 15 s, `permission_denied`, `cancelled`.
 */
export async function stopWhateverRuns(dir: string, signal: AbortSignal): Promise<void> {
  await poll(signal, async () => {
    // Whoever has the lock and does not answer has not yet come up, or goes.
    return await answers(dir) || !await isHeld(dir);
  });
  if (await answers(dir)) await askToStop(socketPathOf(dir), signal);
  await waitUntilGone(dir, signal);
}

/** Asks ever more slowly until the answer is yes. @throws {PollenError} `timeout` after 15 s. */
async function poll(
  signal: AbortSignal,
  isDone: (nowMs: number) => Promise<boolean>,
): Promise<void> {
  const startedAtMs = performance.now();
  for (let pauseMs = POLL_MS_MIN;; pauseMs = Math.min(pauseMs * POLL_GROWTH, POLL_MS_MAX)) {
    const nowMs = performance.now();
    if (await isDone(nowMs)) return;
    if (nowMs - startedAtMs > STOP_TIMEOUT_MS) throw stillThere();
    await pause(pauseMs, signal);
  }
}

async function isFree(dir: string): Promise<boolean> {
  using lock = await lockFolder(dir);
  return lock !== null;
}

/** The lock that a daemon holds as long as it works on the folder; null while one does. */
export function lockFolder(dir: string): Promise<DiskLock | null> {
  return systemDisk.tryLock(`${dir}/${LOCK_FILE}`, LOCK_MODE);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}

function notToBeFound(dir: string): PollenError {
  return new PollenError(
    "unavailable",
    `A pollen daemon works on ${dir}, but has no control socket: it starts, or somebody removed it.`,
    { fix: "It makes another one within seconds; try again then. Else end its process." },
  );
}

function nothingToStop(): PollenError {
  return new PollenError("unavailable", "The pollen daemon is not running on this machine.", {
    fix: "There is nothing to stop.",
  });
}

function stillThere(): PollenError {
  return new PollenError(
    "timeout",
    `The pollen daemon was asked to stop and still runs after ${STOP_TIMEOUT_MS / 1000} s.`,
    { fix: "Its log says what it waits for; end its process if it does not move." },
  );
}
