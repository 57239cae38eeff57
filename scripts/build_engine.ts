// Builds the QUIC engine and puts it where `lib/quic` looks for it, with its hash and its recipe
// beside it. Installs the tools that are missing.
//
//   deno task engine                     for this machine
//   deno task engine --target T          for one platform, by its Rust or Deno name; may be repeated
//   deno task engine --all               for all of them, which is what gets committed

import { parseArgs } from "node:util";
import {
  libraryFileName,
  type Platform,
  platformName,
  platformOf,
  PLATFORMS,
  readLibraryHeader,
} from "../lib/quic/platform.ts";
import { compile, type Workshop } from "./engine/compile.ts";
import { glibcFloor, isNewer } from "./engine/glibc.ts";
import { readRecipe, type RecipeEntry, writeRecipe } from "./engine/recipe.ts";
import { embeddedHash, hashSources, NATIVE, PREBUILT, sha256 } from "./engine/sources.ts";
import { cacheFolder, prepareTools, type Tools } from "./engine/tools.ts";

/** The libraries are checked in: they must stay small. */
const LIBRARY_BYTES_MAX = 3 * 1024 * 1024;

/** The platforms that the arguments name. @throws {Error} at a name or flag that there is not. */
export function chosenPlatforms(args: string[]): Platform[] {
  const { values } = parseArgs({
    args,
    options: { all: { type: "boolean" }, target: { type: "string", multiple: true } },
  });
  if (values.all) return [...PLATFORMS];
  return (values.target ?? [Deno.build.target]).map((target) => {
    const platform = platformOf(target);
    if (platform !== null) return platform;
    const known = PLATFORMS.map((platform) => platform.target).join(", ");
    throw new Error(`There is no engine for ${target}. Known: ${known}.`);
  });
}

/** The usual place to build in: what did not change since the last time is not built again. */
export function usualWorkshop(): Workshop {
  const home = Deno.env.get("HOME");
  return {
    native: NATIVE,
    targetFolder: `${NATIVE}/target`,
    zigCache: `${cacheFolder()}/zig-cache`,
    cargoHome: Deno.env.get("CARGO_HOME") ?? `${home}/.cargo`,
  };
}

/** Throws unless `library` is what was asked for; gives its oldest C library. */
function inspect(library: Uint8Array, platform: Platform, sources: string): string | null {
  const header = readLibraryHeader(library);
  if (header === null) throw new Error("What was built is no library.");
  if (header.format !== platform.format || header.machine !== platform.machine) {
    throw new Error(`What was built is for ${platformName(header)}.`);
  }
  if (library.length > LIBRARY_BYTES_MAX) {
    throw new Error(`The library has ${library.length} bytes, more than ${LIBRARY_BYTES_MAX}.`);
  }
  if (embeddedHash(library) !== sources) {
    throw new Error("The library does not say which sources it was built from.");
  }
  if (platform.glibc === null) return null;
  const floor = glibcFloor(library);
  if (floor === null || isNewer(floor, platform.glibc)) {
    throw new Error(`The library needs glibc ${floor}; it must load with ${platform.glibc}.`);
  }
  return floor;
}

async function place(
  library: Uint8Array,
  { target }: Platform,
  entry: Omit<RecipeEntry, "file" | "bytes" | "sha256">,
): Promise<void> {
  const name = libraryFileName(target);
  const folder = `${PREBUILT}/${target}`;
  await Deno.mkdir(folder, { recursive: true });
  // By rename: a process that has the old file mapped keeps it.
  await Deno.writeFile(`${folder}/${name}.new`, library, { mode: 0o755 });
  await Deno.rename(`${folder}/${name}.new`, `${folder}/${name}`);
  const hash = sha256(library);
  await Deno.writeTextFile(`${folder}/${name}.sha256`, `${hash}  ${name}\n`);
  await writeRecipe({
    ...await readRecipe(),
    [target]: { file: name, bytes: library.length, sha256: hash, ...entry },
  });
}

async function build(platform: Platform, sources: string, tools: Tools): Promise<void> {
  const { target } = platform;
  const library = await compile(platform, sources, tools, usualWorkshop());
  const glibc = inspect(library, platform, sources);
  await place(library, platform, {
    sources,
    glibc,
    tools: tools.versions,
    command: `deno task engine --target ${target}`,
  });
  const floor = glibc === null ? "" : `, glibc ${glibc} or newer`;
  console.log(`engine: ${target}, ${library.length} bytes${floor}, sources ${sources}`);
}

async function main(): Promise<number> {
  try {
    const platforms = chosenPlatforms(Deno.args);
    const tools = await prepareTools(platforms.map(({ target }) => target));
    const sources = await hashSources();
    for (const platform of platforms) await build(platform, sources, tools);
    return 0;
  } catch (error) {
    console.error(`engine: ${(error as Error).message}`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main());
