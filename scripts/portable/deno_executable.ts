// The Deno executable of a platform: from this very process if it is the same, else from npm's package.
// Kept for the next time; checked every time.

import { createHash } from "node:crypto";
import { cacheFolder, run } from "../engine/tools.ts";
import { sha256 } from "../engine/sources.ts";
import { DENO_VERSION, type DenoPackage } from "./targets.ts";

/** The bytes. @throws {Error} when they cannot be had, or are not those that are pinned. */
export async function denoExecutable(origin: DenoPackage): Promise<Uint8Array<ArrayBuffer>> {
  const kept = `${cacheFolder()}/deno-${DENO_VERSION}-${origin.sha256.slice(0, 16)}`;
  for (const path of [Deno.execPath(), kept]) {
    const bytes = await Deno.readFile(path).catch(() => null);
    if (bytes !== null && sha256(bytes) === origin.sha256) return bytes;
  }
  const bytes = await download(origin);
  await Deno.mkdir(cacheFolder(), { recursive: true });
  const fresh = await Deno.makeTempFile({ dir: cacheFolder() });
  await Deno.writeFile(fresh, bytes);
  await Deno.rename(fresh, kept);
  return bytes;
}

async function download(origin: DenoPackage): Promise<Uint8Array<ArrayBuffer>> {
  const spec = `${origin.name}@${DENO_VERSION}`;
  console.log(`compile: fetching ${spec} by npm`);
  const folder = await Deno.makeTempDir();
  try {
    // The registry may lack a package; a quiet client says only that it failed.
    const name = await run(
      Deno.build.os === "windows" ? "npm.cmd" : "npm",
      ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder, spec],
      { cwd: folder },
    ).catch((error) => {
      throw new Error(`${spec} cannot be had from npm: ${error.message}`);
    });
    const archive = `${folder}/${name.split("\n").at(-1)}`;
    const integrity = createHash("sha512").update(await Deno.readFile(archive)).digest("base64");
    if (`sha512-${integrity}` !== origin.integrity) {
      throw new Error(`${spec} is not the package that is pinned: sha512-${integrity}.`);
    }
    await run("tar", ["-xzf", archive, "-C", folder, `package/${origin.executable}`]);
    const bytes = await Deno.readFile(`${folder}/package/${origin.executable}`);
    if (sha256(bytes) !== origin.sha256) {
      throw new Error(`${origin.executable} in ${spec} is not the one that is pinned.`);
    }
    return bytes;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
