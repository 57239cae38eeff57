// Makes the file of one platform: the launcher, Deno, Pollen's own code and its native library.

import { describeVersion } from "../../lib/cli/commands/version.ts";
import { renderJson } from "../../lib/cli/run.ts";
import { VERSION } from "../../lib/types/version.ts";
import { engineVersion } from "../../lib/quic/mod.ts";
import { libraryFileName } from "../../lib/quic/platform.ts";
import { glibcFloor, isNewer } from "../engine/glibc.ts";
import { readRecipe } from "../engine/recipe.ts";
import { embeddedHash, hashSources, PREBUILT, sha256 } from "../engine/sources.ts";
import { run } from "../engine/tools.ts";
import { dirname, fromFileUrl, join } from "../paths.ts";
import { bundle, MAIN, type PackedFile } from "./bundle.ts";
import { denoExecutable } from "./deno_executable.ts";
import { loaderOf } from "./elf.ts";
import { type Contents, pack } from "./format.ts";
import { checkLauncher, hashLauncherSources, launcherPath } from "./launcher.ts";
import { DENO_VERSION, type Target } from "./targets.ts";

/** The folder of Pollen's own code among the unpacked files. */
export const APP = "app";

/** What upgrades must be signed with, checked in beside the code that reads it; perhaps not there yet. */
export const RELEASE_KEY = fromFileUrl(
  new URL("../../lib/upgrade/release_key.pem", import.meta.url),
);

/** What may be chosen of a file. */
export interface BuildOptions {
  /** As in {@link pack}. */
  readonly level?: number;
  /** The public key (PEM) for upgrades. Default: the one that is checked in, if there is one. */
  readonly releaseKey?: string;
}

/** What was made. */
export interface Built {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Builds the portable file of a target and writes it to `path`.
 *
 * @throws {Error} when a part cannot be had.
 */
export async function buildPortable(
  target: Target,
  path: string,
  options: BuildOptions = {},
): Promise<Built> {
  const problem = await checkLauncher(target, await hashLauncherSources());
  if (problem !== null) throw new Error(`${problem} Build it: deno task launcher`);
  const launcher = await Deno.readFile(launcherPath(target));
  const isApart = target.engine.format === "mach-o";
  const { payload } = pack(launcher, await gather(target, options), isApart, options.level);
  await Deno.mkdir(dirname(path), { recursive: true });
  if (isApart) await writeArchive(path, launcher, payload);
  else await writeProgram(path, [launcher, payload]);
  return await builtAt(path);
}

/** What lies there. */
export async function builtAt(path: string): Promise<Built> {
  const bytes = await Deno.readFile(path);
  return { path, bytes: bytes.length, sha256: sha256(bytes) };
}

/** What the file of a target is made of. @throws {Error} when a part cannot be had. */
export async function gather(target: Target, options: BuildOptions = {}): Promise<Contents> {
  const deno = await denoExecutable(target.deno);
  const app = await gatherApp(target, options);
  const program = target.os === "windows" ? "pollen.exe" : "pollen";
  return {
    target: target.engine.target,
    version: version(target),
    glibc: glibc(target, [deno, app.at(-1)!.bytes]),
    files: [{ path: program, isExecutable: true, bytes: deno }, ...app],
    program,
    main: `${APP}/${MAIN}`,
  };
}

/** Pollen's own part of it, for any runtime; the native library last. */
export async function gatherApp(
  target: Target,
  { releaseKey }: BuildOptions = {},
): Promise<PackedFile[]> {
  const key = releaseKey ?? await Deno.readTextFile(RELEASE_KEY).catch(() => null);
  const bytes = key === null ? null : new TextEncoder().encode(key);
  return [
    ...await bundle(APP),
    // Where `lib/upgrade/release_key.ts`, bundled, looks for it.
    ...(bytes === null ? [] : [{ path: `${APP}/release_key.pem`, isExecutable: false, bytes }]),
    await engineLibrary(target),
  ];
}

/** Where `lib/quic/library_file.ts`, bundled, looks for it. */
async function engineLibrary({ engine: { target } }: Target): Promise<PackedFile> {
  const name = `${target}/${libraryFileName(target)}`;
  const bytes = await Deno.readFile(`${PREBUILT}/${name}`).catch(() => {
    throw new Error(
      `There is no engine for ${target}. Build it: deno task engine --target ${target}`,
    );
  });
  // Better now than on the machine that it is meant for.
  const isStale = embeddedHash(bytes) !== await hashSources();
  if (isStale || sha256(bytes) !== (await readRecipe())[target]?.sha256) {
    throw new Error(
      `The engine for ${target} does not fit its sources. Build it: deno task engine --target ${target}`,
    );
  }
  return { path: `${APP}/prebuilt/${name}`, isExecutable: false, bytes };
}

function version({ os, arch, engine }: Target): Contents["version"] {
  const facts = { kind: "portable", deno: DENO_VERSION, os, arch } as const;
  const outcome = describeVersion(facts, engineVersion(engine.target, undefined), false);
  return { text: outcome.text, short: VERSION, json: renderJson(outcome) };
}

/** The C library that all parts load with, and the loader that Deno names. */
function glibc({ engine }: Target, parts: readonly Uint8Array[]): Contents["glibc"] {
  if (engine.format !== "elf") return null;
  const floors = parts.map(glibcFloor).filter((floor) => floor !== null);
  const oldest = floors.reduce((a, b) => isNewer(a, b) ? a : b);
  return { oldest, loader: loaderOf(parts[0]!) };
}

async function writeProgram(path: string, parts: readonly Uint8Array[]): Promise<void> {
  // By rename: a program that runs keeps its file.
  const fresh = `${path}.new`;
  {
    using file = await Deno.open(fresh, { write: true, create: true, truncate: true, mode: 0o755 });
    for (const part of parts) {
      for (let at = 0; at < part.length;) at += await file.write(part.subarray(at));
    }
  }
  await Deno.chmod(fresh, 0o755).catch(() => {});
  await Deno.rename(fresh, path);
}

/** Launcher and payload side by side: appended bytes would break the signature of a program on macOS. */
async function writeArchive(
  path: string,
  launcher: Uint8Array,
  payload: Uint8Array,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await writeProgram(join(folder, "pollen"), [launcher]);
    await Deno.writeFile(join(folder, "pollen.payload"), payload, { mode: 0o644 });
    await run("tar", [
      ...["--create", "--file", "pollen.tar", "--format=ustar", "--owner=0", "--group=0"],
      ...["--numeric-owner", "--mtime=@0", "--mode=u=rwX,go=rX", "pollen", "pollen.payload"],
    ], { cwd: folder });
    await run("gzip", ["--no-name", "-1", "pollen.tar"], { cwd: folder });
    await Deno.copyFile(join(folder, "pollen.tar.gz"), path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
