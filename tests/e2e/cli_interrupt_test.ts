// What is left when a start is interrupted, and who may start a node at all: the exit code tells the
// truth in both cases.

import { equal, match } from "node:assert/strict";
import {
  type Place,
  pollen,
  pollenCommand,
  pollenOk,
  TemporaryFolder,
} from "../../scripts/support/pollen_process.ts";
import { LOCAL } from "./support/network.ts";

/** Moments at which a person may press Ctrl-C, in milliseconds: before, while and after it comes up. */
const MOMENTS_MS = [100, 200, 300, 400, 600, 1_000];
const INTERRUPTED = 130;
const NOT_RUNNING = 6;
const NO_RIGHT = 4;
const NOBODY = 65_534;

async function interruptedStart(place: Place, atMs: number): Promise<number> {
  const [program, ...args] = pollenCommand(place, ["up", "-d", ...LOCAL]);
  const child = new Deno.Command(program!, { args, stdin: "null", stdout: "null", stderr: "null" })
    .spawn();
  // The moment is what is tested: nothing tells when a start is half done.
  const timer = setTimeout(() => {
    try {
      child.kill("SIGINT");
    } catch {
      // It was up already.
    }
  }, atMs);
  const { code } = await child.status;
  clearTimeout(timer);
  return code;
}

Deno.test("an interrupted start leaves a node and says 0, or leaves none and says 130", async () => {
  await using folder = await TemporaryFolder.make();
  const place = { dir: await folder.folder("node") };
  await pollenOk(place, ["init"]);
  for (const atMs of MOMENTS_MS) {
    const code = await interruptedStart(place, atMs);
    const { code: seen } = await pollen(place, ["status"]);
    equal(seen, code === 0 ? 0 : NOT_RUNNING, `${code} after ${atMs} ms`);
    if (code === 0) await pollenOk(place, ["down"]);
    else equal(code, INTERRUPTED);
    // Nobody holds the folder any more: another start works.
    await pollenOk(place, ["up", "-d", ...LOCAL]);
    await pollenOk(place, ["down"]);
  }
});

Deno.test({
  name: "root does not write into another user's folder",
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
  async fn() {
    await using folder = await TemporaryFolder.make();
    const place = { dir: await folder.folder("node") };
    await pollenOk(place, ["init"]);
    const before = [...Deno.readDirSync(place.dir)].map(({ name }) => name).sort();
    await Deno.chown(place.dir, NOBODY, NOBODY);
    for (const args of [["init"], ["up"], ["up", "-d"]]) {
      const { code, stderr, stdout } = await pollen(place, args);
      equal(code, NO_RIGHT, stderr);
      equal(stdout, "");
      match(stderr, /belongs to another user \(uid 65534\)/);
    }
    const after = [...Deno.readDirSync(place.dir)].map(({ name }) => name).sort();
    equal(after.join(), before.join());
  },
});
