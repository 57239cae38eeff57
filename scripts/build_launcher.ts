// Builds the launchers of the portable files into `scripts/launcher/prebuilt`, or checks those that are
// there. Installs the tools that are missing, as `deno task engine` does.
//
//   deno task launcher                   all of them, which is what gets committed
//   deno task launcher --target T        for one platform; may be repeated
//   deno task launcher --check           whether they fit their sources; needs no Rust

import { parseArgs } from "node:util";
import { sha256 } from "./engine/sources.ts";
import { prepareTools } from "./engine/tools.ts";
import { dirname } from "./paths.ts";
import { compileLauncher } from "./portable/compile_launcher.ts";
import { checkLauncher, hashLauncherSources, launcherPath } from "./portable/launcher.ts";
import { type Target, targetCalled, TARGETS } from "./portable/targets.ts";

/** Launchers are checked in: they must stay small. */
const LAUNCHER_BYTES_MAX = 1 << 20;

async function build(targets: readonly Target[], sources: string): Promise<void> {
  const tools = await prepareTools(targets.map(({ launcher }) => launcher));
  for (const target of targets) {
    const launcher = await compileLauncher(target.launcher, sources, tools);
    if (launcher.length > LAUNCHER_BYTES_MAX) {
      throw new Error(`${target.launcher} has ${launcher.length} bytes, too many to check in.`);
    }
    const path = launcherPath(target);
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, launcher, { mode: 0o755 });
    const name = path.slice(dirname(path).length + 1);
    await Deno.writeTextFile(`${path}.sha256`, `${sha256(launcher)}  ${name}\n`);
    console.log(`launcher: ${target.launcher}, ${launcher.length} bytes, sources ${sources}`);
  }
}

async function check(targets: readonly Target[], sources: string): Promise<void> {
  const found = await Promise.all(targets.map((target) => checkLauncher(target, sources)));
  const problems = found.filter((problem) => problem !== null);
  if (problems.length > 0) {
    throw new Error(`${problems.join("\n  ")}\nBuild them (needs Rust): deno task launcher`);
  }
  console.log(`launcher: ${targets.map(({ launcher }) => launcher).join(", ")} fit their sources.`);
}

const { values: options } = parseArgs({
  options: { check: { type: "boolean" }, target: { type: "string", multiple: true } },
});
try {
  const targets = options.target?.map(targetCalled) ?? TARGETS;
  const sources = await hashLauncherSources();
  await (options.check ? check : build)(targets, sources);
} catch (error) {
  console.error(`launcher: ${(error as Error).message}`);
  Deno.exit(1);
}
