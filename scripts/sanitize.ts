// The engine's Rust tests under the sanitizers of nightly Rust: address (with leaks) and thread. C
// and assembler of the cryptography are not instrumented; all Rust code is, and for threads the
// standard library as well.

import { NATIVE } from "./engine/sources.ts";

/** Where sanitizers run; their names are those of the target. */
const TARGET = "x86_64-unknown-linux-gnu";
/** Hostile inputs of the fuzz test: a sanitizer makes each several times slower. */
const FUZZ_INPUTS = "10000";
/** Bytes that a peer brings through each flood. */
const FLOOD_BYTES = "65536";

interface Sanitizer {
  readonly name: string;
  readonly cargoFlags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const SANITIZERS: readonly Sanitizer[] = [
  { name: "address", cargoFlags: [], env: { ASAN_OPTIONS: "detect_leaks=1" } },
  // Without its own standard library it would take every lock of it for a race.
  { name: "thread", cargoFlags: ["-Zbuild-std"], env: { TSAN_OPTIONS: "halt_on_error=1" } },
];

/** Why no sanitizer runs here, or null. */
export async function sanitizersMissing(): Promise<string | null> {
  if (Deno.build.target !== TARGET) return `sanitizers are run on ${TARGET} only`;
  const sysroot = await output("rustc", ["+nightly", "--print", "sysroot"]);
  if (sysroot === null) return "no nightly Rust (rustup toolchain install nightly)";
  try {
    await Deno.stat(`${sysroot.trim()}/lib/rustlib/src/rust/library/Cargo.lock`);
    return null;
  } catch {
    return "no sources of the standard library (rustup component add rust-src --toolchain nightly)";
  }
}

async function output(command: string, args: string[]): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout) : null;
  } catch {
    return null;
  }
}

async function run({ name, cargoFlags, env }: Sanitizer): Promise<boolean> {
  console.log(`\nsanitize: ${name}`);
  const { success } = await new Deno.Command("cargo", {
    args: [
      "+nightly",
      "test",
      "--locked",
      "--lib",
      ...["--target", TARGET, "--target-dir", `${NATIVE}/target/sanitize-${name}`],
      ...cargoFlags,
    ],
    cwd: NATIVE,
    env: {
      ...env,
      RUSTFLAGS: `-Zsanitizer=${name}`,
      POLLEN_FUZZ_INPUTS: FUZZ_INPUTS,
      POLLEN_FLOOD_BYTES: FLOOD_BYTES,
    },
  }).spawn().status;
  console.log(`sanitize: ${name} ${success ? "passed" : "FAILED"}`);
  return success;
}

async function main(): Promise<number> {
  const missing = await sanitizersMissing();
  if (missing !== null) {
    console.error(`sanitize: cannot run: ${missing}.`);
    return 1;
  }
  let isGood = true;
  for (const sanitizer of SANITIZERS) isGood = await run(sanitizer) && isGood;
  return isGood ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
