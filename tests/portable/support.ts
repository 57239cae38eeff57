// The real portable file, and places to run it in. Invariant: nothing is unpacked outside of a
// temporary folder or of a mount that only the test's own processes see.

import { generateKeyPairSync } from "node:crypto";
import { publicHalf } from "../../scripts/package/signing.ts";
import { buildPortable } from "../../scripts/portable/build.ts";
import { targetCalled } from "../../scripts/portable/targets.ts";
import { type Finished, TemporaryFolder } from "../../scripts/support/pollen_process.ts";

/** Where these tests can run: they start a file for Linux on x86-64. */
export const CAN_RUN = Deno.build.target === "x86_64-unknown-linux-gnu";
/** Mounts and other users need root. */
export const IS_ROOT = Deno.build.os === "linux" && Deno.uid() === 0;

/** The longest that a start may take, on a machine that does much else. */
const START_TIMEOUT_MS = 120_000;
/** What signs the releases that this file upgrades to. */
export const { privateKey: SIGNING_KEY } = generateKeyPairSync("ed25519");
export const RELEASE_KEY = publicHalf(SIGNING_KEY);

/** Least compression: it is only unpacked again. */
const LEVEL = 1;

/** A folder with a portable file of this checkout. Everybody may read it. */
export class PortablePlace implements AsyncDisposable {
  private constructor(readonly folder: TemporaryFolder, readonly file: string) {}

  static async make(): Promise<PortablePlace> {
    const folder = await TemporaryFolder.make();
    await Deno.chmod(folder.path, 0o755);
    const file = `${folder.path}/pollen`;
    built ??= build(file);
    await Deno.writeFile(file, await built, { mode: 0o755 });
    return new PortablePlace(folder, file);
  }

  get path(): string {
    return this.folder.path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
  }
}

let built: Promise<Uint8Array> | undefined;

/** Once for all tests of a file. */
async function build(path: string): Promise<Uint8Array> {
  await buildPortable(targetCalled("linux-x64"), path, { level: LEVEL, releaseKey: RELEASE_KEY });
  return await Deno.readFile(path);
}

/** Runs words with exactly these variables, to their end. */
export async function runWords(
  [program, ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const { code, stdout, stderr } = await new Deno.Command(program!, {
    args,
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", ...env },
    cwd: "/",
    stdin: "null",
    signal: AbortSignal.timeout(START_TIMEOUT_MS),
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: out!, stderr: err! };
}

/** Runs a shell's script where its mounts are its own, and what else is named; `$0` is `file`. */
export async function runMounted(
  script: string,
  file: string,
  own: readonly string[] = [],
): Promise<Finished> {
  return await runWords(["unshare", "--mount", ...own, "sh", "-euc", script, file]);
}

/** The names in a folder of unpacked programs: whole ones, and what was left unfinished. */
export function unpackedIn(cache: string): { readonly whole: string[]; readonly left: string[] } {
  const names = [...Deno.readDirSync(cache)].map(({ name }) => name);
  return {
    whole: names.filter((name) => /^[0-9a-f]{64}$/.test(name)),
    left: names.filter((name) => name.startsWith(".unfinished-")),
  };
}
