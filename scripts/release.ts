// Makes a release: the program for every platform, packages and images for Linux, the list of what is
// in it, notes, checksums, their signature, and the script that installs it.
//
//   deno task release --key FILE [--url BASE] [--out FOLDER] [--target linux-x64 …] [--no-packages]
//                     [--other-key]           signs with another key than the one checked in
//   deno task release --new-key FILE          makes a key and checks its public half in
//
// The same source, tools and key give the same bytes. Images hold what Debian's mirror has on the day,
// and so differ when that does.

import { parseArgs } from "node:util";
import { run } from "./engine/tools.ts";
import { makeImage } from "./package/image.ts";
import { renderInstaller } from "./package/installer.ts";
import { releaseNotes } from "./package/notes.ts";
import { makePackages } from "./package/packages.ts";
import { makeSbom } from "./package/sbom.ts";
import { makeSigningKey, publicHalf, readSigningKey, signRelease } from "./package/signing.ts";
import { stageProgram } from "./package/stage.ts";
import { fromFileUrl, join } from "./paths.ts";
import { type BuildOptions, buildPortable, RELEASE_KEY } from "./portable/build.ts";
import { shortName, type Target, targetCalled, TARGETS } from "./portable/targets.ts";
import { VERSION } from "../lib/types/version.ts";

const ROOT = fromFileUrl(new URL("../", import.meta.url));

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      key: { type: "string" },
      "new-key": { type: "string" },
      url: { type: "string" },
      out: { type: "string", default: join(ROOT, "dist/release") },
      target: { type: "string", multiple: true },
      "no-packages": { type: "boolean", default: false },
      "other-key": { type: "boolean", default: false },
    },
  });
  if (values["new-key"] !== undefined) {
    await Deno.writeTextFile(RELEASE_KEY, await makeSigningKey(values["new-key"]));
    console.log(`release: keep ${values["new-key"]} secret and safe; commit ${RELEASE_KEY}.`);
    return;
  }
  if (values.key === undefined) {
    throw new Error("Name the key that signs the release: --key FILE (make one: --new-key FILE).");
  }
  const targets = values.target?.map(targetCalled) ?? [...TARGETS];
  const folder = values.out;
  const key = await readSigningKey(values.key);
  const releaseKey = publicHalf(key);
  if (!values["other-key"]) await demandKnownKey(releaseKey);
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { recursive: true });
  const options = { releaseKey };
  const names = await makePrograms(targets, folder, options);
  if (!values["no-packages"]) names.push(...await makeLinuxPackages(targets, folder, options));
  names.push(...await makePapers(folder));
  const installer = await renderInstaller(ROOT, releaseKey, values.url);
  await Deno.writeTextFile(join(folder, "install.sh"), installer, { mode: 0o755 });
  await signRelease(folder, [...names, "install.sh"], key);
  console.log(`release: ${VERSION} with ${names.length} files is in ${folder}`);
}

/** Programs that are out there believe the checked-in key alone. */
async function demandKnownKey(publicKey: string): Promise<void> {
  const known = await Deno.readTextFile(RELEASE_KEY).catch(() => null);
  if (known === null || known === publicKey) return;
  throw new Error(
    `The key is not the one whose public half is ${RELEASE_KEY}: programs that know that one would ` +
      "refuse the release. For one that nobody upgrades to: --other-key.",
  );
}

async function makePrograms(
  targets: readonly Target[],
  folder: string,
  options: BuildOptions,
): Promise<string[]> {
  const names: string[] = [];
  for (const target of targets) {
    const suffix = { darwin: ".tar.gz", windows: ".exe" }[target.os as string] ?? "";
    const name = `pollen-${VERSION}-${shortName(target)}${suffix}`;
    console.log(`release: ${name}`);
    await buildPortable(target, join(folder, name), options);
    names.push(name);
  }
  return names;
}

async function makeLinuxPackages(
  targets: readonly Target[],
  folder: string,
  options: BuildOptions,
): Promise<string[]> {
  const names: string[] = [];
  const epochSeconds = await commitTime();
  for (const target of targets.filter(({ os }) => os === "linux")) {
    const stage = await Deno.makeTempDir({ prefix: "pollen-stage-" });
    try {
      const { glibc } = await stageProgram(target, stage, options);
      const processor = shortName(target).split("-")[1]!;
      const content = { root: ROOT, stage, processor, version: VERSION, epochSeconds };
      console.log(`release: packages and image for ${shortName(target)}`);
      names.push(...await makePackages({ ...content, glibc }, folder));
      names.push(await makeImage(content, folder));
    } finally {
      await Deno.remove(stage, { recursive: true });
    }
  }
  return names;
}

async function makePapers(folder: string): Promise<string[]> {
  const papers: Record<string, string> = {
    [`pollen-${VERSION}.cdx.json`]: await makeSbom(ROOT, VERSION),
    "NOTES.md": releaseNotes(await Deno.readTextFile(join(ROOT, "CHANGELOG.md")), VERSION),
    "compose.yaml": await Deno.readTextFile(join(ROOT, "scripts/package/container/compose.yaml")),
    "THIRD_PARTY.md": await Deno.readTextFile(join(ROOT, "THIRD_PARTY.md")),
  };
  for (const [name, text] of Object.entries(papers)) {
    await Deno.writeTextFile(join(folder, name), text);
  }
  return Object.keys(papers);
}

/** The moment that everything in the release bears: that of its commit. */
async function commitTime(): Promise<number> {
  return Number(await run("git", ["log", "-1", "--format=%ct"], { cwd: ROOT }));
}

await main();
