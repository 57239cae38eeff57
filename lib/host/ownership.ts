// Whose the state folder is. A file that root replaces in somebody else's folder belongs to root
// from then on, and locks its owner out; so whoever writes there is its owner.

import { PollenError } from "../types/mod.ts";

/**
 * Demands that the folder, if there is one, belongs to this user.
 *
 * @throws {PollenError} `permission_denied` when it is another user's.
 */
export function demandOwner(directory: string): void {
  const uid = Deno.build.os === "windows" ? null : Deno.uid();
  const owner = ownerOf(directory);
  if (uid === null || owner === null || owner === uid) return;
  throw new PollenError(
    "permission_denied",
    `The state folder ${directory} belongs to another user (uid ${owner}). ` +
      "What this user writes there would lock that one out.",
    { fix: "Run it as the owner, or choose a folder of your own with --dir.", details: { owner } },
  );
}

/** The owner's number; null when there is no such folder or no such number. */
function ownerOf(directory: string): number | null {
  try {
    return Deno.statSync(directory).uid;
  } catch {
    return null;
  }
}
