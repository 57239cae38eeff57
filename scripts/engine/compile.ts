// From sources to the bytes of one library. The same sources and tools give the same bytes on any
// machine, in any folder: no path of the machine, no time and no random number gets into the file.

import { libraryFileName, type LibraryFormat, type Platform } from "../../lib/quic/platform.ts";
import { SOURCES_LABEL } from "./sources.ts";
import { run, type Tools } from "./tools.ts";

/** Where a build takes place. Nothing of it may show in the result. */
export interface Workshop {
  /** The crate. */
  readonly native: string;
  /** What cargo makes on the way. */
  readonly targetFolder: string;
  /** What zig makes on the way. */
  readonly zigCache: string;
  /** Cargo's own folder, with the sources of the crates. */
  readonly cargoHome: string;
}

/** The oldest macOS: the first one for Apple's own processors. */
const MACOS_FLOOR = "11.0";
/** What makes the linkers leave out time and place. */
const LINK_FLAGS: Readonly<Record<LibraryFormat, readonly string[]>> = {
  elf: [],
  // A library for macOS names itself, by default with the path that it was built at; and its UUID
  // comes from its content, names of object files included unless they are left out.
  "mach-o": [
    "-Clink-arg=-Wl,-install_name,@rpath/libpollen_quic.dylib",
    "-Clink-arg=-Wl,-S",
  ],
  // One for Windows says when it was built.
  pe: ["-Clink-arg=-Wl,-Brepro"],
};

/** Builds the library of one platform from the sources with the given hash. */
export async function compile(
  { target, format, glibc }: Platform,
  sources: string,
  tools: Tools,
  { native, targetFolder, zigCache, cargoHome }: Workshop,
): Promise<Uint8Array> {
  const env = { RUSTUP_TOOLCHAIN: tools.rust, CARGO_HOME: cargoHome };
  await run("cargo", ["fetch", "--quiet", "--locked", "--target", target], { env, cwd: native });
  const sysroot = await run("rustc", ["--print", "sysroot"], { env, cwd: native });
  const names: [string, string][] = [
    [native, "/pollen_quic"],
    [targetFolder, "/target"],
    [sysroot, "/rust"],
    [cargoHome, "/cargo"],
    // The folders of package registries are named after their hosts.
    ...await folders(`${cargoHome}/registry/src`),
  ];
  const fullTarget = glibc === null ? target : `${target}.${glibc}`;
  await run(
    tools.cargoZigbuild,
    // The one crate type that is needed: next to an `rlib` cargo leaves out link-time optimization.
    [
      ...["rustc", "--quiet", "--release", "--locked", "--lib", "--crate-type", "cdylib"],
      ...["--target", fullTarget],
    ],
    {
      cwd: native,
      env: {
        ...env,
        CARGO_ZIGBUILD_ZIG_PATH: tools.zig,
        CARGO_ZIGBUILD_CACHE_DIR: zigCache,
        ZIG_GLOBAL_CACHE_DIR: zigCache,
        CARGO_TARGET_DIR: targetFolder,
        CARGO_INCREMENTAL: "0",
        CARGO_ENCODED_RUSTFLAGS: [
          ...names.map(([from, to]) => `--remap-path-prefix=${from}=${to}`),
          ...LINK_FLAGS[format],
        ].join("\x1f"),
        [`CFLAGS_${target.replaceAll("-", "_")}`]: [
          "-g0",
          ...names.map(([from, to]) => `-ffile-prefix-map=${from}=${to}`),
        ].join(" "),
        POLLEN_QUIC_SOURCES: `${SOURCES_LABEL}${sources}`,
        MACOSX_DEPLOYMENT_TARGET: MACOS_FLOOR,
      },
    },
  );
  const library = await Deno.readFile(
    `${targetFolder}/${target}/release/${libraryFileName(target)}`,
  );
  refusePaths(library, [...names.map(([from]) => from), zigCache, "registry/src/"]);
  return library;
}

async function folders(parent: string): Promise<[string, string][]> {
  const names: [string, string][] = [];
  for await (const { name } of Deno.readDir(parent)) names.push([`${parent}/${name}`, "/crates"]);
  return names;
}

function refusePaths(library: Uint8Array, paths: readonly string[]): void {
  const text = new TextDecoder("latin1").decode(library);
  for (const path of paths) {
    if (text.includes(path)) throw new Error(`The library contains the path ${path}.`);
  }
}
