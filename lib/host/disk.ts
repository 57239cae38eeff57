// This machine's files. Invariant: a file written here holds the old content or the new one, never
// a mixture, and is never wider open than its mode, whatever the umask and whatever fails. Every
// failure names the path.

import { type Disk, PollenError } from "../types/mod.ts";
import { toDiskError } from "./disk_errors.ts";
import { lockFile } from "./lock.ts";

/** Mode of a temporary file until it is complete: nobody but its owner looks at half a file. */
const TEMPORARY_MODE = 0o600;

/** This machine's files. */
export const systemDisk: Disk = {
  read,
  writeAtomic,
  makeDirectory,
  list,
  remove,
  tryLock: lockFile,
};

async function read(path: string, maxBytes: number): Promise<Uint8Array | null> {
  try {
    // Asked before opening, because opening a pipe would wait for somebody to write into it.
    const { isFile } = await Deno.stat(path);
    if (!isFile) throw new PollenError("io", `${path} cannot be read. It is not a file.`);
    using file = await Deno.open(path, { read: true });
    return await readUpTo(file, path, maxBytes);
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return null;
    throw toDiskError(thrown, path, "read");
  }
}

/** Reads to the end, or to the first byte beyond `maxBytes`: a file may grow while it is read. */
async function readUpTo(file: Deno.FsFile, path: string, maxBytes: number): Promise<Uint8Array> {
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

async function writeAtomic(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  // A name of its own, because a command and the daemon may write the same file at the same time.
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  let isTemporaryThere = false;
  try {
    {
      using file = await Deno.open(temporary, {
        write: true,
        createNew: true,
        mode: TEMPORARY_MODE,
      });
      isTemporaryThere = true;
      for (let start = 0; start < bytes.length;) start += await file.write(bytes.subarray(start));
      await setMode(temporary, mode);
      await file.sync();
    }
    await Deno.rename(temporary, path);
    isTemporaryThere = false;
    await syncDirectory(parentOf(path));
  } catch (thrown) {
    if (isTemporaryThere) await Deno.remove(temporary).catch(() => {});
    throw toDiskError(thrown, path, "written");
  }
}

async function makeDirectory(path: string, mode: number): Promise<void> {
  try {
    const missing: string[] = [];
    for (let at = path; !(await isDirectory(at)); at = parentOf(at)) missing.push(at);
    for (const directory of missing.reverse()) {
      try {
        await Deno.mkdir(directory, { mode });
      } catch (thrown) {
        // Somebody else made it in the meantime: then it is theirs, mode included.
        if (thrown instanceof Deno.errors.AlreadyExists && await isDirectory(directory)) continue;
        throw thrown;
      }
      await setMode(directory, mode);
      await syncDirectory(parentOf(directory));
    }
  } catch (thrown) {
    throw toDiskError(thrown, path, "made");
  }
}

/** Whether there is a directory; false where there is nothing. Anything else there is an error. */
async function isDirectory(path: string): Promise<boolean> {
  try {
    if ((await Deno.stat(path)).isDirectory) return true;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return false;
    throw thrown;
  }
  throw new PollenError("io", `${path} is not a directory.`, {
    fix: "Move it away, or name another directory.",
    details: { path },
  });
}

async function list(path: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(path), ({ name }) => name)).sort();
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return [];
    throw toDiskError(thrown, path, "listed");
  }
}

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path);
    await syncDirectory(parentOf(path));
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return;
    throw toDiskError(thrown, path, "removed");
  }
}

/** Sets the mode bits as given: what `open` and `mkdir` take is cut down by the umask. */
async function setMode(path: string, mode: number): Promise<void> {
  if (Deno.build.os !== "windows") await Deno.chmod(path, mode);
}

/** A new name survives a power failure only once its directory is on disk as well (fsync(2)). */
async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using directory = await Deno.open(path, { read: true });
  await directory.sync();
}

function parentOf(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  return trimmed.slice(0, Math.max(1, trimmed.lastIndexOf("/")));
}
