// A package that only a test or a measurement needs. Deno fetches every package of a project's lock
// file for whatever is run of it, and users of Pollen have no use for these: so each is described,
// with the hash of its content, in a folder of its own.

import { dirname, fromFileUrl, join } from "../paths.ts";

/**
 * Where the package lies, once Deno has fetched and verified it.
 *
 * @param description The folder with `deno.json` and `deno.lock`, as a file URL.
 * @param name The package's name there.
 */
export function fetchPackage(description: URL, name: string): string {
  const config = join(fromFileUrl(description), "deno.json");
  const about = JSON.stringify(`${name}/package.json`);
  const { success, stdout } = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--quiet",
      "--config",
      config,
      `import ${about} with { type: "json" }; console.log(import.meta.resolve(${about}));`,
    ],
    stderr: "inherit",
  }).outputSync();
  if (!success) throw new Error(`${name} could not be fetched`);
  return dirname(fromFileUrl(new TextDecoder().decode(stdout).trim()));
}
