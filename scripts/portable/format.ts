// Writes the portable file: launcher, compressed files, manifest, footer. What each holds says
// `scripts/launcher/src/manifest.rs`, which reads them. The same input gives the same bytes.

import { createHash } from "node:crypto";
import { constants, zstdCompressSync } from "node:zlib";
import type { PackedFile } from "./bundle.ts";

const MAGIC = "pollen-portable1";
const FOOTER_BYTES = 64;

/** What a portable file is made of. */
export interface Contents {
  /** Rust's name of the platform. */
  readonly target: string;
  /** What `pollen version` prints, each one line. */
  readonly version: { readonly text: string; readonly short: string; readonly json: string };
  /** The oldest C library and the loader that Deno names (Linux). */
  readonly glibc: { readonly oldest: string; readonly loader: string } | null;
  readonly files: readonly PackedFile[];
  /** The program to run and its first module, both among the files. */
  readonly program: string;
  readonly main: string;
}

/** The bytes of a portable file and its parts. */
export interface PortableFile {
  readonly launcher: Uint8Array<ArrayBuffer>;
  /** All that comes behind the launcher, or lies beside it. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/**
 * Puts a portable file together. `isApart` says that launcher and payload become two files.
 *
 * @param level of zstd. 9 packs Deno in 4 s to 36.3 MB, 15 in 50 s to 35.7 MB; the last percents are
 *   not worth the wait.
 */
export function pack(
  launcher: Uint8Array<ArrayBuffer>,
  contents: Contents,
  isApart: boolean,
  level = 9,
): PortableFile {
  const stream = zstdCompressSync(concat(contents.files.map(({ bytes }) => bytes)), {
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      // The hashes of the manifest say more than zstd's own.
      [constants.ZSTD_c_checksumFlag]: 0,
    },
  });
  const before = isApart ? new Uint8Array(0) : launcher;
  const manifest = new TextEncoder().encode(renderManifest(before, contents));
  const footer = new Uint8Array(FOOTER_BYTES);
  const view = new DataView(footer.buffer);
  view.setBigUint64(0, BigInt(before.length + stream.length), true);
  view.setBigUint64(8, BigInt(manifest.length), true);
  footer.set(createHash("sha256").update(manifest).digest(), 16);
  footer.set(new TextEncoder().encode(MAGIC), 48);
  return { launcher, payload: concat([stream, manifest, footer]) };
}

function renderManifest(launcher: Uint8Array, contents: Contents): string {
  const { target, version, glibc, files, program, main } = contents;
  const lines = [
    `target ${target}`,
    `version-text ${version.text}`,
    `version-short ${version.short}`,
    `version-json ${version.json}`,
    ...(glibc === null ? [] : [`glibc ${glibc.oldest} ${glibc.loader}`]),
    `launcher ${seal(launcher)}`,
    `program ${program}`,
    `main ${main}`,
    ...files.map(({ path, isExecutable, bytes }) =>
      `file ${isExecutable ? "x" : "-"} ${seal(bytes)} ${path}`
    ),
  ];
  const broken = lines.find((line) => line.includes("\n"));
  if (broken !== undefined) throw new Error(`Not one line: ${broken}`);
  return lines.map((line) => `${line}\n`).join("");
}

function seal(bytes: Uint8Array): string {
  return `${bytes.length} ${createHash("sha256").update(bytes).digest("hex")}`;
}

/** All bytes in one. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
