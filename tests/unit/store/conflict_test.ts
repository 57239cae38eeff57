// Events in our own name that we did not send: only we say what is true of us.

import { deepEqual, equal } from "node:assert/strict";
import { MemoryDisk } from "../../support/memory_disk.ts";
import {
  BOB,
  EMPTY,
  EVE,
  event,
  FILE,
  load,
  ME,
  network,
  reaches,
  revokes,
  service,
} from "./fixtures.ts";
import { COUNTER_JUMP_MAX, GHOSTS_MAX } from "../../../lib/types/mod.ts";

/** Identity at 1, network at 2. */
async function withTwoAttributes() {
  const store = await load();
  store.setLocalNetwork(["10.0.0.1"], 60_611);
  return store;
}
const brief = ({ counter, deleted, change }: ReturnType<typeof event>) =>
  `${counter} ${change?.kind}${deleted ? " deleted" : ""}`;

Deno.test("a higher counter is adopted and everything said again: 10 and two attributes give 12", async () => {
  await using store = await withTwoAttributes();
  const { rebroadcast, applied } = store.applyEvents([event(ME, 10n, network("6.6.6.6"))]);
  deepEqual(rebroadcast.map(brief), ["11 identityPub", "12 network"]);
  deepEqual(applied, []);
  equal(store.clock().counters.get(ME), 12n);
  deepEqual(store.get(ME)!.ips, ["10.0.0.1"]);
});

Deno.test("our own events coming back lead to nothing, nor do older ones", async () => {
  await using store = await withTwoAttributes();
  store.setLocalNetwork(["10.0.0.9"], 60_611);
  const own = store.missingFor(EMPTY);
  deepEqual(store.applyEvents(own).rebroadcast, []);
  deepEqual(store.applyEvents([event(ME, 2n, network("10.0.0.1"))]).rebroadcast, []);
  equal(store.clock().counters.get(ME), 3n);
});

Deno.test("another value under a counter of ours is contradicted, and only that", async () => {
  await using store = await withTwoAttributes();
  store.upsertLocalService(80, "web");
  const { rebroadcast } = store.applyEvents([event(ME, 2n, network("6.6.6.6"))]);
  deepEqual(rebroadcast.map(brief), ["4 network"]);
});

Deno.test("an attribute we do not have is deleted, whatever its counter", async () => {
  await using store = await withTwoAttributes();
  const low = store.applyEvents([event(ME, 2n, reaches(BOB))]);
  deepEqual(low.rebroadcast.map(brief), ["3 reachability deleted"]);
  const high = store.applyEvents([event(ME, 50n, service("ghost"))]);
  deepEqual(high.rebroadcast.map(brief), [
    "51 identityPub",
    "52 network",
    "53 reachability deleted",
    "54 service deleted",
  ]);
  deepEqual([...store.localServices()], []);
  deepEqual(store.applyEvents([event(ME, 54n, service("gone"), true)]).rebroadcast, []);
});

Deno.test("a batch in our name is answered once", async () => {
  await using store = await withTwoAttributes();
  const forged = Array.from(
    { length: 50 },
    (_, index) => event(ME, BigInt(100 + index), network(`10.1.0.${index}`)),
  );
  deepEqual(store.applyEvents(forged).rebroadcast.map(brief), ["150 identityPub", "151 network"]);
});

Deno.test("a jump beyond the bound is ignored, as is the end of the counter", async () => {
  await using store = await withTwoAttributes();
  for (const counter of [2n + COUNTER_JUMP_MAX + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
    deepEqual(store.applyEvents([event(ME, counter, network("6.6.6.6"))]).rebroadcast, []);
  }
  equal(store.clock().counters.get(ME), 2n);
  const most = store.applyEvents([event(ME, 2n + COUNTER_JUMP_MAX, network("6.6.6.6"))]);
  equal(most.rebroadcast.length, 2);
});

Deno.test("at the end of the counter nothing in our name can use it up", async () => {
  const disk = new MemoryDisk();
  disk.put(FILE, `local: {identityPublic: "${ME}", counter: ${2n ** 64n - 1n}}`);
  await using store = await load(disk);
  const before = store.clock().counters.get(ME)!;
  for (const counter of [before + 1n, 2n ** 64n - 2n, 2n ** 64n - 1n]) {
    deepEqual(store.applyEvents([event(ME, counter, network("6.6.6.6"))]).rebroadcast, []);
  }
  equal(store.clock().counters.get(ME), before);
});

Deno.test("invented attributes take up half of our room at most", async () => {
  await using store = await load();
  const forged = Array.from(
    { length: GHOSTS_MAX + 100 },
    (_, index) => event(ME, 1n, service(`ghost ${index}`)),
  );
  equal(store.applyEvents(forged).rebroadcast.length, GHOSTS_MAX - 1);
  equal(store.upsertLocalService(80, "web").length, 1);
});

Deno.test("a revocation of ours that we lost is taken over; a forged one is not", async () => {
  await using store = await load();
  const called: string[] = [];
  store.onRevocation((subject) => called.push(subject));
  const forged = store.applyEvents([event(ME, 5n, revokes(BOB, "somebody"))]);
  deepEqual(forged, { rebroadcast: [], applied: [], revoked: [] });
  equal(store.clock().counters.get(ME), 1n);
  const ours = store.applyEvents([event(ME, 5n, revokes(EVE))]);
  deepEqual(ours.revoked, [EVE]);
  deepEqual(ours.rebroadcast.map(brief), ["6 identityPub", "7 revocation"]);
  deepEqual(called, [EVE]);
});
