// Who else on this machine may get at a node's keys. Restored backups, copies and a careless umask
// leave files wider open than they were made; only their owner can close them again.

import { toDiskError } from "./disk_errors.ts";

/** Everything that the folder's group and others may do. */
const OTHERS = 0o077;
/** What they may change. */
const OTHERS_WRITE = 0o022;
/** Set on folders like /tmp, in which everybody may write, but only on what is theirs (chmod(1)). */
const STICKY = 0o1000;

/**
 * Takes from others what they may not have: any right on the keys directory and on private keys, and
 * the right to put something else in their place.
 *
 * @returns A sentence for each path that was too wide open; empty in good order and on Windows.
 * @throws {PollenError} `permission_denied`, `io`: the rights are too wide and cannot be taken.
 */
export async function tightenRights(dir: string, keysDirectory: string): Promise<string[]> {
  if (Deno.build.os === "windows") return [];
  const keys = await namesIn(keysDirectory);
  if (keys === null) return [];
  const sentences: string[] = [];
  if (await tighten(dir, OTHERS_WRITE)) {
    sentences.push(`Others could change what is in ${dir}; that right was taken away.`);
  }
  const names = keys.filter((name) => name.endsWith(".key"));
  for (const path of [keysDirectory, ...names.map((name) => `${keysDirectory}/${name}`)]) {
    if (!await tighten(path, OTHERS)) continue;
    sentences.push(
      `Others could get at ${path}; that right was taken away. Who did may know what is in there.`,
    );
  }
  return sentences;
}

/** Whether these rights had to be taken. */
async function tighten(path: string, taken: number): Promise<boolean> {
  try {
    const mode = (await Deno.stat(path)).mode ?? 0;
    if ((mode & taken) === 0 || (mode & STICKY) !== 0) return false;
    await Deno.chmod(path, mode & 0o7777 & ~taken);
    return true;
  } catch (thrown) {
    throw toDiskError(thrown, path, "closed to others");
  }
}

async function namesIn(directory: string): Promise<string[] | null> {
  try {
    return await Array.fromAsync(Deno.readDir(directory), ({ name }) => name);
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return null;
    throw toDiskError(thrown, directory, "listed");
  }
}
