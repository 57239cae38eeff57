// Makes the compiled file of one platform: denort with Pollen's own code and its native library inside,
// put together by `deno compile`.

import { run } from "../engine/tools.ts";
import { dirname, join } from "../paths.ts";
import { MAIN } from "../portable/bundle.ts";
import { APP, type BuildOptions, type Built, builtAt, gatherApp } from "../portable/build.ts";
import { denoName, type Target } from "../portable/targets.ts";
import { DENORT_VARIABLE } from "./denort.ts";

/**
 * Builds the compiled file of a target and writes it to `path`.
 *
 * @param denort The runtime, verified.
 * @throws {Error} when a part cannot be had.
 */
export async function buildCompiled(
  target: Target,
  denort: Uint8Array,
  path: string,
  options: BuildOptions = {},
): Promise<Built> {
  const folder = await Deno.makeTempDir();
  try {
    const files = await gatherApp(target, options);
    for (const { path, bytes } of files) {
      await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
      await Deno.writeFile(join(folder, path), bytes);
      // It gets into the file, and the same input is to give the same bytes.
      await Deno.utime(join(folder, path), 0, 0);
    }
    // A copy that nobody else changes: what was verified is what is used.
    await Deno.writeFile(join(folder, "denort"), denort, { mode: 0o700 });
    const data = files.map(({ path }) => path).filter((path) => !path.endsWith(".js"));
    const output = join(folder, target.os === "windows" ? "pollen.exe" : "pollen");
    const alone = ["config", "lock", "remote", "npm", "check"].map((what) => `--no-${what}`);
    await run(Deno.execPath(), [
      ...["compile", "--quiet", ...alone, "--allow-all", "--target", denoName(target)],
      ...data.flatMap((path) => ["--include", path]),
      ...["--output", output, `${APP}/${MAIN}`],
    ], { cwd: folder, env: { [DENORT_VARIABLE]: join(folder, "denort") } });
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.copyFile(output, `${path}.new`);
    await Deno.rename(`${path}.new`, path);
    return await builtAt(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
