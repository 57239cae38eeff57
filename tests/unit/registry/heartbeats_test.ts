// How often nodes are heard: nothing is counted twice or forgotten, whatever is written when.

import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import {
  addCounts,
  bucketOf,
  HeartbeatCounts,
  type HeartbeatSeries,
  historyOf,
} from "../../../lib/registry/core/heartbeats.ts";
import {
  HEARTBEAT_BUCKET_MS,
  HEARTBEAT_BUCKETS_MAX,
  HEARTBEATS_WAITING_MAX,
} from "../../../lib/registry/limits.ts";
import type { WallMs } from "../../../lib/types/mod.ts";

const BEGIN = 5_000_000 * HEARTBEAT_BUCKET_MS;

Deno.test("a day of heartbeats is the same whenever it was written, and whoever wrote it", () => {
  const step = fc.record({
    afterMs: fc.nat(HEARTBEAT_BUCKET_MS * 60),
    writer: fc.constantFrom(0, 1),
    writes: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const writers = [new HeartbeatCounts(), new HeartbeatCounts()];
    const heardAt: number[] = [];
    let stored: HeartbeatSeries | null = null;
    let now = BEGIN;
    for (const { afterMs, writer, writes } of steps) {
      now += afterMs;
      writers[writer]!.add("n", now as WallMs);
      heardAt.push(bucketOf(now as WallMs));
      if (writes) stored = addCounts(stored, writers[writer]!.take(1, now as WallMs));
    }
    const unwritten = writers.flatMap((writer) => writer.of("n"));
    const { counts, fromMs } = historyOf(addCounts(stored, unwritten), now as WallMs);
    const first = bucketOf(now as WallMs) - HEARTBEAT_BUCKETS_MAX + 1;
    equal(fromMs, first * HEARTBEAT_BUCKET_MS);
    deepEqual(
      counts,
      Array.from(
        { length: HEARTBEAT_BUCKETS_MAX },
        (_, index) => heardAt.filter((bucket) => bucket === first + index).length,
      ),
    );
  }));
});

Deno.test("what waits to be written is bounded, and the end writes the bucket that is under way", () => {
  const counts = new HeartbeatCounts();
  const heard = (at: number) => {
    for (let id = 0; id < HEARTBEATS_WAITING_MAX / 2; id++) counts.add(`n-${id}`, at as WallMs);
  };
  for (let bucket = 0; bucket < 3; bucket++) heard(BEGIN + bucket * HEARTBEAT_BUCKET_MS);
  counts.finish();
  const now = BEGIN + 3 * HEARTBEAT_BUCKET_MS as WallMs;
  const taken = counts.take(Infinity, now);
  equal(taken.length, HEARTBEATS_WAITING_MAX);
  equal(taken[0]!.bucket, bucketOf(BEGIN + HEARTBEAT_BUCKET_MS as WallMs), "the oldest are lost");
  counts.putBack(taken.slice(0, 1));
  deepEqual(counts.take(Infinity, now), taken.slice(0, 1));
});
