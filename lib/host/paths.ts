// Removing whole paths, files or directories, for commands that clear a state folder. One step is on
// disk before the next: the order in which files go has a meaning.

import { parentOf, syncDirectory } from "./directories.ts";
import { toDiskError } from "./disk_errors.ts";

/**
 * Removes a path and everything below it. Nothing there: nothing happens.
 *
 * @throws {PollenError} `permission_denied`, `io`.
 */
export async function removePath(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
    await syncDirectory(Deno, parentOf(path));
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.NotFound)) throw toDiskError(thrown, path, "removed");
  }
}
