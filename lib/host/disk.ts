// This machine's files. Invariants: a file written here holds the old content or the new one, never
// a mixture, and is never wider open than its mode, whatever the umask and whatever fails; what
// returned without an error is there after a power failure. Every failure names the path.

import { type Disk, type DiskLock, PollenError } from "../types/mod.ts";
import { parentOf, syncDirectory } from "./directories.ts";
import { toDiskError } from "./disk_errors.ts";
import type { FileSystem, OpenFile } from "./file_system.ts";
import { lockFile } from "./lock.ts";

/** Mode of a temporary file until it is complete: nobody but its owner looks at half a file. */
const TEMPORARY_MODE = 0o600;

/** How a temporary file is called: the file it is to become, and a UUID. */
const TEMPORARY_NAME = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** A temporary file of this age belongs to nobody any more: writing one takes no minute. */
const TEMPORARY_AGE_MS = 60 * 60 * 1_000;

/** Files on a file system. */
export class FileDisk implements Disk {
  readonly #system: FileSystem;

  constructor(system: FileSystem) {
    this.#system = system;
  }

  async read(path: string, maxBytes: number): Promise<Uint8Array | null> {
    try {
      // Asked before opening, because opening a pipe would wait for somebody to write into it.
      const { isFile } = await this.#system.stat(path);
      if (!isFile) throw new PollenError("io", `${path} cannot be read. It is not a file.`);
      using file = await this.#system.open(path, { read: true });
      return await readUpTo(file, path, maxBytes);
    } catch (thrown) {
      if (thrown instanceof Deno.errors.NotFound) return null;
      throw toDiskError(thrown, path, "read");
    }
  }

  async writeAtomic(path: string, bytes: Uint8Array, mode: number): Promise<void> {
    // A name of its own, because a command and the daemon may write the same file at the same time.
    const temporary = `${path}.${crypto.randomUUID()}.tmp`;
    let isTemporaryThere = false;
    try {
      {
        using file = await this.#system.open(temporary, {
          write: true,
          createNew: true,
          mode: TEMPORARY_MODE,
        });
        isTemporaryThere = true;
        for (let start = 0; start < bytes.length;) start += await file.write(bytes.subarray(start));
        await this.#setMode(temporary, mode);
        await file.sync();
      }
      await this.#system.rename(temporary, path);
      isTemporaryThere = false;
      await syncDirectory(this.#system, parentOf(path));
    } catch (thrown) {
      if (isTemporaryThere) await this.#system.remove(temporary).catch(() => {});
      throw toDiskError(thrown, path, "written");
    }
  }

  async makeDirectory(path: string, mode: number): Promise<void> {
    try {
      const missing: string[] = [];
      let at = path;
      for (; !(await this.#isDirectory(at)); at = parentOf(at)) missing.push(at);
      await this.#syncFoundDirectory(at);
      for (const directory of missing.reverse()) {
        try {
          await this.#system.mkdir(directory, { mode });
        } catch (thrown) {
          // Somebody else made it in the meantime: then it is theirs, mode included.
          if (!(thrown instanceof Deno.errors.AlreadyExists)) throw thrown;
          if (!await this.#isDirectory(directory)) throw thrown;
          await syncDirectory(this.#system, parentOf(directory));
          continue;
        }
        await this.#setMode(directory, mode);
        await syncDirectory(this.#system, parentOf(directory));
      }
    } catch (thrown) {
      throw toDiskError(thrown, path, "made");
    }
  }

  async list(path: string): Promise<string[]> {
    try {
      return (await Array.fromAsync(this.#system.readDir(path), ({ name }) => name)).sort();
    } catch (thrown) {
      if (thrown instanceof Deno.errors.NotFound) return [];
      throw toDiskError(thrown, path, "listed");
    }
  }

  async remove(path: string): Promise<void> {
    try {
      try {
        await this.#system.remove(path);
      } catch (thrown) {
        // Removed earlier, perhaps by a process that ended before its removal was on disk.
        if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
      }
      await syncDirectory(this.#system, parentOf(path));
    } catch (thrown) {
      if (thrown instanceof Deno.errors.NotFound) return;
      throw toDiskError(thrown, path, "removed");
    }
  }

  /**
   * Gives a file another name on the same file system. Nothing there: nothing happens.
   *
   * @throws {PollenError} `permission_denied`, `io`.
   */
  async move(from: string, to: string): Promise<void> {
    try {
      await this.#system.rename(from, to);
      await syncDirectory(this.#system, parentOf(to));
      await syncDirectory(this.#system, parentOf(from));
    } catch (thrown) {
      if (!(thrown instanceof Deno.errors.NotFound)) throw toDiskError(thrown, from, "moved");
    }
  }

  tryLock(path: string, mode: number): Promise<DiskLock | null> {
    return lockFile(this.#system, path, mode);
  }

  /**
   * Removes what writers left behind that were killed at it: temporary files of an hour or more.
   *
   * @param nowMs Milliseconds since 1970, by the clock that dates files.
   */
  async removeLeftovers(directory: string, nowMs: number): Promise<void> {
    for (const name of await this.list(directory)) {
      if (!TEMPORARY_NAME.test(name)) continue;
      const path = `${directory}/${name}`;
      const found = await this.#system.stat(path).catch(() => null);
      if (found === null || !found.isFile || found.mtime === null) continue;
      if (nowMs - found.mtime.getTime() >= TEMPORARY_AGE_MS) await this.remove(path);
    }
  }

  /** Whether there is a directory; false where there is nothing. Anything else there is an error. */
  async #isDirectory(path: string): Promise<boolean> {
    try {
      if ((await this.#system.stat(path)).isDirectory) return true;
    } catch (thrown) {
      if (thrown instanceof Deno.errors.NotFound) return false;
      throw thrown;
    }
    throw new PollenError("io", `${path} is not a directory.`, {
      fix: "Move it away, or name another directory.",
      details: { path },
    });
  }

  /** Whoever made it may have ended before it was on disk; whether we may look above it or not. */
  async #syncFoundDirectory(path: string): Promise<void> {
    try {
      await syncDirectory(this.#system, parentOf(path));
    } catch (thrown) {
      if (!(thrown instanceof Deno.errors.PermissionDenied)) throw thrown;
    }
  }

  /** Sets the mode bits as given: what `open` and `mkdir` take is cut down by the umask. */
  async #setMode(path: string, mode: number): Promise<void> {
    if (Deno.build.os !== "windows") await this.#system.chmod(path, mode);
  }
}

/** This machine's files. */
export const systemDisk: FileDisk = new FileDisk(Deno);

/** Reads to the end, or to the first byte beyond `maxBytes`: a file may grow while it is read. */
async function readUpTo(file: OpenFile, path: string, maxBytes: number): Promise<Uint8Array> {
  const { size } = await file.stat();
  let buffer = new Uint8Array(Math.min(size, maxBytes) + 1);
  let length = 0;
  while (size <= maxBytes) {
    const count = await file.read(buffer.subarray(length));
    if (count === null) return buffer.slice(0, length);
    length += count;
    if (length > maxBytes) break;
    if (length === buffer.length) {
      const larger = new Uint8Array(Math.min(buffer.length * 2, maxBytes + 1));
      larger.set(buffer);
      buffer = larger;
    }
  }
  throw new PollenError("too_large", `${path} is larger than the ${maxBytes} bytes allowed.`, {
    fix: "Look at what wrote it; it is not a file of Pollen as it stands.",
    details: { path, maxBytes },
  });
}
