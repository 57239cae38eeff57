// How one program file takes another one's place. At every moment there is a whole program under the
// name: the new one is complete and tried before a single rename, and the old one is kept beside it.

import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { errorText, PollenError, PROGRAM_BYTES_MAX } from "../types/mod.ts";
import type { Release } from "./release.ts";

const PROGRAM_MODE = 0o755;
/** How long the new program may take to say its version. */
const TRY_TIMEOUT_MS = 30_000;

/** A program that was replaced. */
export interface Replaced {
  /** Where the program is. */
  readonly path: string;
  /** Where the one before is kept. */
  readonly previous: string;
}

/**
 * Fetches a release's program, tries it, and puts it in the place of the one at `path`.
 *
 * @param beforeSwap What must be done before the new program is there, and may be done in vain.
 * @throws {PollenError} `unauthenticated` when its checksum is wrong, `too_large`, `failed_precondition`
 *   when it does not run here, `permission_denied` or `io` when the place cannot be written; what the
 *   source throws. The old program is in its place then.
 */
export async function replaceProgram(
  release: Release,
  path: string,
  signal: AbortSignal,
  beforeSwap: () => Promise<void> = () => Promise.resolve(),
): Promise<Replaced> {
  const fresh = `${path}.new`;
  const previous = `${path}.previous`;
  try {
    await fetchProgram(release, fresh, signal);
    await tryProgram(fresh, release.version);
    await keep(path, previous);
    await beforeSwap();
    await Deno.rename(fresh, path);
    await syncDirectory(dirname(path));
  } catch (thrown) {
    await Deno.remove(fresh).catch(() => {});
    throw toReplaceError(thrown, path);
  }
  return { path, previous };
}

/** Puts the program back that was there before. @throws {PollenError} `permission_denied`, `io`. */
export async function restoreProgram({ path, previous }: Replaced): Promise<void> {
  try {
    await Deno.rename(previous, path);
    await syncDirectory(dirname(path));
  } catch (thrown) {
    throw toReplaceError(thrown, path);
  }
}

async function fetchProgram(release: Release, path: string, signal: AbortSignal): Promise<void> {
  const { source, file } = release;
  const hash = createHash("sha256");
  let length = 0;
  using output = await Deno.open(path, { write: true, create: true });
  if (!await output.tryLock(true)) {
    throw new PollenError("failed_precondition", "Another upgrade is at work here.");
  }
  // What an interrupted one left behind.
  await output.truncate(0);
  for await (const chunk of await source.open(file.name, signal)) {
    length += chunk.length;
    if (length > PROGRAM_BYTES_MAX) {
      throw new PollenError("too_large", `${file.name} of ${source.shown} is too long.`);
    }
    hash.update(chunk);
    for (let at = 0; at < chunk.length;) at += await output.write(chunk.subarray(at));
    signal.throwIfAborted();
  }
  await Deno.chmod(path, PROGRAM_MODE);
  await output.sync();
  if (hash.digest("hex") === file.sha256) return;
  throw new PollenError(
    "unauthenticated",
    `The checksum of ${file.name} is wrong: it was altered or cut off on the way.`,
    { fix: "Try again; if it stays so, get the release from where the project publishes it." },
  );
}

/** Has the new program say its version: then it runs on this machine and is what it is called. */
async function tryProgram(path: string, version: string): Promise<void> {
  const command = new Deno.Command(path, {
    args: ["version", "--short"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(TRY_TIMEOUT_MS),
  });
  const { success, stdout, stderr } = await command.output();
  const said = new TextDecoder().decode(stdout).trim();
  if (success && said === version) return;
  const reason = new TextDecoder().decode(stderr).trim().slice(0, 400) ||
    `it says "${said.slice(0, 80)}"`;
  throw new PollenError(
    "failed_precondition",
    `Version ${version} does not run on this machine: ${reason}. The program was not replaced.`,
  );
}

/** A second name for the program that is there now. */
async function keep(path: string, previous: string): Promise<void> {
  await Deno.remove(previous).catch((thrown) => {
    if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
  });
  await Deno.link(path, previous);
}

/** So that the rename outlives a loss of power. Windows has no such thing and needs none. */
async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using directory = await Deno.open(path);
  await directory.sync();
}

function toReplaceError(thrown: unknown, path: string): unknown {
  if (thrown instanceof PollenError) return thrown;
  if (thrown instanceof Deno.errors.PermissionDenied || thrown instanceof Deno.errors.NotCapable) {
    return new PollenError("permission_denied", `This user may not replace ${path}.`, {
      fix: "Upgrade as the user who installed it.",
      cause: thrown,
    });
  }
  if (thrown instanceof DOMException && thrown.name === "AbortError") return thrown;
  return new PollenError("io", `${path} cannot be replaced: ${errorText(thrown)}.`, {
    fix: "The old program is still there. Free some space, or see what is wrong with the disk.",
    cause: thrown,
  });
}
