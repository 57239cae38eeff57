// The public key that releases must be signed with. A build for release puts it beside this code;
// other builds have none.

import { fileURLToPath } from "node:url";

const FILE = "release_key.pem";

/** The key as PEM; null when this build knows none. */
export function releaseKey(): string | null {
  try {
    return Deno.readTextFileSync(fileURLToPath(new URL(`./${FILE}`, import.meta.url)));
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return null;
    throw thrown;
  }
}
