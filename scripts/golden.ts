// Writes tests/golden/data anew by scripts/golden/main.py. The Python packages that it stands on are
// installed by pip into a folder of their own, once for each set of versions.

import { sha256 } from "./engine/sources.ts";
import { cacheFolder, run } from "./engine/tools.ts";
import { dirname, fromFileUrl, join } from "./paths.ts";

const FOLDER = join(dirname(fromFileUrl(import.meta.url)), "golden");
const REQUIREMENTS = join(FOLDER, "requirements.txt");

/** The folder with the packages; it appears whole or not at all. */
async function packages(): Promise<string> {
  const versions = sha256(await Deno.readTextFile(REQUIREMENTS)).slice(0, 16);
  const folder = join(cacheFolder(), `golden-${versions}`);
  if (await Deno.stat(folder).then(() => true, () => false)) return folder;
  console.log(`golden: installing Python packages by pip into ${folder}`);
  await Deno.mkdir(cacheFolder(), { recursive: true });
  const fresh = await Deno.makeTempDir({ dir: cacheFolder(), prefix: "new-" });
  const pip = ["-m", "pip", "install", "--quiet", "--root-user-action", "ignore", "--no-deps"];
  await run("python3", [...pip, "--target", fresh, "-r", REQUIREMENTS], { cwd: FOLDER });
  await Deno.rename(fresh, folder);
  return folder;
}

const env = { PYTHONPATH: await packages() };
console.log(await run("python3", ["-B", join(FOLDER, "main.py")], { cwd: FOLDER, env }));
