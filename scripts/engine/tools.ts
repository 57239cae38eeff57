// The tools that build the engine: Rust by rustup, zig as C compiler and linker by pip. What is
// missing is installed, at the versions that `lib/quic/native` names, and said on the console.

import { NATIVE } from "./sources.ts";

/** The tools, ready for use. */
export interface Tools {
  /** The program that has cargo build with zig. */
  readonly cargoZigbuild: string;
  readonly zig: string;
  /** Name and version of each. */
  readonly versions: Readonly<Record<string, string>>;
  readonly rust: string;
}

/** Runs a program and gives what it printed. @throws {Error} when it fails, or is not there. */
export async function run(
  program: string,
  args: readonly string[],
  { env = {}, cwd = NATIVE }: { env?: Record<string, string>; cwd?: string } = {},
): Promise<string> {
  const command = new Deno.Command(program, { args: [...args], env, cwd, stderr: "inherit" });
  const { success, stdout } = await command.output().catch((error) => {
    if (error instanceof Deno.errors.NotFound) throw new Error(`${program} is not installed.`);
    throw error;
  });
  if (!success) throw new Error(`${program} ${args.join(" ")} failed.`);
  return new TextDecoder().decode(stdout).trim();
}

/**
 * Sees to it that the tools are there.
 *
 * @throws {Error} on a machine that they are not pinned for, or without rustup or pip.
 */
export async function prepareTools(targets: readonly string[]): Promise<Tools> {
  if (Deno.build.target !== "x86_64-unknown-linux-gnu") {
    throw new Error(
      "The engines are built on Linux on x86-64, so that everybody gets the same bytes. To try " +
        "one of your own: `cargo build --release` in lib/quic/native, and POLLEN_QUIC_LIBRARY.",
    );
  }
  const rust = await pinned("rust-toolchain.toml", /^channel = "([\d.]+)"/m);
  const zig = await pinned("build-tools.txt", /^ziglang==([\d.]+)/m);
  const zigbuild = await pinned("build-tools.txt", /^cargo-zigbuild==([\d.]+)/m);
  await prepareRust(rust, targets);
  const folder = `${cacheFolder()}/zig-${zig}-zigbuild-${zigbuild}`;
  await prepareZig(folder);
  return {
    cargoZigbuild: `${folder}/bin/cargo-zigbuild`,
    zig: `${folder}/ziglang/zig`,
    rust,
    versions: { rust, zig, "cargo-zigbuild": zigbuild },
  };
}

/** Where tools of ours are kept between builds. */
export function cacheFolder(): string {
  const home = Deno.env.get("HOME");
  return `${Deno.env.get("XDG_CACHE_HOME") ?? `${home}/.cache`}/pollen-build`;
}

async function pinned(file: string, version: RegExp): Promise<string> {
  const match = version.exec(await Deno.readTextFile(`${NATIVE}/${file}`));
  if (match === null) throw new Error(`lib/quic/native/${file} names no version.`);
  return match[1]!;
}

async function prepareRust(version: string, targets: readonly string[]): Promise<void> {
  const toolchains = await run("rustup", ["toolchain", "list"]);
  if (!toolchains.split("\n").some((line) => line.startsWith(`${version}-`))) {
    console.log(`engine: installing Rust ${version} by rustup`);
    await run("rustup", ["toolchain", "install", version, "--profile", "minimal"]);
  }
  const list = ["target", "list", "--toolchain", version, "--installed"];
  const installed = (await run("rustup", list)).split("\n");
  const missing = targets.filter((target) => !installed.includes(target));
  if (missing.length === 0) return;
  console.log(`engine: installing Rust's library for ${missing.join(", ")} by rustup`);
  await run("rustup", ["target", "add", "--toolchain", version, ...missing]);
}

/** Installs into a folder of its own that appears whole or not at all: several may build at once. */
async function prepareZig(folder: string): Promise<void> {
  if (await exists(`${folder}/bin/cargo-zigbuild`)) return;
  console.log(`engine: installing zig and cargo-zigbuild by pip into ${folder}`);
  await Deno.mkdir(cacheFolder(), { recursive: true });
  const fresh = await Deno.makeTempDir({ dir: cacheFolder(), prefix: "new-" });
  try {
    await run("python3", [
      ...["-m", "pip", "install", "--quiet", "--root-user-action", "ignore"],
      ...["--no-deps", "--only-binary", ":all:", "--require-hashes"],
      ...["--target", fresh, "-r", `${NATIVE}/build-tools.txt`],
    ]);
    await Deno.rename(fresh, folder);
  } catch (error) {
    await Deno.remove(fresh, { recursive: true });
    if (!await exists(`${folder}/bin/cargo-zigbuild`)) throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
