// Who hears at once what is new, and what is left to digests.

import { deepEqual, equal } from "node:assert/strict";
import { firstTold, Hearsay } from "../../../lib/node/hearsay.ts";
import type { GossipEvent } from "../../../lib/proto/mod.ts";
import type { PeerKey } from "../../../lib/types/mod.ts";

function key(index: number): PeerKey {
  return index.toString(16).padStart(64, "0") as PeerKey;
}

function keys(from: number, count: number): PeerKey[] {
  return Array.from({ length: count }, (_, index) => key(from + index));
}

/** After how many steps everybody has heard, where each passes on what is new to it; Infinity for never. */
function stepsUntilAllHeard(count: number): number {
  const all = keys(0, count);
  const heard = new Set([all[0]!]);
  let news = [...heard];
  for (let step = 0;; step++) {
    if (heard.size === count) return step;
    if (news.length === 0) return Infinity;
    const told = news.flatMap((one) => [...firstTold(one, all.filter((peer) => peer !== one))]);
    news = [...new Set(told)].filter((peer) => !heard.has(peer));
    for (const peer of news) heard.add(peer);
  }
}

Deno.test("a few peers hear at once, and tell the others in few steps", () => {
  deepEqual([...firstTold(key(4), keys(5, 8))], keys(5, 8));
  const told = firstTold(key(50), [...keys(0, 50), ...keys(51, 49)]);
  deepEqual([...told], [51, 52, 54, 58, 66, 82, 14].map(key));
  // The greatest key goes on with the smallest.
  equal(firstTold(key(99), keys(0, 99)).has(key(0)), true);
  for (const count of [2, 9, 10, 33, 100, 257]) {
    const steps = stepsUntilAllHeard(count);
    equal(steps <= Math.ceil(Math.log2(count)), true, `${count} nodes take ${steps} steps`);
  }
});

Deno.test("where little is said the rest hears it with the next tick, where much is said it does not", () => {
  const hearsay = new Hearsay();
  const said = (author: number, counter: bigint): GossipEvent => ({
    peerId: key(author),
    counter,
    deleted: false,
    change: { kind: "reachability", value: { peerId: key(0) } },
  });
  const keep = (event: GossipEvent) => hearsay.keep({ event, from: key(1), told: new Set() });
  deepEqual(hearsay.take(), { heard: [], isLittle: true });
  keep(said(2, 1n));
  keep(said(2, 2n));
  const { heard, isLittle } = hearsay.take();
  deepEqual([heard.map(({ event }) => event.counter), isLittle], [[2n], true]);
  for (let author = 2; author < 40; author++) keep(said(author, 1n));
  const much = hearsay.take();
  deepEqual([much.heard.length, much.isLittle], [38, false]);
  deepEqual(hearsay.take().heard, []);
});
