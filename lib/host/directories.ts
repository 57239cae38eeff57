// Directories as names that have to reach the disk: a new name, or one that is gone, survives a power
// failure only once its directory was synced (fsync(2)).

import type { FileSystem } from "./file_system.ts";

/** The directory that an absolute path is in; the root is in itself. */
export function parentOf(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  return trimmed.slice(0, Math.max(0, trimmed.lastIndexOf("/"))) || "/";
}

/** Puts the names in a directory on disk. */
export async function syncDirectory(system: FileSystem, path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using directory = await system.open(path, { read: true });
  await directory.sync();
}
