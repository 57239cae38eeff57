// `pollen upgrade` killed before each of its changes to the disk, one after the other: the program is
// whole, the node is there or comes back, and the next upgrade ends what was begun. Some minutes, so only
// among the long runs (POLLEN_FULL=1); the swap of the files alone is in tests/unit/upgrade.

import { equal } from "node:assert/strict";
import { VERSION } from "../../lib/types/version.ts";
import { pollen, pollenOk } from "../../scripts/support/pollen_process.ts";
import { nodesOf, nothingRuns } from "../e2e/support/background.ts";
import { LOCAL, status } from "../e2e/support/network.ts";
import { killAtCall } from "../support/kill_at.ts";
import { Machine, programOf } from "./machine.ts";
import { CAN_RUN } from "./support.ts";

const NEXT = "99.0.0";
/** How a process that a signal ended is told by its parent (128 + SIGKILL). */
const KILLED = 137;
/** The changes are some thirty; more than this is no end at all. */
const CHANGES_MAX = 200;

/** Makes an upgrade end before the change whose number the environment names. */
function mortal(text: string, path: string): string {
  if (!path.endsWith("/main.js")) return text;
  const count = `Deno.args.includes("upgrade") ? Number(Deno.env.get("KILL_AT") ?? 0) : 0`;
  return `(${killAtCall})(${count});\n${text}`;
}

if (CAN_RUN && Deno.env.get("POLLEN_FULL") === "1") {
  Deno.test("upgrade killed before any of its changes is ended by the next one", async () => {
    await using machine = await Machine.make();
    const { place, portable } = machine;
    const old = await programOf(VERSION, mortal);
    const next = await machine.publish(NEXT, await programOf(NEXT));
    await pollenOk(place, ["init"]);
    for (let count = 1, isKilled = true; isKilled; count++) {
      equal(count < CHANGES_MAX, true);
      await Deno.writeFile(`${portable.file}.old`, old, { mode: 0o755 });
      await Deno.rename(`${portable.file}.old`, portable.file);
      await pollenOk(place, ["up", "-d", ...LOCAL]);
      const { self } = await status(place);

      const dying = { ...place, env: { ...place.env, KILL_AT: String(count) } };
      const { code, stderr } = await pollen(dying, machine.words(next));
      isKilled = code === KILLED;
      equal(code, isKilled ? KILLED : 0, stderr);
      const version = await machine.version();
      equal([VERSION, NEXT].includes(version), true, `${count}: ${version}`);

      await pollenOk(place, machine.words(next));
      equal(await machine.version(), NEXT, `after ${count}`);
      equal((await status(place)).self.key, self.key);
      const [pid, another] = nodesOf(place);
      equal(another, undefined, `${count}: one node`);
      equal(await isOfNewProgram(pid!), true, `${count}: the node is of the new version`);
      await pollenOk(place, ["down"]);
      await nothingRuns(place);
    }
  });
}

/** Whether the process runs from the folder of the program that is not mortal. */
async function isOfNewProgram(pid: number): Promise<boolean> {
  const words = (await Deno.readTextFile(`/proc/${pid}/cmdline`)).split("\0");
  const main = words.find((word) => word.endsWith("/app/main.js"))!;
  return !(await Deno.readTextFile(main)).includes("KILL_AT");
}
