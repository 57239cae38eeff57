// Checks that the engine's checked-in libraries are what their sources make: the hash of the sources
// stands inside each library, and the hash of each library stands beside it and in the recipe. Needs
// no Rust, so that every change is checked everywhere.

import { libraryFileName, type Platform, PLATFORMS } from "../lib/quic/platform.ts";
import { readRecipe, type RecipeEntry } from "./engine/recipe.ts";
import { embeddedHash, hashSources, PREBUILT, sha256 } from "./engine/sources.ts";

/** What is wrong with the library of one platform; empty if nothing is. */
async function checkTarget(
  { target }: Platform,
  entry: RecipeEntry | undefined,
  sources: string,
): Promise<string[]> {
  const name = `${target}/${libraryFileName(target)}`;
  let library: Uint8Array;
  let beside: string;
  try {
    library = await Deno.readFile(`${PREBUILT}/${name}`);
    beside = await Deno.readTextFile(`${PREBUILT}/${name}.sha256`);
  } catch (error) {
    return [`${name} or its .sha256 cannot be read: ${(error as Error).message}`];
  }
  const problems: string[] = [];
  const hash = sha256(library);
  if (beside !== `${hash}  ${libraryFileName(target)}\n`) {
    problems.push(`${name} is not the file that ${name}.sha256 names.`);
  }
  if (entry?.sha256 !== hash || entry.bytes !== library.length) {
    problems.push(`${name} is not the file that recipe.json names.`);
  }
  const embedded = embeddedHash(library);
  if (embedded !== sources || entry?.sources !== sources) {
    problems.push(`${name} was built from other sources (${embedded ?? "unknown"}).`);
  }
  return problems;
}

async function main(): Promise<number> {
  const sources = await hashSources();
  const recipe = await readRecipe();
  const checked = await Promise.all(PLATFORMS.map(async (platform) => ({
    target: platform.target,
    problems: await checkTarget(platform, recipe[platform.target], sources),
  })));
  const stale = checked.filter(({ problems }) => problems.length > 0);
  if (stale.length === 0) {
    console.log(`engine: ${checked.map(({ target }) => target).join(", ")} fit their sources.`);
    return 0;
  }
  console.error(`engine: checked-in libraries do not fit their sources (${sources}).`);
  for (const problem of stale.flatMap(({ problems }) => problems)) console.error(`  ${problem}`);
  const flags = stale.length === checked.length
    ? "--all"
    : stale.map(({ target }) => `--target ${target}`).join(" ");
  console.error(
    `Build them (needs Rust) and commit lib/quic/prebuilt:\n  deno task engine ${flags}`,
  );
  return 1;
}

if (import.meta.main) Deno.exit(await main());
