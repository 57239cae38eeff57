// `pollen upgrade` on real files and real nodes: to a newer release, back, to one that does not come up,
// and cut short at each of its steps.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { publicHalf } from "../../scripts/package/signing.ts";
import { pollen, pollenOk, until } from "../../scripts/support/pollen_process.ts";
import { VERSION } from "../../lib/types/version.ts";
import { nodesOf } from "../e2e/support/background.ts";
import { LOCAL, status } from "../e2e/support/network.ts";
import { Machine, programOf } from "./machine.ts";
import { CAN_RUN } from "./support.ts";

/** The exit code of `unauthenticated`. */
const REFUSED = 7;
const NEXT = "99.0.0";
const BROKEN = "99.0.1";
const OLDER = "0.0.1";
/** How often an upgrade is cut short, each time a little later. */
const ROUNDS = 40;

/** Upgrades and is killed in the moment in which the file is there. */
async function killedWhen(machine: Machine, path: string, from: string): Promise<void> {
  const child = started(machine, machine.words(from));
  await until(`${path} is there`, async () => await exists(path) || null);
  child.kill("SIGKILL");
  await child.status;
}

/** Upgrades and is killed after so long, unless it is done by then. */
async function killedAfter(machine: Machine, ms: number, words: string[]): Promise<void> {
  const child = started(machine, words);
  const timer = setTimeout(() => child.kill("SIGKILL"), ms);
  await child.status;
  clearTimeout(timer);
}

function started({ place }: Machine, words: string[]): Deno.ChildProcess {
  const [program, ...args] = [...place.program!, ...words];
  return new Deno.Command(program!, {
    args: [...args, "--dir", place.dir],
    env: { ...place.env },
    stdout: "null",
    stderr: "null",
  }).spawn();
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
      // A second one may have been started, finds the folder taken and goes.
      await until("one node runs", () => Promise.resolve(nodesOf(place).length === 1 || null));
      const now = await status(place);
      equal(now.self.key, self.key);
      deepEqual(now.services.map(({ name }) => name), ["kept"]);
    };

    await t.step("--check only looks", async () => {
      const text = await pollenOk(place, machine.words(next, "--check"));
      match(text, new RegExp(`holds ${NEXT}; this is ${VERSION} \\(newer\\)`));
      equal(await machine.version(), VERSION);
    });

    await t.step("what another key signed is refused, unless that key is named", async () => {
      const other = generateKeyPairSync("ed25519").privateKey;
      const foreign = await machine.publish(NEXT, await Deno.readFile(portable.file), other);
      const { code, stderr } = await pollen(place, machine.words(foreign, "--check"));
      equal(code, REFUSED, stderr);
      match(stderr, /not made with the project's key/);
      await Deno.writeTextFile(`${portable.path}/other.pem`, publicHalf(other));
      const named = machine.words(foreign, "--check", "--key", `${portable.path}/other.pem`);
      match(await pollenOk(place, named), /newer/);
    });

    await t.step("an altered program is refused and leaves nothing", async () => {
      const altered = await machine.publish(NEXT, await Deno.readFile(portable.file));
      const file = `${altered}/pollen-${NEXT}-linux-x64`;
      await Deno.writeFile(file, new Uint8Array(1), { append: true });
      const { stderr } = await pollen(place, machine.words(altered));
      match(stderr, /checksum of pollen-\S+ is wrong/);
      deepEqual([await machine.version(), await exists(`${portable.file}.new`)], [VERSION, false]);
      await demandNode();
    });

    await t.step("cut short while it fetches, the old program is there", async () => {
      const before = nodesOf(place);
      await using server = stallingServer(next);
      const from = `http://127.0.0.1:${server.addr.port}`;
      await killedWhen(machine, `${portable.file}.new`, from);
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

    await t.step("a version that is too old for the state folder is taken back", async () => {
      const forgets = (text: string) => text.replaceAll("STATE_FORMAT = 1", "STATE_FORMAT = 0");
      const older = await machine.publish(OLDER, await programOf(OLDER, forgets));
      const { stderr } = await pollen(place, machine.words(older, "--downgrade"));
      match(stderr, /does not come up.*newer version of pollen wrote it.*The old one is back/);
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

    await t.step(
      "cut short while it changes programs, the next one does what is left",
      async () => {
        await killedWhen(machine, `${place.dir}/upgrade.json`, next);
        // Just before the change or just after it: in either case there is a whole program.
        ok([VERSION, NEXT].includes(await machine.version()));
        await pollenOk(place, machine.words(next));
        equal(await machine.version(), NEXT);
        await demandNode();
        equal(await exists(`${place.dir}/upgrade.json`), false);
      },
    );

    if (Deno.env.get("POLLEN_FULL") !== "1") return;
    await t.step("cut short at any moment, the next one does what is left", async () => {
      const releases = [await machine.publish(VERSION, await programOf(VERSION)), next];
      const began = performance.now();
      await pollenOk(place, machine.words(releases[0]!, "--downgrade"));
      const wholeMs = performance.now() - began;
      for (let round = 1; round <= ROUNDS; round++) {
        const words = machine.words(releases[round % 2]!, "--downgrade");
        await killedAfter(machine, wholeMs * round / ROUNDS, words);
        await pollenOk(place, words);
        equal(await machine.version(), [VERSION, NEXT][round % 2], `round ${round}`);
        await demandNode();
      }
    });
  },
});
