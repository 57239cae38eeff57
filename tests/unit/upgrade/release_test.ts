// Signed releases: what is believed of them, and how a program takes another one's place.

import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { fileURLToPath } from "node:url";
import { PollenError } from "../../../lib/types/mod.ts";
import {
  openSource,
  readRelease,
  releasePlatform,
  replaceProgram,
  restoreProgram,
} from "../../../lib/upgrade/mod.ts";

const PLATFORM = "linux-x64";
const never = new AbortController().signal;

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A program that says its version, or fails as it is told to. */
function script(version: string, code = 0): string {
  return `#!/bin/sh\necho ${version}\nexit ${code}\n`;
}

/** A folder with a release in it, and one with a program that is installed. */
class Releases implements AsyncDisposable {
  readonly key: string;
  readonly #privateKey: KeyObject;

  private constructor(readonly folder: string, readonly program: string) {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    this.#privateKey = privateKey;
    this.key = publicKey.export({ type: "spki", format: "pem" }) as string;
  }

  static async make(): Promise<Releases> {
    const folder = await Deno.makeTempDir();
    await Deno.mkdir(`${folder}/bin`);
    const releases = new Releases(folder, `${folder}/bin/pollen`);
    await Deno.writeTextFile(releases.program, script("0.1.0"), { mode: 0o755 });
    return releases;
  }

  async publish(files: Record<string, string>, list?: string): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${this.folder}/${name}`, text);
    }
    const lines = Object.entries(files).map(([name, text]) => `${sha256(text)}  ${name}\n`);
    const bytes = new TextEncoder().encode(list ?? lines.join(""));
    await Deno.writeFile(`${this.folder}/SHA256SUMS`, bytes);
    const signature = new Uint8Array(sign(null, bytes, this.#privateKey));
    await Deno.writeFile(`${this.folder}/SHA256SUMS.sig`, signature);
  }

  read(platform = PLATFORM, key = this.key) {
    return readRelease(openSource(this.folder), key, platform, never);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Demands an error with this code and text, and that the old program is untouched and alone. */
async function refused(
  releases: Releases,
  act: () => Promise<unknown>,
  code: string,
  text: RegExp,
) {
  await rejects(act, (thrown: unknown) => {
    equal(thrown instanceof PollenError && thrown.code, code, String(thrown));
    return text.test((thrown as Error).message);
  });
  equal(await Deno.readTextFile(releases.program), script("0.1.0"));
  const names = await Array.fromAsync(Deno.readDir(`${releases.folder}/bin`), ({ name }) => name);
  deepEqual(names, ["pollen"]);
}

Deno.test("a release's program takes the old one's place, and gives it back", async () => {
  await using releases = await Releases.make();
  const next = script("0.2.0");
  await releases.publish({ [`pollen-0.2.0-${PLATFORM}`]: next, "pollen-0.2.0-linux-arm64": "x" });
  const release = await releases.read();
  equal(release.version, "0.2.0");
  // An upgrade that was cut short left half a file.
  await Deno.writeTextFile(`${releases.program}.new`, next + next);
  const replaced = await replaceProgram(release, releases.program, never);
  equal(await Deno.readTextFile(releases.program), next);
  equal((await Deno.stat(releases.program)).mode! & 0o777, 0o755);
  equal(await Deno.readTextFile(replaced.previous), script("0.1.0"));
  await restoreProgram(replaced);
  equal(await Deno.readTextFile(releases.program), script("0.1.0"));
});

Deno.test("killed before any of its changes, a replacement leaves a whole program and can be repeated", async () => {
  const child = fileURLToPath(new URL("../../support/replace_and_die.ts", import.meta.url));
  const replace = async ({ folder, key, program }: Releases, count: number) => {
    const { success, signal } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-check", child, folder, key, program, `${count}`],
    }).output();
    equal(signal, success ? null : "SIGKILL");
    return success;
  };
  const [before, after] = [script("0.1.0"), script("0.2.0")];
  const states = new Set<string>();
  for (let count = 1;; count++) {
    await using releases = await Releases.make();
    await releases.publish({ [`pollen-0.2.0-${PLATFORM}`]: after });
    const isWhole = await replace(releases, count);
    const found = await Deno.readTextFile(releases.program);
    equal(found === before || found === after, true, `${count}: ${found}`);
    const names = await Array.fromAsync(Deno.readDir(`${releases.folder}/bin`), (e) => e.name);
    states.add(`${found === before ? "old" : "new"}: ${names.sort()}`);
    if (isWhole) break;
    equal(await replace(releases, Infinity), true);
    equal(await Deno.readTextFile(releases.program), after, `again after ${count}`);
  }
  // Every state on the way was met, and no other.
  deepEqual([...states], [
    "old: pollen",
    "old: pollen,pollen.new",
    "old: pollen,pollen.new,pollen.previous",
    "new: pollen,pollen.previous",
  ]);
});

Deno.test("a release comes over the web as well", async () => {
  await using releases = await Releases.make();
  await releases.publish({ [`pollen-0.2.0-${PLATFORM}`]: script("0.2.0") });
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const name = new URL(request.url).pathname.slice("/r/".length);
      const file = await Deno.open(`${releases.folder}/${name}`).catch(() => null);
      return file === null ? new Response(null, { status: 404 }) : new Response(file.readable);
    },
  );
  const from = `http://127.0.0.1:${server.addr.port}/r/`;
  const release = await readRelease(openSource(from), releases.key, PLATFORM, never);
  await replaceProgram(release, releases.program, never);
  equal(await Deno.readTextFile(releases.program), script("0.2.0"));
  const wrong = openSource(`http://127.0.0.1:${server.addr.port}/other`);
  await rejects(() => readRelease(wrong, releases.key, PLATFORM, never), /answers 404/);
});

