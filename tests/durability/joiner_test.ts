// A node that joins, renews and moves, ended at every single call of the file system, alone and with
// the machine: what was acknowledged is there, whole, and what was not is as before or as asked for.
// POLLEN_CRASH_SEED repeats a run.

import { deepEqual, equal, ok } from "node:assert/strict";
import { Config } from "../../lib/config/mod.ts";
import { FileDisk } from "../../lib/host/mod.ts";
import { ModelFiles } from "../support/model_files.ts";
import type { CrashKind } from "../support/model_nodes.ts";
import { Seeded } from "../support/seeded.ts";
import { DIR } from "../unit/auth/fixtures.ts";
import { Joiner, type Place, start } from "./joiner.ts";

const SEED_VARIABLE = "POLLEN_CRASH_SEED";
/** In the long run each call ends in both ways, else in one of them that is drawn. */
const KINDS: readonly CrashKind[] = ["kill", "power"];
const HAS_BOTH = Number(Deno.env.get("POLLEN_CRASHES") ?? 0) >= 1_000;
/** Calls within which a start is ended as well, half of the time: about as many as it makes. */
const START_CALLS = 40;

Deno.test("a member stays what it was told that it is, whichever call is its last", async () => {
  const seed = Seeded.seedFrom(SEED_VARIABLE);
  const { draw } = new Seeded(seed);
  const joiner = await Joiner.make();
  let before = new ModelFiles(draw);
  for (const [at, { name }] of joiner.steps.entries()) {
    let changes = 0;
    let hasLooked = false;
    for (let call = 1;; call++) {
      const files = await crashed(joiner, at, before, call);
      if (files === null) break;
      // Of calls in a row that only look one is enough: nothing differs between them.
      const isLook = files.changes.length === changes;
      if (isLook && hasLooked) continue;
      hasLooked = isLook;
      changes = files.changes.length;
      for (const kind of HAS_BOTH ? KINDS : [KINDS[draw(2)]!]) {
        try {
          await goOn(joiner, at, files.successor(kind), draw(2) * (1 + draw(START_CALLS)), kind);
        } catch (cause) {
          const text = `${SEED_VARIABLE}=${seed}, "${name}", ${kind} at call ${call}`;
          throw new Error(`${text}: ${(cause as Error).message}`, { cause });
        }
      }
    }
    ok(changes > 0, `"${name}" changes nothing`);
    before = before.successor("kill");
    await joiner.perform(new FileDisk(before), at);
  }
});

/** What a step leaves that ends at that call; null when it was over before. */
async function crashed(
  joiner: Joiner,
  at: number,
  before: ModelFiles,
  call: number,
): Promise<ModelFiles | null> {
  const files = before.successor("kill");
  files.crashAfter(call);
  await Promise.race([joiner.perform(new FileDisk(files), at), files.crashed]);
  return files.hasCrashed ? files : null;
}

/** What a person would do: start, perhaps in vain, and then the same once more. */
async function goOn(
  joiner: Joiner,
  at: number,
  left: ModelFiles,
  secondCrash: number,
  kind: CrashKind,
): Promise<void> {
  let files = left;
  if (secondCrash > 0) {
    files.crashAfter(secondCrash);
    await Promise.race([start(new FileDisk(files)), files.crashed]);
    files.crash();
    files = files.successor(kind);
  }
  const disk = new FileDisk(files);
  const found = await start(disk);
  const { then } = joiner.steps[at]!;
  if (!isSame(found, then)) deepEqual(found, joiner.steps[at - 1]?.then ?? null);
  await joiner.perform(disk, at);
  deepEqual(await start(disk), then, "it is something else once all was done again");
  const aside = await disk.list(`${DIR}/left`);
  ok(aside.length <= 1, "the files of the old network lie in one folder");
  if (then?.network !== joiner.steps.at(-1)!.then!.network) return;
  const names = await disk.list(`${DIR}/keys`);
  deepEqual(names.filter((name) => /^admin.*(?<!\.tmp)$/.test(name)), []);
  // A machine that loses power may lose what it is putting aside; a process that is killed does not.
  if (kind === "power") return;
  const { bootstrapPeers } = await Config.load(disk, `${DIR}/left/${aside[0]}`);
  equal(bootstrapPeers[0]?.peerKey, joiner.oldPeer, "what was put aside is not the old network's");
}

function isSame(a: Place | null, b: Place | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
