// Checks that the engine's checked-in libraries are what their sources make: the hash of the
// sources stands inside each library, and the hash of each library stands beside it. Needs no
// Rust, so that every change is checked everywhere.

import { createHash } from "node:crypto";
import { libraryFileName } from "../lib/quic/mod.ts";
import { fromFileUrl } from "./paths.ts";

const QUIC = fromFileUrl(new URL("../lib/quic/", import.meta.url));
export const NATIVE = `${QUIC}native`;
export const PREBUILT = `${QUIC}prebuilt`;

/** What stands before the hash of the sources inside a library (see `SOURCES` in abi/mod.rs). */
export const SOURCES_LABEL = "pollen_quic-sources-sha256=";

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The hash of everything that the crate is built from: the sorted paths, each with its content's hash. */
export async function hashSources(): Promise<string> {
  const paths = ["Cargo.toml", "Cargo.lock"];
  const gather = async (folder: string): Promise<void> => {
    for await (const entry of Deno.readDir(`${NATIVE}/${folder}`)) {
      const path = `${folder}/${entry.name}`;
      if (isTest(entry.name)) continue;
      if (entry.isDirectory) await gather(path);
      else if (entry.name.endsWith(".rs")) paths.push(path);
    }
  };
  await gather("src");
  const lines = await Promise.all(
    paths.sort().map(async (path) => `${path} ${sha256(await Deno.readFile(`${NATIVE}/${path}`))}`),
  );
  return sha256(lines.join("\n"));
}

/** Whether a file or folder under `src` holds tests, or what only they use: it is not in the library. */
function isTest(name: string): boolean {
  return /^(tests|testing|fuzzing)(\.rs)?$/.test(name);
}

/** The hash of the sources that a library says it was built from; null if it says none. */
export function embeddedHash(library: Uint8Array): string | null {
  const text = new TextDecoder("latin1").decode(library);
  const match = new RegExp(`${SOURCES_LABEL}([0-9a-f]{64})`).exec(text);
  return match?.[1] ?? null;
}

/** What is wrong with the library of one target; empty if nothing is. */
async function checkTarget(target: string, sources: string): Promise<string[]> {
  const name = `${target}/${libraryFileName(target)}`;
  let library: Uint8Array;
  let expected: string;
  try {
    library = await Deno.readFile(`${PREBUILT}/${name}`);
    expected = (await Deno.readTextFile(`${PREBUILT}/${name}.sha256`)).trim().split(/\s+/)[0] ?? "";
  } catch (error) {
    return [`${name} or its .sha256 cannot be read: ${(error as Error).message}`];
  }
  const problems: string[] = [];
  if (sha256(library) !== expected) {
    problems.push(`${name} is not the file that ${name}.sha256 names.`);
  }
  const embedded = embeddedHash(library);
  if (embedded !== sources) {
    problems.push(`${name} was built from other sources (${embedded ?? "unknown"}).`);
  }
  return problems;
}

async function main(): Promise<number> {
  const sources = await hashSources();
  const targets: string[] = [];
  for await (const entry of Deno.readDir(PREBUILT)) if (entry.isDirectory) targets.push(entry.name);
  const problems = (await Promise.all(targets.sort().map((t) => checkTarget(t, sources)))).flat();
  if (targets.length === 0) problems.push("There is no library at all.");
  if (problems.length > 0) {
    console.error(`engine: the checked-in library does not fit its sources (${sources}).`);
    for (const problem of problems) console.error(`  ${problem}`);
    console.error("Build it with `deno task engine` (needs cargo) and commit lib/quic/prebuilt.");
    return 1;
  }
  console.log(`engine: ${targets.join(", ")} fit their sources.`);
  return 0;
}

if (import.meta.main) Deno.exit(await main());
