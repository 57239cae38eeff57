// When the state is written: soon, at once, again after a failure, and not without need.

import { equal, match, rejects } from "node:assert/strict";
import { StateSaver } from "../../../lib/node/state_saver.ts";
import { type LogFields, silentLog } from "../../../lib/types/mod.ts";
import { Arrivals } from "../../quic/tunnel.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { BOB, FILE, load, revocation } from "../store/fixtures.ts";
import { addressOf } from "./fixtures.ts";

async function open() {
  const disk = new MemoryDisk();
  const store = await load(disk);
  const clock = new FakeClock();
  /** Saves that reached the disk, and reasons of those that did not. */
  const saves = new Arrivals<string>();
  const failures = new Arrivals<string>();
  disk.pause = ({ step, path }) => {
    if (step === "syncDirectory") saves.put(path);
  };
  const log = {
    ...silentLog,
    error: (_: string, fields: LogFields = {}) => failures.put(String(fields.reason)),
  };
  const saver = new StateSaver(store, clock, log);
  return {
    disk,
    store,
    clock,
    failures,
    saves,
    saver,
    [Symbol.asyncDispose]: () => store.close(),
  };
}

Deno.test("what the network would tell again is saved soon, many changes in one save", async () => {
  await using t = await open();
  t.store.setLastAddr(BOB, addressOf(BOB));
  t.store.setLocalNetwork(["10.0.0.1"], 1);
  t.clock.advance(499);
  equal(t.store.isDirty, true);
  t.clock.advance(1);
  equal(await t.saves.next("a save"), FILE);
  equal(t.clock.pending, 0, "an idle node writes nothing");
});

Deno.test("what must survive a crash is saved at once, though a save was planned", async () => {
  await using t = await open();
  t.store.setLastAddr(BOB, addressOf(BOB));
  t.store.publishRevocation(revocation(BOB));
  t.clock.advance(0);
  equal(await t.saves.next("a save"), FILE);
  equal(t.clock.pending, 0);
});

Deno.test("who was promised a save waits for it, and no other follows", async () => {
  await using t = await open();
  t.store.upsertLocalService(80, "web");
  await t.saver.saveNow();
  match(t.disk.text(FILE)!, /web/);
  equal(t.clock.pending, 0);
});

Deno.test("a save that failed is told, and tried again until the disk takes it", async () => {
  await using t = await open();
  t.disk.isFull = () => true;
  t.store.upsertLocalService(80, "web");
  await rejects(t.saver.saveNow(), { code: "io" });
  equal(t.clock.pending, 1, "the one who was told of the failure may leave it at that");
  t.clock.advance(10_000);
  match(await t.failures.next("a failure"), /Disk full/);
  t.disk.isFull = () => false;
  t.clock.advance(10_000);
  equal(await t.saves.next("a save"), FILE);
  match(t.disk.text(FILE)!, /web/);
});

Deno.test("the end saves what is left and plans nothing more, also when it fails", async () => {
  for (const isFull of [false, true]) {
    await using t = await open();
    t.disk.isFull = () => isFull;
    t.store.setLastAddr(BOB, addressOf(BOB));
    await t.saver.close();
    equal(t.store.isDirty, isFull);
    if (isFull) match(await t.failures.next("a failure"), /Disk full/);
    t.store.setLocalNetwork(["10.0.0.1"], 1);
    equal(t.clock.pending, 0);
  }
});

Deno.test("where a save takes long, the next one waits longer", async () => {
  await using t = await open();
  let saveMs = 100;
  t.disk.pause = ({ step, path }) => {
    if (step !== "syncDirectory") return;
    t.clock.advance(saveMs);
    t.saves.put(path);
  };
  t.store.setLastAddr(BOB, addressOf(BOB));
  await t.saver.saveNow();
  await t.saves.next("the long save");
  saveMs = 0;
  t.store.setLocalNetwork(["10.0.0.1"], 1);
  t.clock.advance(1_999);
  equal(t.store.isDirty, true);
  t.clock.advance(1);
  equal(await t.saves.next("the next save"), FILE);
});
