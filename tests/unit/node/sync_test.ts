// The exchange over pollen/2 as one end sees it: what goes out, and what does not go out twice.

import { deepEqual } from "node:assert/strict";
import { Sync } from "../../../lib/node/sync.ts";
import type { Frame } from "../../../lib/proto/mod.ts";
import type { MonotonicMs, PeerKey } from "../../../lib/types/mod.ts";
import { BOB } from "./fixtures.ts";
import { storeOf } from "./stores.ts";

/** How many records and memberships the frames hold. */
function contents(frames: readonly Frame[]): [records: number, memberships: number] {
  const bodies = frames.flatMap(({ body }) => body?.kind === "records" ? [body.value] : []);
  return [
    bodies.reduce((sum, { records }) => sum + records.length, 0),
    bodies.reduce((sum, { memberships }) => sum + memberships.length, 0),
  ];
}

Deno.test("an author's membership goes to a peer once in a session", async () => {
  await using author = await storeOf(21);
  await using store = await storeOf(22);
  const sync = new Sync(store);
  const now = 0 as MonotonicMs;
  sync.begin(now, BOB);
  const learn = (name: string) => {
    author.upsertLocalService(80, name);
    const missing = author.missingRecords(store.summary(), { bytesMax: Infinity });
    return store.applyRecords(missing).applied;
  };
  learn("first");
  deepEqual(contents(sync.tell(BOB, learn("web"))), [1, 1]);
  deepEqual(contents(sync.tell(BOB, learn("db"))), [1, 0]);
  sync.end(BOB);
  sync.begin(now, BOB);
  deepEqual(contents(sync.tell(BOB, learn("api"))), [1, 1]);
});

Deno.test("of many peers that come at once a few are asked, and the others one after the other", async () => {
  await using store = await storeOf(23);
  const sync = new Sync(store);
  const peers = Array.from({ length: 10 }, (_, index) => `${index}`.repeat(64) as PeerKey);
  const at = (ms: number) => ms as MonotonicMs;
  deepEqual(peers.map((peer) => sync.begin(at(0), peer).length), [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
  deepEqual(sync.tick(at(500)), []);
  // The last one that came, because it knows most.
  deepEqual(sync.tick(at(1_000)).map(([peer]) => peer), [peers[9]]);
  // Who has the same as we is not asked.
  sync.onDigest(at(1_500), peers[8]!, store.digest());
  sync.end(peers[7]!);
  deepEqual(sync.tick(at(2_000)).map(([peer]) => peer), [peers[6]]);
  deepEqual(sync.tick(at(60_000)).map(([peer]) => peer), [peers[5], peers[4]]);
  deepEqual(sync.tick(at(120_000)), []);
});
