// A node against whose membership only time stands, or whom the root has revoked: it stays up, says
// so in its status, and names a cure that works.

import { deepEqual, equal, match } from "node:assert/strict";
import { enterNetwork } from "../../lib/app/network_files.ts";
import { genIdentityKey, initRoot, loadAdminSigner } from "../../lib/auth/mod.ts";
import { systemDisk, systemRandom } from "../../lib/host/mod.ts";
import { peerKeyBytes, type WallMs } from "../../lib/types/mod.ts";
import {
  Daemon,
  type Place,
  pollenOk,
  TemporaryFolder,
  until,
} from "../../scripts/support/pollen_process.ts";
import { LOCAL, Pair, status } from "./support/network.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A network that was founded so long ago, with a membership of an hour. */
async function found({ dir }: Place, agoMs: number): Promise<void> {
  const identity = await genIdentityKey(systemDisk, dir, systemRandom);
  const now = Date.now() - agoMs as WallMs;
  const options = { now, random: systemRandom, membershipTtlMs: HOUR_MS };
  await initRoot(systemDisk, dir, identity, options);
}

/** The same with a membership that lasts, and what signs there. */
async function foundFor({ dir }: Place, agoMs: number) {
  const identity = await genIdentityKey(systemDisk, dir, systemRandom);
  const options = { now: Date.now() - agoMs as WallMs, random: systemRandom };
  const { credentials } = await initRoot(systemDisk, dir, identity, options);
  const signer = (await loadAdminSigner(systemDisk, dir, credentials, options))!;
  return { signer, peerKey: identity.peerKey };
}

async function kinds(place: Place): Promise<string[]> {
  return (await status(place)).conditions.map(({ kind }) => kind);
}

Deno.test("an expired membership: the node runs, says so, and its cure cures it", async () => {
  await using folder = await TemporaryFolder.make();
  const place = { dir: await folder.folder("root") };
  await found(place, 3 * HOUR_MS);
  {
    await using daemon = await Daemon.up(place, LOCAL);
    match(await daemon.waitForLog(/membership expired at/), /pollen init/);
    match(await pollenOk(place, ["status"]), /membership expired at .*: pollen down, pollen init/);
    deepEqual(await kinds(place), ["membership_expired"]);
    await pollenOk(place, ["down"]);
  }
  await pollenOk(place, ["init"]);
  await using _daemon = await Daemon.up(place, LOCAL);
  deepEqual(await kinds(place), []);
});

Deno.test("a member whose membership expired is let in again once it did as status says", async () => {
  await using folder = await TemporaryFolder.make();
  const place = { dir: await folder.folder("root") };
  const agoMs = 3 * HOUR_MS;
  const { signer, peerKey: rootKey } = await foundFor(place, agoMs);
  await using root = await Daemon.up(place, LOCAL);
  const port = /port=(\d+)/.exec(await root.waitForLog(/node is ready/))![1]!;

  const member = { dir: await folder.folder("member") };
  const then = Date.now() - agoMs as WallMs;
  const identity = await genIdentityKey(systemDisk, member.dir, systemRandom);
  const token = signer.issueJoinToken({
    cert: signer.issueMembership({ subject: identity.peerKey, ttlMs: HOUR_MS, now: then }),
    bootstrap: [{ peerPub: peerKeyBytes(rootKey), addrs: [`127.0.0.1:${port}`] }],
    ttlMs: HOUR_MS,
    now: then,
  });
  await enterNetwork(systemDisk, member.dir, identity, token, then);
  {
    await using daemon = await Daemon.up(member, LOCAL);
    await daemon.waitForLog(/membership expired at/);
    const cure = /new invite, then: pollen join <token>, pollen down, pollen up -d/;
    match(await pollenOk(member, ["status"]), cure);
    deepEqual(await kinds(member), ["membership_expired"]);
    await pollenOk(member, ["join", await pollenOk(place, ["invite"])]);
    await pollenOk(member, ["down"]);
  }
  await using _daemon = await Daemon.up(member, LOCAL);
  await until("the root lets it in", async () => {
    const { peers } = await status(member);
    return peers.some(({ key, status }) => key === rootKey && status === "online") || null;
  });
  deepEqual(await kinds(member), []);
});

