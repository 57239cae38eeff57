// `pollen upgrade` on real files and real nodes: to a newer release, back, to one that does not come up,
// and cut short at each of its steps.

import { deepEqual, equal, match } from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { publicHalf, signRelease } from "../../scripts/package/signing.ts";
import { gather } from "../../scripts/portable/build.ts";
import { type Contents, pack } from "../../scripts/portable/format.ts";
import { launcherPath } from "../../scripts/portable/launcher.ts";
import { targetCalled } from "../../scripts/portable/targets.ts";
import { type Place, pollen, pollenOk, until } from "../../scripts/support/pollen_process.ts";
import { VERSION } from "../../lib/cli/version.ts";
import { nodesOf } from "../e2e/support/background.ts";
import { LOCAL, status } from "../e2e/support/network.ts";
import { CAN_RUN, PortablePlace } from "./support.ts";

const TARGET = targetCalled("linux-x64");
const NEXT = "99.0.0";
const BROKEN = "99.0.1";
const { privateKey } = generateKeyPairSync("ed25519");

/** The program of another version: the same one that says so of itself, altered as it is told to. */
async function programOf(version: string, alter = (text: string) => text): Promise<Uint8Array> {
  const contents = await gather(TARGET);
  const renamed = (text: string) => text.replaceAll(`"${VERSION}"`, `"${version}"`);
  const files = contents.files.map((file) => {
    if (!file.path.endsWith(".js")) return file;
    const text = new TextDecoder().decode(file.bytes);
    return { ...file, bytes: new TextEncoder().encode(alter(renamed(text))) };
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
class Machine implements AsyncDisposable {
  private constructor(readonly portable: PortablePlace, readonly place: Place) {}

  static async make(): Promise<Machine> {
    const portable = await PortablePlace.make();
    const { path, file } = portable;
    const place = {
      dir: await portable.folder.folder("state"),
      program: [file],
      env: { POLLEN_CACHE_DIR: await portable.folder.folder("cache") },
    };
    await Deno.writeTextFile(`${path}/key.pem`, publicHalf(privateKey));
    return new Machine(portable, place);
  }

  async publish(version: string, program: Uint8Array): Promise<string> {
    const folder = await this.portable.folder.folder(`release-${version}`);
    const name = `pollen-${version}-linux-x64`;
    await Deno.writeFile(`${folder}/${name}`, program);
    await signRelease(folder, [name], privateKey);
    return folder;
  }

  words(from: string, ...more: string[]): string[] {
    return ["upgrade", "--from", from, "--key", `${this.portable.path}/key.pem`, ...more];
  }

  /** Upgrades and is killed in the moment in which the file is there. */
  async killedWhen(path: string, from: string): Promise<void> {
    const [program, ...args] = [...this.place.program!, ...this.words(from)];
    const child = new Deno.Command(program!, {
      args: [...args, "--dir", this.place.dir],
      env: { ...this.place.env },
      stdout: "null",
      stderr: "null",
    }).spawn();
    await until(`${path} is there`, async () => await exists(path) || null);
    child.kill("SIGKILL");
    await child.status;
  }

  version(): Promise<string> {
    return pollenOk(this.place, ["version", "--short"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await pollen(this.place, ["down"]);
    for (const pid of nodesOf(this.place)) Deno.kill(pid, "SIGKILL");
    await this.portable[Symbol.asyncDispose]();
  }
}

/** Serves a release over the web, but never the end of the program. */
function stallingServer(folder: string): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const name = new URL(request.url).pathname.slice(1);
    const bytes = await Deno.readFile(`${folder}/${name}`);
    if (name.startsWith("SHA256SUMS")) return new Response(bytes);
    const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      controller.enqueue(bytes.subarray(0, bytes.length >> 1));
    };
    return new Response(new ReadableStream({ start }));
  });
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test({
  name: "upgrade replaces the program and starts the node again",
  ignore: !CAN_RUN,
  fn: async (t) => {
    await using machine = await Machine.make();
    const { place, portable } = machine;
    const next = await machine.publish(NEXT, await programOf(NEXT));
    await pollenOk(place, ["init"]);
    await pollenOk(place, ["up", "-d", ...LOCAL]);
    await pollenOk(place, ["serve", "8080", "kept"]);
    const { self } = await status(place);

    /** The node runs, is who it was, and still serves. */
    const demandNode = async () => {
      equal(nodesOf(place).length, 1);
      const now = await status(place);
      equal(now.self.key, self.key);
      deepEqual(now.services.map(({ name }) => name), ["kept"]);
    };

    await t.step("--check only looks", async () => {
      const text = await pollenOk(place, machine.words(next, "--check"));
      match(text, new RegExp(`holds ${NEXT}; this is ${VERSION} \\(newer\\)`));
      equal(await machine.version(), VERSION);
    });

    await t.step("cut short while it fetches, the old program is there", async () => {
      const before = nodesOf(place);
      await using server = stallingServer(next);
      const from = `http://127.0.0.1:${server.addr.port}`;
      await machine.killedWhen(`${portable.file}.new`, from);
      equal(await machine.version(), VERSION);
      deepEqual(nodesOf(place), before);
    });

    await t.step("to a newer release", async () => {
      const before = nodesOf(place);
      match(await pollenOk(place, machine.words(next)), new RegExp(`from ${VERSION} to ${NEXT}`));
      equal(await machine.version(), NEXT);
      equal(await exists(`${portable.file}.new`), false);
      await demandNode();
      equal(before.includes(nodesOf(place)[0]!), false);
    });

    await t.step("not to an older one, unless it is asked for", async () => {
      const old = await machine.publish(VERSION, await programOf(VERSION));
      const { code, stderr } = await pollen(place, machine.words(old));
      equal(code, 1, stderr);
      match(stderr, /older than this.*--downgrade/);
      await pollenOk(place, machine.words(old, "--downgrade"));
      equal(await machine.version(), VERSION);
      await demandNode();
    });

    await t.step("a release that does not come up goes, and the old one runs again", async () => {
      const fails = (text: string) =>
        text.replaceAll("pollen is up on UDP port", "${(() => { throw new Error('defect'); })()}");
      const broken = await machine.publish(BROKEN, await programOf(BROKEN, fails));
      const { code, stderr } = await pollen(place, machine.words(broken));
      equal(code, 1, stderr);
      match(stderr, /does not come up.*The old one is back/);
      equal(await machine.version(), VERSION);
      await demandNode();
    });

    await t.step("cut short while the node is down, the next one starts it", async () => {
      await machine.killedWhen(`${place.dir}/upgrade.json`, next);
      equal(await machine.version(), NEXT);
      await pollenOk(place, machine.words(next));
      await demandNode();
      equal(await exists(`${place.dir}/upgrade.json`), false);
    });
  },
});
