// A machine on which the portable file is installed and upgraded: the real file, a real node, and
// releases of other versions, which are the same program altered.

import { signRelease } from "../../scripts/package/signing.ts";
import { gather } from "../../scripts/portable/build.ts";
import { type Contents, pack } from "../../scripts/portable/format.ts";
import { launcherPath } from "../../scripts/portable/launcher.ts";
import { targetCalled } from "../../scripts/portable/targets.ts";
import { type Place, pollen, pollenOk } from "../../scripts/support/pollen_process.ts";
import { VERSION } from "../../lib/types/version.ts";
import { nodesOf } from "../e2e/support/background.ts";
import { PortablePlace, RELEASE_KEY, SIGNING_KEY } from "./support.ts";

const TARGET = targetCalled("linux-x64");

/** Changes the text of a module, which lies at this path. */
export type Alteration = (text: string, path: string) => string;

/** The program of another version: the same one that says so of itself, altered as it is told to. */
export async function programOf(
  version: string,
  alter: Alteration = (text) => text,
): Promise<Uint8Array> {
  const contents = await gather(TARGET, { releaseKey: RELEASE_KEY });
  const renamed = (text: string) => text.replaceAll(`"${VERSION}"`, `"${version}"`);
  const files = contents.files.map((file) => {
    if (!file.path.endsWith(".js")) return file;
    const text = new TextDecoder().decode(file.bytes);
    return { ...file, bytes: new TextEncoder().encode(alter(renamed(text), file.path)) };
  });
  const said: Contents["version"] = {
    text: contents.version.text.replace(VERSION, version),
    short: version,
    json: renamed(contents.version.json),
  };
  const launcher = await Deno.readFile(launcherPath(TARGET));
  const file = pack(launcher, { ...contents, files, version: said }, false, 1);
  return new Uint8Array(await new Blob([file.launcher, file.payload]).arrayBuffer());
}

/** A machine with the portable file, a node in the background, and folders with releases. */
export class Machine implements AsyncDisposable {
  private constructor(readonly portable: PortablePlace, readonly place: Place) {}

  static async make(): Promise<Machine> {
    const portable = await PortablePlace.make();
    const { file } = portable;
    const place = {
      dir: await portable.folder.folder("state"),
      program: [file],
      env: { POLLEN_CACHE_DIR: await portable.folder.folder("cache") },
    };
    return new Machine(portable, place);
  }

  /** Puts a signed release of it into a folder. */
  async publish(version: string, program: Uint8Array, key = SIGNING_KEY): Promise<string> {
    const folder = await Deno.makeTempDir({ dir: this.portable.path });
    const name = `pollen-${version}-linux-x64`;
    await Deno.writeFile(`${folder}/${name}`, program);
    await signRelease(folder, [name], key);
    return folder;
  }

  /** How the release in that folder is taken. */
  words(from: string, ...more: string[]): string[] {
    return ["upgrade", "--from", from, ...more];
  }

  /** What the program at its place says of itself. */
  version(): Promise<string> {
    return pollenOk(this.place, ["version", "--short"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await pollen(this.place, ["down"]);
    for (const pid of nodesOf(this.place)) Deno.kill(pid, "SIGKILL");
    await this.portable[Symbol.asyncDispose]();
  }
}
