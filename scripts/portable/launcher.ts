// The launchers that are checked in: where each is, and what it was built from.

import { fromFileUrl } from "../paths.ts";
import { sha256 } from "../engine/sources.ts";
import type { Target } from "./targets.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
/** The crate. */
export const LAUNCHER = `${ROOT}scripts/launcher`;
export const PREBUILT_LAUNCHERS = `${LAUNCHER}/prebuilt`;

/** What stands before the hash of the sources inside a launcher (see `SOURCES` in main.rs). */
export const LAUNCHER_LABEL = "pollen_launcher-sources-sha256=";

/** Where the launcher of a target is. */
export function launcherPath({ launcher, os }: Target): string {
  return `${PREBUILT_LAUNCHERS}/${launcher}/pollen${os === "windows" ? ".exe" : ""}`;
}

/** The hash of everything that decides the bytes of a launcher: its crate, the tools, the call. */
export async function hashLauncherSources(): Promise<string> {
  const paths = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml"]
    .map((name) => `scripts/launcher/${name}`);
  for (const { name } of Deno.readDirSync(`${LAUNCHER}/src`)) {
    if (!name.endsWith("_tests.rs")) paths.push(`scripts/launcher/src/${name}`);
  }
  paths.push("lib/quic/native/build-tools.txt", "scripts/portable/compile_launcher.ts");
  const lines = await Promise.all(
    paths.sort().map(async (path) => `${path} ${sha256(await Deno.readFile(`${ROOT}${path}`))}`),
  );
  return sha256(lines.join("\n"));
}

/** What is wrong with a checked-in launcher; null if nothing is. */
export async function checkLauncher(target: Target, sources: string): Promise<string | null> {
  const path = launcherPath(target);
  const name = path.slice(ROOT.length);
  const bytes = await Deno.readFile(path).catch(() => null);
  const beside = await Deno.readTextFile(`${path}.sha256`).catch(() => null);
  if (bytes === null || beside === null) return `${name} or its .sha256 is missing.`;
  if (beside.split(" ")[0] !== sha256(bytes)) {
    return `${name} is not the file that ${name}.sha256 names.`;
  }
  const text = new TextDecoder("latin1").decode(bytes);
  const embedded = new RegExp(`${LAUNCHER_LABEL}([0-9a-f]{64})`).exec(text)?.[1] ?? "unknown";
  return embedded === sources ? null : `${name} was built from other sources (${embedded}).`;
}
