// From the launcher's sources to its bytes. The same sources and tools give the same bytes on any
// machine: no path of the machine gets into the file.

import { cacheFolder, run, type Tools } from "../engine/tools.ts";
import { LAUNCHER, LAUNCHER_LABEL } from "./launcher.ts";

/** Builds the launcher for one of Rust's platforms from the sources with the given hash. */
export async function compileLauncher(
  target: string,
  sources: string,
  tools: Tools,
): Promise<Uint8Array> {
  const cargoHome = Deno.env.get("CARGO_HOME") ?? `${Deno.env.get("HOME")}/.cargo`;
  const env = { RUSTUP_TOOLCHAIN: tools.rust, CARGO_HOME: cargoHome };
  const where = { env, cwd: LAUNCHER };
  await run("cargo", ["fetch", "--quiet", "--locked", "--target", target], where);
  const sysroot = await run("rustc", ["--print", "sysroot"], where);
  const names = [[LAUNCHER, "/pollen_launcher"], [sysroot, "/rust"], [cargoHome, "/cargo"]];
  // The folders of package registries are named after their hosts.
  for (const { name } of Deno.readDirSync(`${cargoHome}/registry/src`)) {
    names.push([`${cargoHome}/registry/src/${name}`, "/crates"]);
  }
  await run(tools.cargoZigbuild, [
    "zigbuild",
    "--quiet",
    "--release",
    "--locked",
    "--target",
    target,
  ], {
    cwd: LAUNCHER,
    env: {
      ...env,
      CARGO_ZIGBUILD_ZIG_PATH: tools.zig,
      CARGO_ZIGBUILD_CACHE_DIR: `${cacheFolder()}/zig-cache`,
      ZIG_GLOBAL_CACHE_DIR: `${cacheFolder()}/zig-cache`,
      CARGO_TARGET_DIR: `${LAUNCHER}/target`,
      CARGO_INCREMENTAL: "0",
      CARGO_ENCODED_RUSTFLAGS: names.map(([from, to]) => `--remap-path-prefix=${from}=${to}`)
        .join("\x1f"),
      [`CFLAGS_${target.replaceAll("-", "_")}`]: [
        "-g0",
        ...names.map(([from, to]) => `-ffile-prefix-map=${from}=${to}`),
      ].join(" "),
      POLLEN_LAUNCHER_SOURCES: `${LAUNCHER_LABEL}${sources}`,
      // The first macOS for Apple's own processors.
      MACOSX_DEPLOYMENT_TARGET: "11.0",
    },
  });
  const suffix = target.includes("windows") ? ".exe" : "";
  const launcher = await Deno.readFile(
    `${LAUNCHER}/target/${target}/release/pollen_launcher${suffix}`,
  );
  const text = new TextDecoder("latin1").decode(launcher);
  const path = [...names.map(([from]) => from!), "registry/src/"].find((path) =>
    text.includes(path)
  );
  if (path !== undefined) throw new Error(`The launcher contains the path ${path}.`);
  return launcher;
}
