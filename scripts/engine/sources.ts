// What an engine's library is made from, and the hash of it that stands inside each library. Needs
// no Rust.

import { createHash } from "node:crypto";
import { fromFileUrl } from "../paths.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
export const NATIVE = `${ROOT}lib/quic/native`;
export const PREBUILT = `${ROOT}lib/quic/prebuilt`;

/** What stands before the hash of the sources inside a library (see `SOURCES` in abi/mod.rs). */
export const SOURCES_LABEL = "pollen_quic-sources-sha256=";

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * The hash of everything that decides the bytes of a library: the crate, the versions of the tools,
 * and how they are called. The sorted paths, each with its content's hash.
 */
export async function hashSources(): Promise<string> {
  const paths = [
    ...["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "build-tools.txt"]
      .map((name) => `lib/quic/native/${name}`),
    "scripts/engine/compile.ts",
  ];
  const gather = async (folder: string): Promise<void> => {
    for await (const entry of Deno.readDir(`${ROOT}${folder}`)) {
      const path = `${folder}/${entry.name}`;
      if (isTest(entry.name)) continue;
      if (entry.isDirectory) await gather(path);
      else if (entry.name.endsWith(".rs")) paths.push(path);
    }
  };
  await gather("lib/quic/native/src");
  const lines = await Promise.all(
    paths.sort().map(async (path) => `${path} ${sha256(await Deno.readFile(`${ROOT}${path}`))}`),
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
