// The unpacked program in a folder, as packages and images carry it: nothing has to be unpacked on the
// machine, and the package manager knows every file.

import { type BuildOptions, gather } from "../portable/build.ts";
import type { Target } from "../portable/targets.ts";
import { dirname, join } from "../paths.ts";

/** What was put into the folder. */
export interface Staged {
  /** The oldest glibc that the program runs with. */
  readonly glibc: string;
}

/** Writes the program of a Linux target into `folder`. */
export async function stageProgram(
  target: Target,
  folder: string,
  options: BuildOptions,
): Promise<Staged> {
  const { files, glibc } = await gather(target, options);
  if (glibc === null) throw new Error("Only Linux has packages.");
  // A temporary folder is nobody else's; what is installed is everybody's.
  await Deno.chmod(folder, 0o755);
  for (const { path, bytes, isExecutable } of files) {
    const place = join(folder, path);
    await Deno.mkdir(dirname(place), { recursive: true });
    await Deno.writeFile(place, bytes);
    await Deno.chmod(place, isExecutable ? 0o755 : 0o644);
  }
  return { glibc: glibc.oldest };
}
