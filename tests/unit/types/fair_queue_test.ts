// The fair queue: turns, each producer's own bound, waiting for room, the end.

import { deepEqual, equal } from "node:assert/strict";
import { FairQueue } from "../../../lib/types/mod.ts";

async function take(queue: FairQueue<string, string>, count: number): Promise<(string | null)[]> {
  const items = [];
  for (let taken = 0; taken < count; taken++) items.push(await queue.next());
  return items;
}

Deno.test("producers take turns, each in the order of its own items", async () => {
  const queue = new FairQueue<string, string>(8);
  for (const item of ["a1", "a2", "a3", "b1", "c1", "c2"]) queue.pushDroppingOldest(item[0]!, item);
  deepEqual(await take(queue, 6), ["a1", "b1", "c1", "a2", "c2", "a3"]);
});

Deno.test("a producer who has too much loses its own oldest items and nobody else's", async () => {
  const queue = new FairQueue<string, string>(2);
  queue.pushDroppingOldest("b", "b1");
  for (const item of ["a1", "a2", "a3", "a4"]) queue.pushDroppingOldest("a", item);
  deepEqual(await take(queue, 3), ["b1", "a3", "a4"]);
});

Deno.test("a producer that waits for room gets in when one of its items was taken", async () => {
  const queue = new FairQueue<string, string>(1);
  const outcomes: string[] = [];
  const push = (item: string) =>
    queue.pushWhenRoom("a", item).then((isIn) => outcomes.push(`${item} ${isIn}`));
  const pushes = ["a1", "a2", "a3"].map(push);
  await pushes[0];
  deepEqual(outcomes, ["a1 true"]);
  deepEqual(await take(queue, 1), ["a1"]);
  await pushes[1];
  deepEqual(outcomes, ["a1 true", "a2 true"]);
  equal(await queue.pushWhenRoom("b", "b1"), true);
  queue.close();
  await pushes[2];
  deepEqual(outcomes.at(-1), "a3 false");
  equal(await queue.next(), null);
});

Deno.test("who waits for an item gets it at once, or the end", async () => {
  const queue = new FairQueue<string, string>(1);
  const next = queue.next();
  queue.pushDroppingOldest("a", "a1");
  equal(await next, "a1");
  const last = queue.next();
  queue.close();
  queue.close();
  equal(await last, null);
  queue.pushDroppingOldest("a", "late");
  equal(await queue.next(), null);
});
