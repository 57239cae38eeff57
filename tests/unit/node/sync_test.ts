// The exchange over pollen/2 as one end sees it: what goes out, and what does not go out twice.

import { deepEqual } from "node:assert/strict";
import { authorityOf } from "../../../lib/app/authority.ts";
import { Sync } from "../../../lib/node/sync.ts";
import type { Frame } from "../../../lib/proto/mod.ts";
import { Store } from "../../../lib/store/mod.ts";
import type { MonotonicMs } from "../../../lib/types/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { DAY_MS, makeNode, makeRoot, NOW } from "../auth/fixtures.ts";
import { DIR } from "../store/fixtures.ts";
import { BOB } from "./fixtures.ts";

const root = await makeRoot(1);

async function storeOf(seed: number): Promise<Store> {
  const { identity } = await makeNode(seed);
  const cert = root.signer.issueMembership({ subject: identity.peerKey, ttlMs: DAY_MS, now: NOW });
  const credentials = { trust: root.credentials.trust, cert };
  const authority = authorityOf(identity, credentials, new FakeClock(NOW));
  return await Store.load(new MemoryDisk(), DIR, identity.peerKey, authority);
}

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
