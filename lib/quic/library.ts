// Finds, checks and loads the native library, and lets go of it when the last engine is closed.

import { PollenError } from "../types/mod.ts";
import { ABI_VERSION } from "./records.ts";

/** Names a library of one's own instead of the one checked in. */
const LIBRARY_VARIABLE = "POLLEN_QUIC_LIBRARY";

const ABI_SYMBOLS = {
  pollen_quic_abi_version: { parameters: [], result: "u32" },
} as const satisfies Deno.ForeignLibraryInterface;

const SYMBOLS = {
  pollen_quic_new: { parameters: ["buffer", "u32", "buffer", "u32"], result: "u32" },
  pollen_quic_command: {
    parameters: ["u32", "u32", "u32", "u32", "f64", "buffer", "u32"],
    result: "i32",
  },
  pollen_quic_wait: { parameters: ["u32", "u32"], result: "u32", nonblocking: true },
  pollen_quic_take: { parameters: ["u32", "buffer", "u32"], result: "u32" },
  pollen_quic_stats: { parameters: ["u32", "u32", "buffer", "u32"], result: "u32" },
  pollen_quic_free: { parameters: ["u32"], result: "void" },
} as const satisfies Deno.ForeignLibraryInterface;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>;
export type LibrarySymbols = Library["symbols"];

let loaded: { readonly library: Library; users: number } | null = null;

/**
 * The functions of the library, loaded on first use. Each call needs its `releaseLibrary`.
 *
 * @throws {PollenError} `unsupported` when there is none for this platform or it has another ABI;
 *   `io` when it cannot be loaded.
 */
export function acquireLibrary(): LibrarySymbols {
  loaded ??= { library: load(), users: 0 };
  loaded.users += 1;
  return loaded.library.symbols;
}

/** Unloads the library once nobody uses it. No call of its functions may be under way. */
export function releaseLibrary(): void {
  if (loaded === null) return;
  loaded.users -= 1;
  if (loaded.users > 0) return;
  loaded.library.close();
  loaded = null;
}

function load(): Library {
  const path = Deno.env.get(LIBRARY_VARIABLE) ?? prebuiltPath();
  checkAbiVersion(path, abiVersion(path));
  return open(path, SYMBOLS);
}

/**
 * Throws unless the library at `path` speaks as this code does.
 *
 * @throws {PollenError} `unsupported`.
 */
export function checkAbiVersion(path: string, version: number): void {
  if (version === ABI_VERSION) return;
  throw new PollenError(
    "unsupported",
    `The engine at ${path} has ABI version ${version}; this Pollen needs version ${ABI_VERSION}.`,
    { fix: `Build it with "deno task engine", or unset ${LIBRARY_VARIABLE}.` },
  );
}

/** The name of the library's file for a target triple. */
export function libraryFileName(target: string): string {
  if (target.includes("windows")) return "pollen_quic.dll";
  if (target.includes("darwin")) return "libpollen_quic.dylib";
  return "libpollen_quic.so";
}

function abiVersion(path: string): number {
  const library = open(path, ABI_SYMBOLS);
  try {
    return library.symbols.pollen_quic_abi_version();
  } finally {
    library.close();
  }
}

function open<S extends Deno.ForeignLibraryInterface>(
  path: string,
  symbols: S,
): Deno.DynamicLibrary<S> {
  try {
    return Deno.dlopen(path, symbols);
  } catch (error) {
    throw new PollenError("io", `The engine at ${path} cannot be loaded: ${String(error)}.`, {
      fix: `Build it with "deno task engine", or name another one in ${LIBRARY_VARIABLE}.`,
      cause: error,
    });
  }
}

/** Where the library for this platform is checked in. */
function prebuiltPath(): string {
  const { target } = Deno.build;
  const url = new URL(`./prebuilt/${target}/${libraryFileName(target)}`, import.meta.url);
  const path = decodeURIComponent(url.pathname).replace(/^\/([A-Za-z]:)/, "$1");
  if (!exists(path)) {
    throw new PollenError("unsupported", `Pollen has no engine for ${target} yet.`, {
      fix: `Build one with "deno task engine" (needs Rust), or name one in ${LIBRARY_VARIABLE}.`,
    });
  }
  return path;
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
