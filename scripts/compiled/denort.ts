// The runtime that `deno compile` puts before a program (denort). It is found, never fetched: npm does
// not carry it. And it is used only when it has the SHA-256 that the builder vouches for, because
// everything that the program does runs on it.

import { sha256 } from "../engine/sources.ts";
import { run } from "../engine/tools.ts";
import { DENO_VERSION, denoName, shortName, type Target } from "../portable/targets.ts";

/** Names an executable, as `deno compile` itself has it. */
export const DENORT_VARIABLE = "DENORT_BIN";

/** How to come by one. */
const HOW = `Name a denort of Deno ${DENO_VERSION} in ${DENORT_VARIABLE}, or let "deno compile" ` +
  "fetch one into Deno's cache; and its SHA-256 with --denort-sha256.";

/**
 * The denort of a target.
 *
 * @param expected Its SHA-256: that of the executable, not of an archive with it.
 * @param named The executable. Without it an archive in Deno's own cache is looked for.
 * @throws {Error} when there is none, or it is not the one that is expected.
 */
export async function findDenort(
  target: Target,
  expected: string | undefined,
  named: string | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const path = named ?? archivePath(target, await denoCache());
  const bytes = await Deno.readFile(path).catch(() => {
    throw new Error(`There is no denort for ${shortName(target)} at ${path}. ${HOW}`);
  });
  const denort = named === undefined ? await unzip(path, target) : bytes;
  const found = sha256(denort);
  if (found === expected) return denort;
  throw new Error(
    expected === undefined
      ? `Nobody vouches for the denort at ${path}. Compare its SHA-256, ${found}, with the one of ` +
        "Deno's release, and name it with --denort-sha256."
      : `The denort at ${path} is not the one of --denort-sha256: its SHA-256 is ${found}.`,
  );
}

/** Where `deno compile` keeps what it fetched. */
function archivePath(target: Target, cache: string): string {
  return `${cache}/dl/release/v${DENO_VERSION}/denort-${denoName(target)}.zip`;
}

async function denoCache(): Promise<string> {
  const { denoDir } = JSON.parse(await run(Deno.execPath(), ["info", "--json"]));
  return denoDir;
}

async function unzip(archive: string, { os }: Target): Promise<Uint8Array<ArrayBuffer>> {
  const name = os === "windows" ? "denort.exe" : "denort";
  const folder = await Deno.makeTempDir();
  try {
    await run("unzip", ["-q", archive, name, "-d", folder]);
    return await Deno.readFile(`${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