/** When the membership of a running node ends. */
async function endOf(place: Place): Promise<number> {
  return Date.parse((await status(place)).certificates[0]!.notAfter);
}

Deno.test("memberships that would end soon go on by themselves, the root's too", async () => {
  await using folder = await TemporaryFolder.make();
  const place = { dir: await folder.folder("root") };
  const now = Date.now() as WallMs;
  const options = { now, random: systemRandom, membershipTtlMs: 10 * DAY_MS };
  const founder = await genIdentityKey(systemDisk, place.dir, systemRandom);
  const { credentials } = await initRoot(systemDisk, place.dir, founder, options);
  const signer = (await loadAdminSigner(systemDisk, place.dir, credentials, options))!;
  await using root = await Daemon.up(place, LOCAL);
  const port = /port=(\d+)/.exec(await root.waitForLog(/node is ready/))![1]!;

  const member = { dir: await folder.folder("member") };
  const identity = await genIdentityKey(systemDisk, member.dir, systemRandom);
  const token = signer.issueJoinToken({
    cert: signer.issueMembership({ subject: identity.peerKey, ttlMs: HOUR_MS, now }),
    bootstrap: [{ peerPub: peerKeyBytes(founder.peerKey), addrs: [`127.0.0.1:${port}`] }],
    ttlMs: HOUR_MS,
    now,
  });
  await enterNetwork(systemDisk, member.dir, identity, token, now);
  const until300Days = (of: Place) =>
    until("its membership is renewed", async () => await endOf(of) > now + 300 * DAY_MS || null);
  {
    await using daemon = await Daemon.up(member, LOCAL);
    await until300Days(place);
    await until300Days(member);
    match(await pollenOk(member, ["status"]), /membership expires in (1y|36\dd)/);
    await daemon.kill();
  }
  await using _again = await Daemon.up(member, LOCAL);
  equal(await endOf(member) > now + 300 * DAY_MS, true);
});

Deno.test("a guest is a member for as long as its invite says", async () => {
  await using pair = await Pair.start();
  const { root, folder } = pair;
  const guest = { dir: await folder.folder("guest") };
  const token = await pollenOk(root.place, ["invite", "--for", "2h"]);
  await pollenOk(guest, ["join", "--no-start", token]);
  await using _daemon = await Daemon.up(guest, LOCAL);
  const [certificate] = (await status(guest)).certificates;
  equal(certificate!.isRenewable, false);
  equal(Math.abs(Date.parse(certificate!.notAfter) - Date.now() - 2 * HOUR_MS) < 600_000, true);
  match(await pollenOk(guest, ["status"]), /guest membership expires in .* — request a new invite/);
});

Deno.test("a clock behind the membership's beginning: the node runs, says so and waits", async () => {
  await using folder = await TemporaryFolder.make();
  const place = { dir: await folder.folder("root") };
  await found(place, -2 * HOUR_MS);
  await using daemon = await Daemon.up(place, LOCAL);
  match(await daemon.waitForLog(/clock is behind/), /Set the clock/);
  deepEqual(await kinds(place), ["clock_behind"]);
  equal(await daemon.stop(), 0);
});

Deno.test("a revoked node stays up and says that it was revoked", async () => {
  await using pair = await Pair.start();
  const { root, member } = pair;
  await pollenOk(root.place, ["revoke", await pollenOk(member.place, ["id"])]);
  await until("it says so", async () => (await kinds(member.place)).includes("revoked") || null);
  match(await pollenOk(member.place, ["status"]), /revoked\. .*pollen purge --all/);
  deepEqual(await kinds(root.place), []);
});
