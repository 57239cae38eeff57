// Joining on the way up: a machine that is set up by a program gets its token as a file, and the
// same start serves it for the first time and ever after.

import { readKeyInventory } from "../auth/mod.ts";
import { systemDisk } from "../host/mod.ts";
import { PollenError, TOKEN_TEXT_LENGTH_MAX } from "../types/mod.ts";
import { loadApp } from "./app.ts";

/** Bytes of white space around a token that are passed over. */
const MARGIN_BYTES = 4_096;

/**
 * Joins with the token in a file, unless the folder is in a network already; then the file is not
 * looked at, for it may be gone.
 *
 * @throws {PollenError} `not_found`, `permission_denied`, `io` for the file; what `joinNetwork` throws.
 */
export async function joinOnce(dir: string, path: string, signal: AbortSignal): Promise<void> {
  if ((await readKeyInventory(systemDisk, dir)).clusterId !== null) return;
  const token = await readToken(path);
  const { joinNetwork } = await loadApp();
  await joinNetwork({ dir, token, signal });
}

async function readToken(path: string): Promise<string> {
  const bytesMax = TOKEN_TEXT_LENGTH_MAX + MARGIN_BYTES;
  const buffer = new Uint8Array(bytesMax + 1);
  let length = 0;
  try {
    using file = await Deno.open(path);
    while (length < buffer.length) {
      const count = await file.read(buffer.subarray(length));
      if (count === null) break;
      length += count;
    }
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
  if (length > bytesMax) {
    throw new PollenError("invalid_argument", `The file ${path} is too long for a token.`, {
      fix: "Name a file that holds nothing but what `pollen invite` printed.",
    });
  }
  return new TextDecoder().decode(buffer.subarray(0, length)).trim();
}

function unreadable(path: string, thrown: unknown): PollenError {
  const fix = "Put there what `pollen invite` printed on a machine of the network.";
  if (thrown instanceof Deno.errors.NotFound) {
    return new PollenError("not_found", `There is no token file ${path}.`, { fix, cause: thrown });
  }
  if (thrown instanceof Deno.errors.PermissionDenied) {
    return new PollenError("permission_denied", `This user may not read the token file ${path}.`, {
      cause: thrown,
    });
  }
  return new PollenError("io", `The token file ${path} cannot be read: ${String(thrown)}.`, {
    cause: thrown,
  });
}
