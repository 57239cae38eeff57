// The same source, tools and key make the same release, file by file.

import { sha256 } from "../../engine/sources.ts";
import { join } from "../../paths.ts";
import { step } from "./steps.ts";

/** Compares a release with one that was made again. */
export async function tryRepeat(release: string, again: () => Promise<string>): Promise<void> {
  await step("the same source gives the same bytes, in packages and images too", async () => {
    const [first, second] = await Promise.all([release, await again()].map(hashes));
    const names = new Set([...first!.keys(), ...second!.keys()]);
    const differing = [...names].filter((name) => first!.get(name) !== second!.get(name));
    if (differing.length > 0) throw new Error(`These differ: ${differing.join(", ")}`);
  });
}

async function hashes(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { name } of Deno.readDir(folder)) {
    found.set(name, sha256(await Deno.readFile(join(folder, name))));
  }
  return found;
}
