// Saving: the lock, one write at a time, and no loss whatever fails in between.

import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { COUNTER_RESERVE, type PollenError } from "../../../lib/types/mod.ts";
import {
  type DiskStep,
  MemoryDisk,
  ProcessKilled,
  WRITE_STEPS,
} from "../../support/memory_disk.ts";
import { isPollenError } from "./errors.ts";
import { BOB, EVE, event, FILE, load, LOCK, ME, network, reaches, revocation } from "./fixtures.ts";

Deno.test("a second process on the folder is refused until the first gives it up", async () => {
  const disk = new MemoryDisk();
  const first = await load(disk);
  await rejects(load(disk), (error) => {
    equal(isPollenError("failed_precondition")(error), true);
    match((error as PollenError).message, /Another pollen runs on this folder \(\/state\)/);
    match((error as PollenError).fix!, /pollen down/);
    return true;
  });
  await first.close();
  await first.close();
  await (await load(disk)).close();
});

Deno.test("the lock ends with the process", async () => {
  const disk = new MemoryDisk();
  await load(disk);
  await (await load(disk.afterKill())).close();
});

Deno.test("loading writes once; the file may be read by the group, the lock by nobody else", async () => {
  const disk = new MemoryDisk();
  await using _store = await load(disk);
  deepEqual(disk.paths(), [LOCK, FILE]);
  equal(disk.mode(FILE), 0o640);
  equal(disk.mode(LOCK), 0o600);
});

Deno.test("a save without a change writes nothing", async () => {
  const disk = new MemoryDisk();
  await using store = await load(disk);
  equal(store.isDirty, false);
  const steps = disk.steps.length;
  await store.save();
  equal(disk.steps.length, steps);
});

Deno.test("what must survive a crash is urgent, what the network repeats is not", async () => {
  await using store = await load();
  const urgencies: string[] = [];
  const stop = store.onDirty((urgency) => urgencies.push(urgency));
  const expect = (urgency: string | null, change: () => void) => {
    change();
    deepEqual(urgencies.splice(0), urgency === null ? [] : [urgency]);
  };
  expect("now", () => store.upsertLocalService(80, "web"));
  expect(null, () => store.upsertLocalService(80, "web"));
  expect("now", () => store.removeLocalServices("web"));
  expect("now", () => store.addDesiredConnection(BOB, 80, 80));
  expect(null, () => store.addDesiredConnection(BOB, 80, 80));
  expect("now", () => store.removeDesiredConnection(BOB, 0, 0));
  expect(null, () => store.removeDesiredConnection(BOB, 0, 0));
  expect("soon", () => store.setLocalNetwork(["10.0.0.1"], 1));
  expect("soon", () => store.setLocalConnected(BOB, true));
  expect("soon", () => store.setLastAddr(BOB, { ip: "192.0.2.1", port: 1 }));
  expect(null, () => store.setLastAddr(BOB, { ip: "192.0.2.1", port: 1 }));
  expect("soon", () => store.applyEvents([event(BOB, 1n, network("10.0.0.2"))]));
  expect(null, () => store.applyEvents([event(BOB, 1n, network("10.0.0.2"))]));
  expect(null, () => store.applyEvents([event(BOB, 2n, reaches(EVE))]));
  expect("now", () => store.publishRevocation(revocation(EVE)));
  equal(store.isDirty, true);
  await store.save();
  equal(store.isDirty, false);
  stop();
  store.upsertLocalService(80, "web");
  deepEqual(urgencies, []);
});

Deno.test("who is made to count on from afar saves it at once", async () => {
  await using store = await load();
  const urgencies: string[] = [];
  store.onDirty((urgency) => urgencies.push(urgency));
  store.applyEvents([event(ME, 9n, reaches(BOB))]);
  deepEqual(urgencies.splice(0), ["soon"]);
  store.applyEvents([event(ME, COUNTER_RESERVE, reaches(BOB))]);
  deepEqual(urgencies, ["now"]);
});

Deno.test("a change during a save is saved by the next one, and saves never overlap", async () => {
  const disk = new MemoryDisk();
  await using store = await load(disk);
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  disk.pause = ({ step }) => {
    if (step !== "rename") return;
    reach();
    return held;
  };
  store.upsertLocalService(1, "first");
  const first = store.save();
  await reached;
  store.upsertLocalService(2, "second");
  equal(store.isDirty, true);
  const [second, third] = [store.save(), store.save()];
  disk.pause = () => {};
  release();
  await Promise.all([first, second, third]);
  match(disk.text(FILE)!, /name: second/);
  const writes = disk.steps.filter(({ step }) => step === "rename" || step === "createTemporary");
  deepEqual(writes.map(({ step }) => step), [
    "createTemporary", // at load
    "rename",
    "createTemporary",
    "rename",
    "createTemporary",
    "rename",
  ]);
});

Deno.test("closing waits for a save that runs before it gives the folder up", async () => {
  const disk = new MemoryDisk();
  const store = await load(disk);
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  disk.pause = ({ step }) => {
    if (step !== "rename") return;
    equal(disk.isLocked(LOCK), true);
    reach();
    return held;
  };
  store.upsertLocalService(1, "first");
  const saved = store.save();
  await reached;
  const order: string[] = [];
  const closed = store.close().then(() => order.push("closed"));
  const written = saved.then(() => order.push("saved"));
  equal(disk.isLocked(LOCK), true);
  await rejects(store.save(), isPollenError("closed"));
  release();
  await Promise.all([closed, written]);
  deepEqual(order, ["saved", "closed"]);
  match(disk.text(FILE)!, /name: first/);
  equal(disk.isLocked(LOCK), false);
});

Deno.test("a failed save leaves the old file, nothing else, and the wish to save", async () => {
  for (const failing of WRITE_STEPS.slice(0, 4)) {
    const disk = new MemoryDisk();
    await using store = await load(disk);
    const before = disk.text(FILE);
    store.upsertLocalService(80, "web");
    disk.fault = ({ step }) => {
      if (step === failing) throw new Error("disk full");
    };
    await rejects(store.save(), /disk full/);
    equal(disk.text(FILE), before);
    deepEqual(disk.paths(), [LOCK, FILE]);
    equal(store.isDirty, true);
    disk.fault = () => {};
    await store.save();
    match(disk.text(FILE)!, /name: web/);
  }
});

Deno.test("whatever step of a save ends the process or the power, the old state or the new is there", async () => {
  for (const killing of WRITE_STEPS) {
    const disk = new MemoryDisk();
    const store = await load(disk);
    store.upsertLocalService(80, "saved");
    store.addDesiredConnection(BOB, 80, 80);
    store.publishRevocation(revocation(EVE));
    await store.save();
    store.upsertLocalService(81, "half");
    disk.fault = (step: DiskStep) => {
      if (step.step === killing) throw new ProcessKilled();
    };
    await rejects(store.save(), ProcessKilled);
    for (const next of [disk.afterKill(), disk.afterPowerLoss()]) {
      await using again = await load(next);
      equal(again.localServices().has("saved"), true, killing);
      equal(again.desiredConnections().length, 1);
      equal(again.isSubjectRevoked(EVE), true);
    }
  }
});

Deno.test("loading fails, and gives the folder up, when the state cannot be written", async () => {
  const disk = new MemoryDisk();
  disk.fault = ({ step }) => {
    if (step === "rename") throw new Error("disk full");
  };
  await rejects(load(disk), /disk full/);
  equal(disk.isLocked(LOCK), false);
});
