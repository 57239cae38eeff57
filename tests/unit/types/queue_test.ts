// The bounded queue: order, bound, end.

import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { BoundedQueue } from "../../../lib/types/mod.ts";

Deno.test("items come out in order, those that wait first", async () => {
  const queue = new BoundedQueue<number>(2);
  equal(queue.push(1), true);
  equal(queue.push(2), true);
  equal(queue.size, 2);
  deepEqual([await queue.next(), await queue.next()], [1, 2]);
  const next = queue.next();
  equal(queue.push(3), true);
  equal(await next, 3);
  equal(queue.size, 0);
});

Deno.test("a full queue refuses, or gives up its oldest item", () => {
  const queue = new BoundedQueue<number>(2);
  queue.push(1);
  queue.push(2);
  equal(queue.push(3), false);
  equal(queue.pushDroppingOldest(4), 1);
  deepEqual(queue.drain(), [2, 4]);
});

Deno.test("a closed queue gives what it has, then null, and takes nothing", async () => {
  const queue = new BoundedQueue<number>(2);
  queue.push(1);
  queue.close();
  queue.close();
  equal(queue.push(2), false);
  deepEqual([await queue.next(), await queue.next(), await queue.next()], [1, null, null]);
});

Deno.test("closing wakes the one who waits", async () => {
  const queue = new BoundedQueue<number>(1);
  const next = queue.next();
  queue.close();
  equal(await next, null);
});

Deno.test("it never holds more than its capacity, and keeps the newest", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat()), (capacity, items) => {
    const queue = new BoundedQueue<number>(capacity);
    for (const item of items) {
      queue.pushDroppingOldest(item);
      equal(queue.size <= capacity, true);
    }
    deepEqual(queue.drain(), items.slice(-capacity));
  }));
});
