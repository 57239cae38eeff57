// Exclusive locks between processes: the kernel's own, so that they end with the process at the
// latest and a crash leaves nothing to clean up. The file itself stays: removing it would let two
// processes lock two files of the same name.

import type { DiskLock } from "../types/mod.ts";
import { toDiskError } from "./disk_errors.ts";
import type { FileSystem, OpenFile } from "./file_system.ts";

/** Who only looks whether a lock is held has it for less than this, in milliseconds. */
const LOOK_MS = 20;
/** How often it is tried: a second time, in case somebody was just looking, and a third. */
const TRIES = 3;

/** Takes the lock at `path`, making the file with `mode`; null when somebody else holds it. */
export async function lockFile(
  system: FileSystem,
  path: string,
  mode: number,
): Promise<DiskLock | null> {
  let file: OpenFile | undefined;
  try {
    file = await openOrCreate(system, path, mode);
    for (let tries = 1;; tries++) {
      if (await file.tryLock(true)) return new FileLock(file);
      if (tries === TRIES) break;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    file.close();
    return null;
  } catch (thrown) {
    file?.close();
    throw toDiskError(thrown, path, "locked");
  }
}

async function openOrCreate(system: FileSystem, path: string, mode: number): Promise<OpenFile> {
  try {
    const file = await system.open(path, { read: true, write: true, createNew: true, mode });
    if (Deno.build.os !== "windows") await system.chmod(path, mode);
    return file;
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.AlreadyExists)) throw thrown;
    return await system.open(path, { read: true, write: true });
  }
}

class FileLock implements DiskLock {
  readonly #file: OpenFile;
  #isHeld = true;

  constructor(file: OpenFile) {
    this.#file = file;
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    // The lock belongs to the open file and goes with it (flock(2)).
    this.#file.close();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
