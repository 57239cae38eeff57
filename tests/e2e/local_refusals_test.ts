// What stands between a person and the daemon of their own machine: rights, a socket that is stale or
// gone, a second daemon, a key that cannot be read, the wrong machine at the right address. Real
// processes, each with its words and its exit code.

import { deepEqual, equal } from "node:assert/strict";
import {
  Daemon,
  type Place,
  pollen,
  pollenOk,
  TemporaryFolder,
  until,
} from "../../scripts/support/pollen_process.ts";
import { assertFailed } from "./support/background.ts";
import { LOCAL, startRoot, status } from "./support/network.ts";

const FAILURE = 1;
const NOT_FOUND = 3;
const NO_RIGHT = 4;
const NO_DAEMON = 6;
const REFUSED = 7;

/** The same place for a process that file modes count for: root's other rights are taken from it. */
function unprivileged(place: Place): Place {
  return Deno.uid() === 0 ? { ...place, prefix: ["setpriv", "--bounding-set=-all"] } : place;
}

Deno.test("rights, sockets, and who is at home", async (t) => {
  await using folder = await TemporaryFolder.make();
  await using root = await startRoot(folder, "root");
  const { place } = root;
  const socket = `${place.dir}/pollen.sock`;
  const self = unprivileged(place);

  await t.step("wrong rights on the socket", async () => {
    await Deno.chmod(socket, 0o000);
    for (const words of [["status"], ["serve", "80"], ["down"]]) {
      assertFailed(
        await pollen(self, words),
        NO_RIGHT,
        /may not talk to the pollen daemon: .*pollen\.sock belongs to someone else\. Run the command/,
      );
    }
    await Deno.chmod(socket, 0o600);
    await pollenOk(self, ["status"]);
  });

  await t.step("a second daemon on the same folder, also while the socket is gone", async () => {
    assertFailed(await pollen(place, ["up", "--port", "0"]), FAILURE, /runs|works on/);
    assertFailed(await pollen(place, ["init"]), FAILURE, /is running.*pollen down/);
    await Deno.remove(socket);
    assertFailed(await pollen(place, ["up", "--port", "0"]), FAILURE, /runs|works on|in use/);
  });

  await t.step("a socket that is gone is there again, for the same daemon", async () => {
    await root.waitForLog(/the control socket was gone and is there again/);
    await pollenOk(place, ["status"]);
  });

  await t.step("a service that nobody offers, and a port that nobody serves", async () => {
    await pollenOk(place, ["serve", "80", "web"]);
    assertFailed(await pollen(place, ["connect", "wbe"]), NOT_FOUND, /Did you mean.*"web"/);
    assertFailed(await pollen(place, ["connect", "81"]), NOT_FOUND, /offers "81"/);
    assertFailed(await pollen(place, ["connect", "web"]), 2, /this very node's\. Use it at/);
  });

  await t.step("another machine at the right address", async () => {
    const port = /port=(\d+)/.exec(await root.waitForLog(/node is ready/))![1]!;
    const token = await pollenOk(place, [
      ...["invite", "--bootstrap", `${"ab".repeat(32)}@127.0.0.1:${port}`],
    ]);
    const newcomer: Place = { dir: await folder.folder("newcomer") };
    assertFailed(
      await pollen(newcomer, ["join", token, "--no-start"]),
      REFUSED,
      /identity mismatch: expected abababab got [0-9a-f]{8}\..*check the address/,
    );
    deepEqual(
      [...Deno.readDirSync(`${newcomer.dir}/keys`)].filter(({ name }) => name.endsWith(".pb")),
      [],
    );
  });

  await t.step("an address that nobody answers at", async () => {
    const token = await pollenOk(place, [
      ...["invite", "--bootstrap", `${"ab".repeat(32)}@127.0.0.1:1`],
    ]);
    const newcomer: Place = { dir: await folder.folder("alone") };
    const { code, stderr } = await pollen(newcomer, ["join", token, "--no-start"]);
    // The system says at once that nobody is there, or nobody says anything.
    equal([1, 8].includes(code), true, stderr);
    equal(/Tried 127\.0\.0\.1:1\./.test(stderr), true, stderr);
  });
});

Deno.test("a daemon that died leaves a stale socket, which nobody stumbles over", async () => {
  await using folder = await TemporaryFolder.make();
  const place = { dir: await folder.folder("root") };
  {
    await using daemon = await startRoot(folder, "root");
    await daemon.kill();
  }
  assertFailed(await pollen(place, ["status"]), NO_DAEMON, /is not running .*pollen up/);
  assertFailed(await pollen(place, ["down"]), NO_DAEMON, /nothing to stop/);
  await using _again = await Daemon.up(place, LOCAL);
  await until("it answers", async () => (await status(place)).self.key.length === 64 || null);
});

Deno.test("files that cannot be read are named, and nothing is made in their place", async () => {
  await using folder = await TemporaryFolder.make();
  const place = { dir: await folder.folder("root") };
  const self = unprivileged(place);
  await pollenOk(place, ["init"]);
  const up = ["up", "--port", "0"];
  const invite = ["invite", "--bootstrap", `${"ab".repeat(32)}@192.0.2.1`];
  const unreadable: Readonly<Record<string, readonly string[][]>> = {
    "keys/ed25519.key": [up, ["init"]],
    "keys/cluster.trust.pb": [up, ["init"]],
    "keys/membership.cert.pb": [up, ["init"]],
    "keys/admin_ed25519.key": [invite],
    "state.yaml": [up],
    "config.yaml": [up],
    "consumed_invites.json": [up],
  };
  for (const [name, commands] of Object.entries(unreadable)) {
    const path = `${place.dir}/${name}`;
    // What only a daemon writes is not there yet.
    await Deno.writeTextFile(path, "", { append: true });
    const before = await Deno.readFile(path);
    await Deno.chmod(path, 0o000);
    for (const words of commands) {
      const refusal = await pollen(self, words);
      assertFailed(refusal, NO_RIGHT, new RegExp(`${name} could not be read\\. .*Run as the user`));
    }
    await Deno.chmod(path, 0o600);
    deepEqual(await Deno.readFile(path), before);
    if (before.length === 0) await Deno.remove(path);
  }
  await Deno.chmod(`${place.dir}/keys`, 0o000);
  assertFailed(await pollen(self, ["up"]), NO_RIGHT, /keys.*could not be/);
  await Deno.chmod(`${place.dir}/keys`, 0o700);
});

Deno.test("rights that were too wide and settings that are gone are in the log", async () => {
  await using folder = await TemporaryFolder.make();
  const place = { dir: await folder.folder("root") };
  await pollenOk(place, ["init"]);
  const key = `${place.dir}/keys/ed25519.key`;
  await Deno.chmod(key, 0o644);
  await Deno.writeTextFile(`${place.dir}/config.yaml`, "\n");
  await using daemon = await Daemon.up(unprivileged(place), LOCAL);
  await daemon.waitForLog(/Others could get at .*ed25519\.key/);
  await daemon.waitForLog(/config\.yaml is empty\. The defaults count.*restore it from a backup/);
  equal((await Deno.stat(key)).mode! & 0o777, 0o600);
});
