// Builds the QUIC engine for this machine and puts it where `lib/quic` looks for it, with the hash
// of its sources inside and its own hash beside it. No path of this machine gets into the file.

import { libraryFileName } from "../lib/quic/mod.ts";
import { hashSources, NATIVE, PREBUILT, sha256, SOURCES_LABEL } from "./check_engine.ts";

/** The library is checked in: it must stay small. */
const LIBRARY_BYTES_MAX = 3 * 1024 * 1024;

async function run(command: string, args: string[], env: Record<string, string> = {}) {
  const child = new Deno.Command(command, { args, env, cwd: NATIVE, stderr: "inherit" });
  const { success, stdout } = await child.output();
  if (!success) throw new Error(`${command} ${args.join(" ")} failed.`);
  return new TextDecoder().decode(stdout).trim();
}

/** The folders of package registries are named after their hosts: those names go as well. */
async function registryFlags(folder: string): Promise<string[]> {
  const flags: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    flags.push(`--remap-path-prefix=${folder}/${name}=/crates`);
  }
  return flags;
}

async function main(): Promise<void> {
  const target = Deno.build.target;
  const name = libraryFileName(target);
  const sources = await hashSources();
  const home = Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE") ?? "/";
  const cargoHome = Deno.env.get("CARGO_HOME") ?? `${home}/.cargo`;
  const sysroot = await run("rustc", ["--print", "sysroot"]);
  await run("cargo", ["fetch", "--locked", "--target", target]);
  const flags = [
    `--remap-path-prefix=${NATIVE}=/pollen_quic`,
    `--remap-path-prefix=${sysroot}=/rust`,
    `--remap-path-prefix=${cargoHome}=/cargo`,
    ...await registryFlags(`${cargoHome}/registry/src`),
  ];
  await run("cargo", ["build", "--release", "--locked", "--target", target], {
    CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f"),
    CARGO_TARGET_DIR: `${NATIVE}/target`,
    POLLEN_QUIC_SOURCES: `${SOURCES_LABEL}${sources}`,
  });
  const library = await Deno.readFile(`${NATIVE}/target/${target}/release/${name}`);
  if (library.length > LIBRARY_BYTES_MAX) {
    throw new Error(`${name} has ${library.length} bytes, more than ${LIBRARY_BYTES_MAX}.`);
  }
  const text = new TextDecoder("latin1").decode(library);
  for (const path of [`${NATIVE}/`, `${cargoHome}/`, `${sysroot}/`, `${home}/`, "registry/src/"]) {
    if (path.length > 1 && text.includes(path)) {
      throw new Error(`${name} contains the path ${path}.`);
    }
  }
  const folder = `${PREBUILT}/${target}`;
  await Deno.mkdir(folder, { recursive: true });
  // By rename: a process that has the old file mapped keeps it.
  await Deno.writeFile(`${folder}/${name}.new`, library, { mode: 0o755 });
  await Deno.rename(`${folder}/${name}.new`, `${folder}/${name}`);
  await Deno.writeTextFile(`${folder}/${name}.sha256`, `${sha256(library)}  ${name}\n`);
  console.log(`engine: ${target}/${name}, ${library.length} bytes, sources ${sources}`);
}

await main();
