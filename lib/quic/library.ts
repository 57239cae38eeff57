// Loads the native library, and lets go of it when the last engine is closed.

import { findLibrary, libraryError, type LibraryFile } from "./library_file.ts";
import { ABI_VERSION } from "./records.ts";

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
  pollen_quic_relay_stats: { parameters: ["u32", "u32", "buffer", "u32"], result: "u32" },
  pollen_quic_flow_stats: { parameters: ["u32", "u32", "buffer", "u32"], result: "u32" },
  pollen_quic_free: { parameters: ["u32"], result: "void" },
} as const satisfies Deno.ForeignLibraryInterface;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>;
export type LibrarySymbols = Library["symbols"];

let loaded: { readonly library: Library; users: number } | null = null;

/**
 * The functions of the library, loaded on first use. Each call needs its `releaseLibrary`.
 *
 * @throws {PollenError} `unsupported` when there is none for this platform or it has another ABI;
 *   `permission_denied` or `io` when it cannot be read, is not whole, was altered or does not load.
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
  const file = findLibrary();
  checkAbiVersion(file, abiVersion(file));
  return open(file, SYMBOLS);
}

/**
 * Throws unless the library in `file` speaks as this code does.
 *
 * @throws {PollenError} `unsupported`.
 */
export function checkAbiVersion(file: LibraryFile, version: number): void {
  if (version === ABI_VERSION) return;
  const age = version < ABI_VERSION ? "older" : "newer";
  throw libraryError(
    "unsupported",
    file,
    `is ${age} than this Pollen: its ABI has version ${version}, version ${ABI_VERSION} is needed`,
  );
}

function abiVersion(file: LibraryFile): number {
  const library = open(file, ABI_SYMBOLS);
  try {
    return library.symbols.pollen_quic_abi_version();
  } finally {
    library.close();
  }
}

function open<S extends Deno.ForeignLibraryInterface>(
  file: LibraryFile,
  symbols: S,
): Deno.DynamicLibrary<S> {
  try {
    return Deno.dlopen(file.path, symbols);
  } catch (error) {
    const { message } = error as Error;
    const isStranger = /pollen_quic_\w+/.test(message);
    const problem = isStranger ? "is a library, but no engine of Pollen" : "cannot be loaded";
    throw libraryError("io", file, `${problem}: ${message.replace(/\.$/, "")}`, error);
  }
}
