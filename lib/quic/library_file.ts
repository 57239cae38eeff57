// The file of the native library: which one it is, and whether it may be loaded. Everything that can
// be wrong with it is said here by name, before the system's loader sees it.

import { createHash } from "node:crypto";
import { PollenError } from "../types/mod.ts";
import { extractLibrary } from "./extracted_library.ts";
import { ABI_VERSION } from "./records.ts";
import {
  libraryFileName,
  type Platform,
  platformName,
  platformOf,
  readLibraryHeader,
} from "./platform.ts";
import recipe from "./prebuilt/recipe.json" with { type: "json" };

/** Names a library of one's own instead of the one checked in. */
export const LIBRARY_VARIABLE = "POLLEN_QUIC_LIBRARY";

/** Bytes. The checked-in libraries have 3 MiB at most; one of one's own may carry debug information. */
const OWN_LIBRARY_BYTES_MAX = 256 * 1024 * 1024;

/** What `deno task engine` wrote of each library, by target. */
type Recipe = Readonly<Record<string, { readonly sha256: string; readonly sources: string }>>;

/** A library to load. */
export interface LibraryFile {
  readonly path: string;
  /** SHA-256 in hexadecimal; null for a library of one's own. */
  readonly sha256: string | null;
}

/** The failure that something is wrong with `file`; `problem` completes "The engine at … ". */
export function libraryError(
  code: "io" | "permission_denied" | "unsupported",
  { path, sha256 }: LibraryFile,
  problem: string,
  cause?: unknown,
): PollenError {
  const isOwn = sha256 === null;
  return new PollenError(
    code,
    `The engine at "${path}"${isOwn ? `, which ${LIBRARY_VARIABLE} names,` : ""} ${problem}.`,
    {
      fix: isOwn
        ? `Name another file in ${LIBRARY_VARIABLE}, or unset it to use Pollen's own engine.`
        : 'In a checkout, restore it with "git checkout lib/quic/prebuilt", or build it with ' +
          '"deno task engine"; elsewhere, install Pollen again, or remove the folder that it was ' +
          "unpacked into.",
      cause,
    },
  );
}

/**
 * The version of the native library's interface, and the hash of the sources that the library for a
 * target was built from; null for a library of one's own, or if there is none.
 */
export function engineVersion(
  target: string = Deno.build.target,
  own: string | undefined = Deno.env.get(LIBRARY_VARIABLE),
): { readonly abi: number; readonly sources: string | null } {
  const platform = platformOf(target);
  const entry = platform === null ? undefined : (recipe as Recipe)[platform.target];
  return { abi: ABI_VERSION, sources: own === undefined ? entry?.sources ?? null : null };
}

/**
 * The library that this process is to load, checked.
 *
 * @throws {PollenError} `unsupported` when there is none for this platform, or the file is for
 *   another one; `permission_denied` and `io` when it cannot be read or is not what it should be.
 */
export function findLibrary(): LibraryFile {
  const platform = platformOf(Deno.build.target);
  const own = Deno.env.get(LIBRARY_VARIABLE);
  if (own !== undefined) return checkLibrary({ path: own, sha256: null }, platform);
  const sha256 = platform && (recipe as Recipe)[platform.target]?.sha256;
  if (!platform || !sha256) {
    throw new PollenError("unsupported", `Pollen has no engine for ${Deno.build.target}.`, {
      fix: `Build lib/quic/native with cargo and name the library in ${LIBRARY_VARIABLE}.`,
    });
  }
  const { target } = platform;
  const url = new URL(`./prebuilt/${target}/${libraryFileName(target)}`, import.meta.url);
  const path = decodeURIComponent(url.pathname).replace(/^\/([A-Za-z]:)/, "$1");
  if (!Deno.build.standalone) return checkLibrary({ path, sha256 }, platform);
  const name = `${sha256}-${libraryFileName(target)}`;
  return checkLibrary({ path: extractLibrary(Deno.readFileSync(path), name), sha256 }, platform);
}

/**
 * Gives `file` with its real path, unless something is wrong with it. The hash is there for
 * accidents: who may change the library may change this program too.
 *
 * @throws {PollenError} as {@link findLibrary}.
 */
export function checkLibrary(file: LibraryFile, platform: Platform | null): LibraryFile {
  const { path, content } = read(file);
  if (content.length === 0) throw libraryError("io", file, "is empty");
  if (file.sha256 !== null && sha256(content) === file.sha256) return { ...file, path };

  const header = readLibraryHeader(content);
  if (header === null) throw libraryError("io", file, "is no library, or only the start of one");
  const isForeign = platform !== null &&
    (header.format !== platform.format || header.machine !== platform.machine);
  if (isForeign) {
    throw libraryError(
      "unsupported",
      file,
      `is for ${platformName(header)}; this is ${platformName(platform)}`,
    );
  }
  if (header.bytes > content.length) {
    throw libraryError(
      "io",
      file,
      `was cut short: it has ${content.length} bytes of at least ${header.bytes}`,
    );
  }
  if (file.sha256 !== null) {
    throw libraryError("io", file, "was altered: its SHA-256 is not the one in recipe.json");
  }
  return { ...file, path };
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function read(file: LibraryFile): { path: string; content: Uint8Array } {
  try {
    // A name without a folder would be looked for in the system's own folders.
    const path = Deno.realPathSync(file.path);
    const { isFile, isDirectory, size } = Deno.statSync(path);
    if (!isFile) throw libraryError("io", file, isDirectory ? "is a folder" : "is no file");
    if (size > OWN_LIBRARY_BYTES_MAX) {
      throw libraryError("io", file, `has ${size} bytes, more than ${OWN_LIBRARY_BYTES_MAX}`);
    }
    return { path, content: Deno.readFileSync(path) };
  } catch (error) {
    if (error instanceof PollenError) throw error;
    if (error instanceof Deno.errors.NotFound) {
      throw libraryError("io", file, "is missing", error);
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw libraryError("permission_denied", file, "may not be read by this user", error);
    }
    throw libraryError("io", file, `cannot be read: ${String(error)}`, error);
  }
}
