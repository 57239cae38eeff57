// Who is not let in, and what they are told: always what went wrong, why, what to do, and an exit
// code that a script can see. Separate processes, as in life.

import { deepEqual, equal, match } from "node:assert/strict";
import {
  Daemon,
  type Finished,
  type Place,
  pollen,
  pollenOk,
  TemporaryFolder,
} from "../../scripts/support/pollen_process.ts";
import { LOCAL, startRoot, status } from "./support/network.ts";

const REFUSED = 7;
const FAILURE = 1;

function assertRefusal(finished: Finished, code: number, text: RegExp): void {
  equal(finished.code, code, finished.stderr);
  equal(finished.stdout, "");
  match(finished.stderr, text);
  // What went wrong, and after it what to do: at least two sentences, and no stack.
  match(finished.stderr.trim(), /\.\s+\S.*\.?$/s);
  equal(/\n\s+at /.test(finished.stderr), false, finished.stderr);
}

Deno.test("who is not let in, and what they are told", async (t) => {
  await using folder = await TemporaryFolder.make();
  await using root = await startRoot(folder, "root");
  const rootKey = await pollenOk(root.place, ["id"]);
  const rootPort = /port=(\d+)/.exec(await root.waitForLog(/node is ready/))![1]!;
  const rootAddress = `127.0.0.1:${rootPort}`;

  const stranger: Place = { dir: await folder.folder("stranger") };
  await pollenOk(stranger, ["init"]);
  const newcomer: Place = { dir: await folder.folder("newcomer") };

  await t.step("an invite of a self-made root aimed at our node", async () => {
    const forged = await pollenOk(stranger, ["invite", "--bootstrap", `${rootKey}@${rootAddress}`]);
    assertRefusal(
      await pollen(newcomer, ["join", "--no-start", forged]),
      REFUSED,
      /belongs to another network/,
    );
    await root.waitForLog(/invite refused/);
  });

  await t.step("a token that was cut short, at any place", async () => {
    const token = await pollenOk(root.place, ["invite"]);
    for (const length of [token.length - 4, token.length - 1, Math.floor(token.length / 2), 8]) {
      const finished = await pollen(newcomer, [
        "join",
        "--no-start",
        token.slice(0, length),
      ]);
      assertRefusal(finished, FAILURE, /cut short/);
    }
  });

  await t.step("a token in which one character was changed", async () => {
    const token = await pollenOk(root.place, ["invite"]);
    const at = token.length - 20;
    const changed = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
    assertRefusal(
      await pollen(newcomer, ["join", "--no-start", changed]),
      REFUSED,
      /signature invalid/,
    );
  });

  await t.step("an invite used by a second key; the first one may ask again", async () => {
    const token = await pollenOk(root.place, ["invite"]);
    await pollenOk(newcomer, ["join", "--no-start", token]);
    await pollenOk(newcomer, ["join", "--no-start", token]);
    const second: Place = { dir: await folder.folder("second") };
    assertRefusal(
      await pollen(second, ["join", "--no-start", token]),
      REFUSED,
      /already consumed/,
    );
  });

  await t.step("an invite bound to another key", async () => {
    const token = await pollenOk(root.place, ["invite", "--subject", "ab".repeat(32)]);
    const third: Place = { dir: await folder.folder("third") };
    assertRefusal(
      await pollen(third, ["join", "--no-start", token]),
      REFUSED,
      /subject mismatch/,
    );
  });

  await t.step("a node that belongs to another network keeps its own", async () => {
    const token = await pollenOk(root.place, ["invite"]);
    const before = await pollenOk(stranger, ["init"]);
    assertRefusal(
      await pollen(stranger, ["join", "--no-start", token]),
      FAILURE,
      /root key.*token is of.*--dir/s,
    );
    equal(await pollenOk(stranger, ["init"]), before);
    // Nothing was spent on the refusal: the same invite lets somebody else in.
    const fourth: Place = { dir: await folder.folder("fourth") };
    await pollenOk(fourth, ["join", "--no-start", token]);
  });

  await t.step("a node of another network that dials in", async () => {
    await Deno.writeTextFile(
      `${stranger.dir}/config.yaml`,
      `bootstrapPeers:\n  - peerPub: "${rootKey}"\n    addrs: ["${rootAddress}"]\n`,
    );
    await using foreign = await Daemon.up(stranger, LOCAL);
    match(await foreign.waitForLog(/refuses us/), /not scoped to cluster/);
    match(await root.waitForLog(/refused a connection/), /not scoped to cluster/);
    const strangerKey = await pollenOk(stranger, ["id"]);
    for (const [place, other] of [[root.place, strangerKey], [stranger, rootKey]] as const) {
      const { peers } = await status(place);
      deepEqual(peers.filter(({ key, status }) => key === other && status === "online"), []);
    }
  });

  await t.step("a node in no network says so", async () => {
    const empty: Place = { dir: await folder.folder("empty") };
    assertRefusal(await pollen(empty, ["up"]), FAILURE, /not part of a network.*pollen init/s);
    const none = await pollen(empty, ["status"]);
    assertRefusal(none, 6, /daemon is not running.*pollen up/s);
  });

  await t.step("a second daemon on the same folder", async () => {
    assertRefusal(await pollen(root.place, ["up", "--port", "0"]), FAILURE, /runs/);
  });
});
