// `pollen upgrade`: replaces this program by that of a signed release and starts the node anew; the
// old program comes back when the new one does not come up.

import { compareVersions } from "compare-versions";
import { systemDisk } from "../../host/mod.ts";
import { probeSocket, socketPathOf } from "../../server/mod.ts";
import { PollenError, VERSION } from "../../types/mod.ts";
import {
  openSource,
  readRelease,
  type Release,
  releaseKey,
  releasePlatform,
  type Replaced,
  replaceProgram,
  restoreProgram,
} from "../../upgrade/mod.ts";
import { startInBackground } from "../background.ts";
import { type BackgroundNote, isAlive, readBackgroundNote } from "../background_note.ts";
import type { Context, Outcome, Run } from "../command.ts";
import { isHeld, stopDaemon, stopWhateverRuns } from "../daemon.ts";
import { isManaged } from "../managed.ts";
import { programFile } from "../program.ts";

/** Beside the state, from just before the new program is there until its node runs. */
const PENDING_FILE = "upgrade.json";
const PENDING_MODE = 0o600;
const PENDING_BYTES_MAX = 16_384;

export const upgrade: Run = async (context) => {
  const { args, signal } = context;
  const path = programFile();
  const source = openSource(args.value("from") ?? missingSource());
  const key = await chosenKey(args.value("key"));
  const dir = await context.stateDirectory();
  const release = await readRelease(source, key, releasePlatform(Deno.build), signal);
  const { version } = release;
  const order = compareVersions(version, VERSION);

  if (args.has("check")) return checked(release);
  if (order === 0) return await finishPending(context, dir);
  if (order < 0 && !args.has("downgrade")) throw isOlder(version);

  const running = await runningNode(dir);
  const replaced = await replaceProgram(release, path, signal, async () => {
    if (typeof running !== "string") await notePending(dir, { version, flags: running.flags });
  });
  const node = typeof running === "string"
    ? running
    : await restart(context, dir, running.flags, replaced);
  return {
    text: `upgraded from ${VERSION} to ${version}`,
    json: { from: VERSION, to: version, path, previous: replaced.previous, node },
    notes: [`The version before is kept as ${replaced.previous}`, ...nodeNotes(node)],
  };
};

/** What became of the node of this state folder. */
type NodeFate = "restarted" | "none" | "managed" | "foreground";

/** The node of this state folder: how it is started again, or why it is not. */
async function runningNode(dir: string): Promise<BackgroundNote | Exclude<NodeFate, "restarted">> {
  if (await probeSocket(socketPathOf(dir)) !== "live") return "none";
  if (isManaged(dir)) return "managed";
  const note = await readBackgroundNote(dir);
  return note !== null && isAlive(note) ? note : "foreground";
}

/** Starts the node again with the new program, or with the old one if that does not come up. */
async function restart(
  { signal }: Context,
  dir: string,
  flags: readonly string[],
  replaced: Replaced,
): Promise<NodeFate> {
  await stopDaemon(dir, signal);
  try {
    // From here on it is not interrupted: a node that ran must run again.
    await startInBackground(dir, flags, new AbortController().signal);
  } catch (thrown) {
    await restoreProgram(replaced);
    await startInBackground(dir, flags, new AbortController().signal);
    await forgetPending(dir);
    throw didNotComeUp(thrown);
  }
  await forgetPending(dir);
  return "restarted";
}

/** The program is the newest; perhaps its node was to be started again by an upgrade that was cut short. */
async function finishPending({ signal }: Context, dir: string): Promise<Outcome> {
  const pending = await readPending(dir);
  const isDue = pending !== null && (pending.version ?? VERSION) === VERSION;
  if (isDue) {
    await startInstead(dir, pending.flags, signal);
  }
  if (pending !== null) await forgetPending(dir);
  return {
    text: `pollen ${VERSION} is what the release holds`,
    json: { from: VERSION, to: VERSION, node: isDue ? "restarted" : "none" },
    notes: isDue ? ["The node runs again: an earlier upgrade had been cut short."] : [],
  };
}

/**
 * Starts the node in the place of whatever runs: with the old program, about to end, or just started.
 * One that was started so late that it has not even taken the folder shows itself by taking it first.
 */
async function startInstead(
  dir: string,
  flags: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await stopWhateverRuns(dir, signal);
  try {
    await startInBackground(dir, flags, signal);
  } catch (thrown) {
    if (!await isHeld(dir)) throw thrown;
    await stopWhateverRuns(dir, signal);
    await startInBackground(dir, flags, signal);
  }
}

/** An upgrade under way. */
interface Pending {
  /** The new version; null in a note of a version that did not write it. */
  readonly version: string | null;
  /** Flags of the node. */
  readonly flags: readonly string[];
}

async function notePending(dir: string, pending: Pending): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(pending)}\n`);
  await systemDisk.writeAtomic(`${dir}/${PENDING_FILE}`, bytes, PENDING_MODE);
}

async function readPending(dir: string): Promise<Pending | null> {
  const bytes = await systemDisk.read(`${dir}/${PENDING_FILE}`, PENDING_BYTES_MAX);
  if (bytes === null) return null;
  try {
    const { version, flags } = JSON.parse(new TextDecoder().decode(bytes));
    if (!Array.isArray(flags)) return null;
    return { version: typeof version === "string" ? version : null, flags: flags.map(String) };
  } catch {
    return null;
  }
}

async function forgetPending(dir: string): Promise<void> {
  await systemDisk.remove(`${dir}/${PENDING_FILE}`);
}

async function chosenKey(path: string | undefined): Promise<string> {
  if (path === undefined) {
    const key = releaseKey();
    if (key !== null) return key;
    throw new PollenError("failed_precondition", "This build of pollen knows no release key.", {
      fix: "Name the public key of the project with --key FILE.",
    });
  }
  const bytes = await systemDisk.read(path, PENDING_BYTES_MAX);
  if (bytes !== null) return new TextDecoder().decode(bytes);
  throw new PollenError("not_found", `There is no key file ${path}.`);
}

function checked({ version, source }: Release): Outcome {
  const order = compareVersions(version, VERSION);
  const word = order > 0 ? "newer" : order < 0 ? "older" : "the same";
  return {
    text: `${source.shown} holds ${version}; this is ${VERSION} (${word})`,
    json: { current: VERSION, available: version, isNewer: order > 0 },
  };
}

function nodeNotes(node: NodeFate): string[] {
  switch (node) {
    case "restarted":
      return ["The node runs again, with the new version."];
    case "managed":
      return ["The running node has the old version until: systemctl restart pollen"];
    case "foreground":
      return ["The running node has the old version until it is started again."];
    case "none":
      return [];
  }
}

function missingSource(): never {
  throw new PollenError("invalid_argument", "It is not said where the release is.", {
    fix: "Name its folder or web address: pollen upgrade --from https://…",
  });
}

function isOlder(version: string): PollenError {
  return new PollenError(
    "failed_precondition",
    `The release holds ${version}, which is older than this ${VERSION}.`,
    { fix: "To go back all the same, add --downgrade." },
  );
}

function didNotComeUp(thrown: unknown): PollenError {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new PollenError(
    "failed_precondition",
    `The new version does not come up: ${reason} The old one is back and runs.`,
    { cause: thrown },
  );
}
