// Proves that the checked-in libraries are what their sources make, to the byte: builds each anew in
// a folder of another name, with caches of its own, and compares.
//
//   deno task engine:repeat              all platforms
//   deno task engine:repeat --target T   one of them

import { libraryFileName, type Platform, PLATFORMS } from "../lib/quic/platform.ts";
import { chosenPlatforms, usualWorkshop } from "./build_engine.ts";
import { compile, type Workshop } from "./engine/compile.ts";
import { hashSources, PREBUILT, sha256 } from "./engine/sources.ts";
import { prepareTools, run, type Tools } from "./engine/tools.ts";

/** A place to build in that shares no path with the usual one, only the archives of the crates. */
async function otherWorkshop(): Promise<Workshop> {
  const folder = await Deno.makeTempDir({ prefix: "pollen-engine-elsewhere-" });
  const { native, cargoHome } = usualWorkshop();
  const other = {
    native: `${folder}/checkout/engine`,
    targetFolder: `${folder}/made-by-cargo`,
    zigCache: `${folder}/made-by-zig`,
    cargoHome: `${folder}/cargo-home`,
  };
  await Deno.mkdir(other.native, { recursive: true });
  await Deno.mkdir(`${other.cargoHome}/registry`, { recursive: true });
  await run("cp", ["-r", "Cargo.toml", "Cargo.lock", "src", other.native], { cwd: native });
  for (const name of ["registry/cache", "registry/index", "config.toml"]) {
    if (!await Deno.stat(`${cargoHome}/${name}`).then(() => true, () => false)) continue;
    await Deno.symlink(`${cargoHome}/${name}`, `${other.cargoHome}/${name}`);
  }
  return other;
}

/** Whether a build elsewhere gives the checked-in bytes. */
async function isRepeatable(platform: Platform, sources: string, tools: Tools): Promise<boolean> {
  const { target } = platform;
  const workshop = await otherWorkshop();
  try {
    const library = await compile(platform, sources, tools, workshop);
    const checkedIn = await Deno.readFile(`${PREBUILT}/${target}/${libraryFileName(target)}`);
    const [ours, theirs] = [sha256(library), sha256(checkedIn)];
    if (ours === theirs) {
      console.log(`engine: ${target} is repeatable, ${ours}`);
      return true;
    }
    const kept = await Deno.makeTempFile({ prefix: `${target}-`, suffix: ".library" });
    await Deno.writeFile(kept, library);
    console.error(
      `engine: ${target} differs: ${theirs} is checked in, ${ours} was built (${kept}).`,
    );
    return false;
  } finally {
    await Deno.remove(workshop.native.replace(/\/checkout\/engine$/, ""), { recursive: true });
  }
}

async function main(): Promise<number> {
  try {
    const platforms = Deno.args.length === 0 ? PLATFORMS : chosenPlatforms(Deno.args);
    const tools = await prepareTools(platforms.map(({ target }) => target));
    const sources = await hashSources();
    let isGood = true;
    for (const platform of platforms) {
      isGood = await isRepeatable(platform, sources, tools) && isGood;
    }
    return isGood ? 0 : 1;
  } catch (error) {
    console.error(`engine: ${(error as Error).message}`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main());
