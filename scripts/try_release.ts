// Tries a release as people would: installs it by the script, from the packages and as an image, on
// machines that have nothing else. Needs root on Debian; says what it does, and ends with what failed.
//
//   deno task try:release [--release FOLDER]

import { parseArgs } from "node:util";
import { fromFileUrl, join } from "./paths.ts";
import { makeSigningKey } from "./package/signing.ts";
import { tryImage } from "./package/tries/image.ts";
import { tryInstaller } from "./package/tries/installer.ts";
import { DebianRoot } from "./package/tries/debian_root.ts";
import { tryDeb, tryFile } from "./package/tries/debian.ts";
import { tryRepeat } from "./package/tries/repeat.ts";
import { ran } from "./package/tries/steps.ts";
import { trySystemd } from "./package/tries/systemd.ts";
import { tryUnit } from "./package/tries/unit.ts";

const ROOT = fromFileUrl(new URL("../", import.meta.url));

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { release: { type: "string" } } });
  const work = await Deno.makeTempDir({ prefix: "pollen-try-" });
  try {
    const release = values.release ?? await makeRelease(work, "release");
    // Whoever brings a release has its key elsewhere.
    if (values.release === undefined) await tryRepeat(release, () => makeRelease(work, "again"));
    await tryUnit(ROOT);
    await tryInstaller(release, work);
    {
      await using root = await DebianRoot.make(join(work, "debian"));
      await tryFile(root, release);
      await tryDeb(root, release);
    }
    await tryImage(release, work);
    await trySystemd(release, work);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  const failed = ran.filter(({ isGood }) => !isGood);
  console.log(`\n${ran.length - failed.length} passed, ${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
}

/** A release for this platform in a folder of this name, signed by a key that is thrown away. */
async function makeRelease(work: string, name: string): Promise<string> {
  const key = join(work, "key.pem");
  if (!await Deno.stat(key).then(() => true, () => false)) await makeSigningKey(key);
  const out = join(work, name);
  const args = ["run", "-A", join(ROOT, "scripts/release.ts"), "--key", key, "--out", out];
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [...args, "--other-key", "--target", "linux-x64"],
  }).spawn().status;
  if (!success) throw new Error("The release cannot be made.");
  return out;
}

Deno.exit(await main());