Deno.test("what is not signed by the key is not believed", async () => {
  await using releases = await Releases.make();
  await using others = await Releases.make();
  const name = `pollen-0.2.0-${PLATFORM}`;
  await releases.publish({ [name]: script("0.2.0") });
  const bad = [() => releases.read(PLATFORM, others.key), async () => {
    const list = await Deno.readFile(`${releases.folder}/SHA256SUMS`);
    list[0]! ^= 1;
    await Deno.writeFile(`${releases.folder}/SHA256SUMS`, list);
    await releases.read();
  }];
  for (const act of bad) await refused(releases, act, "unauthenticated", /signature.*wrong/);
  await refused(releases, () => releases.read(PLATFORM, "x"), "invalid_argument", /no Ed25519/);
});

Deno.test("an altered, failing or misnamed program is not installed", async () => {
  await using releases = await Releases.make();
  const name = `pollen-0.2.0-${PLATFORM}`;
  const install = async () => await replaceProgram(await releases.read(), releases.program, never);

  await releases.publish({ [name]: script("0.2.0") });
  await Deno.writeTextFile(`${releases.folder}/${name}`, script("6.6.6"));
  await refused(releases, install, "unauthenticated", /checksum.*wrong/);
  await releases.publish({ [name]: script("0.2.0", 1) });
  await refused(releases, install, "failed_precondition", /does not run on this machine/);
  await releases.publish({ [name]: script("0.3.0") });
  await refused(releases, install, "failed_precondition", /it says "0.3.0"/);
  await Deno.remove(`${releases.folder}/${name}`);
  await refused(releases, install, "not_found", /There is no pollen-0.2.0/);
});

Deno.test("a list that is none is refused", async () => {
  await using releases = await Releases.make();
  const sum = sha256("x");
  const read = () => releases.read();
  await releases.publish({}, `${sum}  ../../bin/sh\n`);
  await refused(releases, read, "malformed", /holds a line that is none/);
  await releases.publish({}, "x".repeat(70_000));
  await refused(releases, read, "too_large", /too long/);
  await releases.publish({ "pollen-0.2.0-macos-x64": "x" });
  await refused(releases, read, "not_found", /no file for linux-x64/);
  await releases.publish({ "pollen-0.2.0-linux-x64": "x", "pollen-0.3.0-linux-x64": "x" });
  await refused(releases, read, "not_found", /several files/);
  for (const from of ["ftp://x/", "", "https://"]) throws(() => openSource(from), /neither/);
});

Deno.test("platforms are called as in a release", () => {
  equal(releasePlatform({ os: "linux", arch: "x86_64" }), "linux-x64");
  equal(releasePlatform({ os: "darwin", arch: "aarch64" }), "macos-arm64");
  equal(releasePlatform({ os: "windows", arch: "x86_64" }), "windows-x64");
});
