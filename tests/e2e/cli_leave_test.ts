// Leaving a network: for another one, or for good. A root key never goes unless it is named.

import { deepEqual, equal, match } from "node:assert/strict";
import { type Place, pollen, pollenOk, until } from "../../scripts/support/pollen_process.ts";
import { assertFailed, nodesOf, Places, pollenJson } from "./support/background.ts";
import { LOCAL, status } from "./support/network.ts";

/** A network of its own with a running root; its id. */
async function found(places: Places, name: string): Promise<{ place: Place; clusterId: string }> {
  const place = await places.place(name);
  const { clusterId } = await pollenJson(place, ["init"]);
  await pollenJson(place, ["up", "-d", ...LOCAL]);
  return { place, clusterId };
}

async function isOnline(place: Place, key: string): Promise<true | null> {
  const { peers } = await status(place);
  return peers.some((peer) => peer.key === key && peer.status === "online") || null;
}

Deno.test("a machine moves from one network to another, with its key", async (t) => {
  await using places = await Places.make();
  const [old, other] = [await found(places, "old"), await found(places, "other")];
  const [oldKey, otherKey] = [
    await pollenOk(old.place, ["id"]),
    await pollenOk(other.place, ["id"]),
  ];
  const member = await places.place("member");
  await pollenOk(member, ["join", await pollenOk(old.place, ["invite"])]);
  const key = await pollenOk(member, ["id"]);
  const [pid] = nodesOf(member);
  const invite = await pollenOk(other.place, ["invite"]);

  await t.step("not without being told to; both networks are shown", async () => {
    const finished = await pollen(member, ["join", invite]);
    assertFailed(finished, 1, /different cluster.*--switch/s);
    for (const { clusterId } of [old, other]) match(finished.stderr, new RegExp(clusterId));
  });

  await t.step("not with a token that is worth nothing", async () => {
    assertFailed(await pollen(member, ["join", "--switch", invite.slice(8)]), 1, /token/);
    const stale = await pollenOk(other.place, ["invite", "--subject", otherKey]);
    assertFailed(await pollen(member, ["join", "--switch", stale]), 7, /subject mismatch/);
    deepEqual(nodesOf(member), [pid]);
    await until("the old network is there", () => isOnline(member, oldKey));
  });

  await t.step("with --switch it is stopped, moved and started", async () => {
    const moved = await pollenJson(member, ["join", "--switch", invite]);
    deepEqual([moved.clusterId, moved.key, moved.isRunning], [other.clusterId, key, true]);
    deepEqual(nodesOf(member), [moved.node.pid]);
    await until("the new network is there", () => isOnline(member, otherKey));
  });

  await t.step("nothing of the old network is used any more", async () => {
    const { peers } = await status(member);
    deepEqual(peers.map((peer) => peer.key), [otherKey]);
    for (const file of ["config.yaml", "state.yaml"]) {
      equal((await Deno.readTextFile(`${member.dir}/${file}`)).includes(oldKey), false, file);
    }
    const [left] = [...Deno.readDirSync(`${member.dir}/left`)].map(({ name }) => name);
    match(left!, new RegExp(`^\\d{8}T\\d{6}Z-${old.clusterId.slice(0, 8)}$`));
    match(await Deno.readTextFile(`${member.dir}/left/${left}/state.yaml`), new RegExp(oldKey));
  });

  await t.step("the machine with the root key does not leave", async () => {
    const token = await pollenOk(old.place, ["invite"]);
    const refusal = new RegExp(`root key.*${other.clusterId}.*of ${old.clusterId}.*--dir`);
    for (const words of [["join", "--switch", token], ["join", token]]) {
      assertFailed(await pollen(other.place, words), 1, refusal);
    }
    equal((await pollenJson(other.place, ["init"]).catch(String)).includes("is running"), true);
    equal(nodesOf(other.place).length, 1);
  });
});

Deno.test("purge takes the network, and keys only when told to", async (t) => {
  await using places = await Places.make();
  const place = await places.place("a");
  const purge = (...words: string[]) => pollen(place, ["purge", ...words]);
  assertFailed(await purge("--bad"), 2, /no flag --bad/);
  equal((await purge("--yes")).stdout, "nothing to purge\n");
  deepEqual([...Deno.readDirSync(place.dir)], []);

  const { clusterId } = await pollenJson(place, ["init"]);
  const key = await pollenOk(place, ["id"]);
  await pollenOk(place, ["up", "-d", ...LOCAL]);

  await t.step("not while it runs, and not unasked", async () => {
    assertFailed(await purge("--yes"), 1, /is running.*pollen down/);
    await pollenOk(place, ["down"]);
    assertFailed(await purge(), 2, /nobody to ask.*--yes/);
    assertFailed(
      await purge("--yes", "--delete-root-key", "ab".repeat(32)),
      2,
      /is not the network/,
    );
    equal((await pollenJson(place, ["init"])).created, false);
  });

  await t.step("both keys stay, and with the root key its network", async () => {
    const { removed, rootClusterId } = await pollenJson(place, ["purge", "--yes"]);
    equal(rootClusterId, clusterId);
    deepEqual(removed.includes("state.yaml") && removed.includes("pollen.log"), true);
    assertFailed(await pollen(place, ["up"]), 1, /not part of a network/);
    equal(await pollenOk(place, ["id"]), key);
    equal((await pollenJson(place, ["init"])).clusterId, clusterId);
  });

  await t.step("a root without its network joins no other", async () => {
    await pollenOk(place, ["purge", "--yes"]);
    const other = await found(places, "b");
    const token = await pollenOk(other.place, ["invite"]);
    assertFailed(await pollen(place, ["join", token]), 1, new RegExp(`root key of .*${clusterId}`));
    equal((await pollenJson(place, ["init"])).clusterId, clusterId);
  });

  await t.step("--all takes the machine's key, the network's id its root key", async () => {
    const { isRootKeyKept } = await pollenJson(place, ["purge", "--yes", "--all"]);
    equal(isRootKeyKept, true);
    assertFailed(await pollen(place, ["id"]), 3, /no key yet/);
    const last = await pollenJson(place, [
      ...["purge", "--yes", "--delete-root-key", clusterId.toUpperCase()],
    ]);
    deepEqual(last.removed, ["keys/admin_ed25519.key", "keys/admin_ed25519.pub"]);
    assertFailed(await purge("--yes", "--delete-root-key", clusterId), 3, /no root key/);
    const files = [...Deno.readDirSync(`${place.dir}/keys`)].map(({ name }) => name);
    deepEqual(files, [".keys.lock"]);
  });
});
