// When a node says whom it reaches: at once while that is little, together where it is much.

import { deepEqual, equal } from "node:assert/strict";
import { Reach } from "../../../lib/node/reach.ts";
import type { GossipEvent } from "../../../lib/proto/mod.ts";
import type { MonotonicMs, PeerKey } from "../../../lib/types/mod.ts";
import { storeOf } from "./stores.ts";

function peer(index: number): PeerKey {
  return index.toString(16).padStart(64, "0") as PeerKey;
}

function named(events: readonly GossipEvent[]): string[] {
  return events.map(({ change, deleted }) =>
    `${deleted ? "-" : "+"}${
      change?.kind === "reachability" ? parseInt(change.value.peerId, 16) : "?"
    }`
  );
}

const at = (ms: number) => ms as MonotonicMs;

Deno.test("the first sessions are said at once, many more together after a lull", async () => {
  await using store = await storeOf(61);
  const reach = new Reach(store);
  const change = (index: number, ms: number, isConnected = true) =>
    named(reach.change(at(ms), peer(index), isConnected));
  for (let index = 1; index <= 8; index++) deepEqual(change(index, 0), [`+${index}`]);
  deepEqual(change(9, 0), []);
  deepEqual(change(10, 5_000), []);
  // It began and ended while nobody heard of it.
  deepEqual(change(11, 6_000), []);
  deepEqual(change(11, 7_000, false), []);
  deepEqual(change(1, 8_000, false), []);
  deepEqual(named(reach.tick(at(17_000))), []);
  deepEqual(named(reach.tick(at(20_000))), ["+9", "+10", "-1"]);
  deepEqual(named(reach.tick(at(100_000))), []);
  // By then one of the first is allowed again.
  deepEqual(change(12, 100_000), ["+12"]);
});

Deno.test("where changes never end, they are said after three minutes", async () => {
  await using store = await storeOf(62);
  const reach = new Reach(store);
  let said = 0;
  for (let second = 0; second <= 370; second++) {
    said += reach.change(at(second * 1_000), peer(second + 1), true).length;
    said += reach.tick(at(second * 1_000)).length;
  }
  equal(said > 180, true, `${said} of 371 were said`);
});
