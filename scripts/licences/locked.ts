// Every package of others that the lock files name, each with one name: `cargo:bytes@1.12.1`.

import { fromFileUrl } from "../paths.ts";

export const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** A package by where it comes from, name and version. */
export type PackageName = `${"cargo" | "npm" | "rust" | "zig"}:${string}@${string}`;

const NATIVE = `${ROOT}lib/quic/native`;

/** What the lock files and the pinned tools name, sorted. */
export async function lockedPackages(): Promise<PackageName[]> {
  const [cargo, launcher, deno, rust, zig] = await Promise.all(
    [
      `${NATIVE}/Cargo.lock`,
      `${ROOT}scripts/launcher/Cargo.lock`,
      `${ROOT}deno.lock`,
      `${NATIVE}/rust-toolchain.toml`,
      `${NATIVE}/build-tools.txt`,
    ].map((path) => Deno.readTextFile(path)),
  );
  return [
    ...new Set([...cargoPackages(cargo!), ...cargoPackages(launcher!)]),
    ...npmPackages(deno!),
    `rust:std@${versionIn(rust!, /^channel = "(.+)"/m)}` as const,
    `zig:runtime@${versionIn(zig!, /^ziglang==(\S+)/m)}` as const,
  ].sort();
}

/** The crates of a Cargo.lock that come from elsewhere. */
export function cargoPackages(lock: string): PackageName[] {
  const crate = /^\[\[package\]\]\nname = "(.+)"\nversion = "(.+)"\nsource = /gm;
  return [...lock.matchAll(crate)].map(([, name, version]) => `cargo:${name}@${version}` as const);
}

/** The npm packages of a deno.lock. What follows `_` in a version are the peers it was chosen for. */
export function npmPackages(lock: string): PackageName[] {
  const { npm = {} } = JSON.parse(lock) as { npm?: Record<string, unknown> };
  const names = Object.keys(npm).map((key) =>
    `npm:${key.replace(/(?<=.@[^_]*)_.*$/, "")}` as const
  );
  return [...new Set(names)] as PackageName[];
}

function versionIn(text: string, pattern: RegExp): string {
  const version = pattern.exec(text)?.[1];
  if (version === undefined) throw new Error(`No version fits ${pattern}.`);
  return version;
}
