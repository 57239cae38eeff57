// How this very program is started again: from source by Deno, as a single compiled file by itself.

import { fileURLToPath } from "node:url";

/** The words that run pollen with `words`, from any working directory. */
export function programWords(
  words: readonly string[],
  isCompiled: boolean = Deno.build.standalone,
): readonly string[] {
  if (isCompiled) return [Deno.execPath(), ...words];
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  return [Deno.execPath(), "run", "-A", "--quiet", main, ...words];
}
