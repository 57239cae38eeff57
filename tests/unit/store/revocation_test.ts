// Revocations: verified, for ever, told once.

import { deepEqual, equal, throws } from "node:assert/strict";
import { Store } from "../../../lib/store/mod.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { isPollenError } from "./errors.ts";
import {
  authority,
  BOB,
  DIR,
  EMPTY,
  EVE,
  event,
  key,
  load,
  ME,
  network,
  revocation,
  revokes,
  service,
} from "./fixtures.ts";

function watch(store: Store): string[] {
  const called: string[] = [];
  store.onRevocation((subject) => called.push(subject));
  return called;
}

Deno.test("publishing gives one event, runs the callback and hides the subject", async () => {
  await using store = await load();
  const called = watch(store);
  store.applyEvents([event(BOB, 1n, network("10.0.0.2"))]);
  deepEqual(store.publishRevocation(revocation(BOB)), [event(ME, 2n, revokes(BOB))]);
  deepEqual(called, [BOB]);
  deepEqual(store.publishRevocation(revocation(BOB)), []);
  deepEqual(called, [BOB]);
  equal(store.isSubjectRevoked(BOB), true);
  equal(store.isSubjectRevoked(Uint8Array.fromHex(BOB)), true);
  equal(store.isSubjectRevoked(new Uint8Array(3)), false);
  equal(store.get(BOB), null);
  equal(store.allNodes().has(BOB), false);
  deepEqual(store.knownPeers(), []);
});

Deno.test("publishing what the root did not sign fails and changes nothing", async () => {
  await using store = await load();
  throws(
    () => store.publishRevocation(revocation(BOB, "somebody")),
    isPollenError("unauthenticated"),
  );
  deepEqual(store.revokedSubjects(), []);
  equal(store.clock().counters.get(ME), 1n);
});

Deno.test("callbacks see the finished state and may change it", async () => {
  await using store = await load();
  store.addDesiredConnection(EVE, 80, 80);
  store.addDesiredConnection(BOB, 80, 80);
  const seen: unknown[] = [];
  store.onRevocation((subject) => {
    seen.push(subject, store.isSubjectRevoked(subject), store.get(EVE)?.ips);
    seen.push(store.desiredConnections().length);
    store.upsertLocalService(1, "from the callback");
  });
  store.applyEvents([event(EVE, 1n, revokes(BOB)), event(EVE, 2n, network("10.0.0.3"))]);
  deepEqual(seen, [BOB, true, ["10.0.0.3"], 1]);
  equal(store.localServices().size, 1);
});

Deno.test("one from a peer is applied once; a second copy from another fires no second callback", async () => {
  await using store = await load();
  const called = watch(store);
  const first = store.applyEvents([event(EVE, 1n, revokes(BOB))]);
  deepEqual(first.revoked, [BOB]);
  const second = store.applyEvents([event(key(0x44), 1n, revokes(BOB))]);
  deepEqual(second.revoked, []);
  equal(second.applied.length, 1);
  deepEqual(called, [BOB]);
  deepEqual(
    store.missingFor(EMPTY).filter(({ change }) => change?.kind === "revocation").length,
    2,
  );
});

Deno.test("without trust nothing is revoked and the log does not advance", async () => {
  await using store = await Store.load(new MemoryDisk(), DIR, ME, authority(() => false));
  const called = watch(store);
  deepEqual(store.applyEvents([event(EVE, 1n, revokes(BOB))]).applied, []);
  deepEqual(store.revokedSubjects(), []);
  equal(store.clock().counters.has(EVE), false);
  deepEqual(called, []);
});

Deno.test("a deleted revocation is rejected without advancing the log", async () => {
  await using store = await load();
  store.applyEvents([event(EVE, 1n, revokes(BOB))]);
  deepEqual(store.applyEvents([event(EVE, 2n, revokes(BOB), true)]).applied, []);
  equal(store.clock().counters.get(EVE), 1n);
  equal(store.isSubjectRevoked(BOB), true);
});

Deno.test("a revoked author is no longer heard, but revocations it passes on are", async () => {
  await using store = await load();
  store.applyEvents([event(BOB, 1n, network("10.0.0.2")), event(EVE, 1n, revokes(BOB))]);
  const later = store.applyEvents([
    event(BOB, 2n, service("web")),
    event(BOB, 3n, revokes(key(0x55))),
  ]);
  deepEqual(later.revoked, [key(0x55)]);
  equal(later.applied.length, 1);
  deepEqual(
    store.missingFor(EMPTY).filter(({ peerId }) => peerId === BOB).map(({ counter }) => counter),
    [3n],
  );
});

Deno.test("a last address of a revoked peer is not kept", async () => {
  await using store = await load();
  store.publishRevocation(revocation(BOB));
  store.setLastAddr(BOB, { ip: "192.0.2.1", port: 1 });
  equal(store.get(BOB), null);
  deepEqual(store.knownPeers(), []);
});

Deno.test("revocations survive, whoever published them, and are passed on again", async () => {
  const disk = new MemoryDisk();
  const first = await load(disk);
  first.publishRevocation(revocation(BOB));
  first.applyEvents([event(key(0x44), 1n, revokes(EVE))]);
  await first.save();
  await first.close();

  await using second = await load(disk);
  const called = watch(second);
  deepEqual(second.revokedSubjects(), [BOB, EVE]);
  const own = second.missingFor(EMPTY).filter(({ change }) => change?.kind === "revocation");
  deepEqual(own.map(({ peerId, change }) => ({ peerId, change })), [
    { peerId: ME, change: revokes(BOB) },
    { peerId: ME, change: revokes(EVE) },
  ]);
  deepEqual(second.applyEvents([event(key(0x44), 1n, revokes(EVE))]).revoked, []);
  deepEqual(called, []);
});
