// Formats, lints and tests the Rust code: the engine, the launcher of the portable file, and
// the link that measurements are made over. Needs cargo.

import { run } from "./engine/tools.ts";
import { NATIVE } from "./engine/sources.ts";
import { LAUNCHER } from "./portable/launcher.ts";
import { LINK } from "./support/link.ts";

try {
  for (const cwd of [NATIVE, LAUNCHER, ...Deno.build.os === "linux" ? [LINK] : []]) {
    await run("cargo", ["fmt", "--check"], { cwd });
    await run("cargo", ["clippy", "--locked", "--all-targets", "--", "-D", "warnings"], { cwd });
    console.log(await run("cargo", ["test", "--locked"], { cwd }));
  }
} catch (error) {
  console.error(`native: ${(error as Error).message}`);
  Deno.exit(1);
}
