// How often a node was heard over the last day, in buckets of some minutes. Buckets are numbered from
// 1970 on, so that what several processes counted can be added up.

import type { WallMs } from "../../types/mod.ts";
import { HEARTBEAT_BUCKET_MS, HEARTBEAT_BUCKETS_MAX, HEARTBEATS_WAITING_MAX } from "../limits.ts";

/** So many heartbeats of one node in one bucket. */
export interface HeartbeatCount {
  readonly nodeId: string;
  readonly bucket: number;
  readonly count: number;
}

/** The buckets of one node without gaps, at most `HEARTBEAT_BUCKETS_MAX` of them. */
export interface HeartbeatSeries {
  /** The number of the first of them. */
  readonly newest: number;
  /** Newest first. */
  readonly counts: readonly number[];
}

/** How often a node was heard, for those who look. */
export interface HeartbeatHistory {
  /** Milliseconds of one bucket. */
  readonly bucketMs: number;
  /** When the first bucket begins. */
  readonly fromMs: WallMs;
  /** Heartbeats in each bucket, the oldest first; the last bucket is the one that is under way. */
  readonly counts: readonly number[];
}

/** The bucket of a moment. */
export function bucketOf(wall: WallMs): number {
  return Math.floor(wall / HEARTBEAT_BUCKET_MS);
}

/** A series with more added. What is a day older than the newest is left out. */
export function addCounts(
  series: HeartbeatSeries | null,
  more: Iterable<Omit<HeartbeatCount, "nodeId">>,
): HeartbeatSeries {
  const counts = new Map(series?.counts.map((count, index) => [series.newest - index, count]));
  for (const { bucket, count } of more) counts.set(bucket, (counts.get(bucket) ?? 0) + count);
  const newest = [...counts.keys()].reduce((a, b) => Math.max(a, b), 0);
  const oldest = [...counts.keys()].reduce((a, b) => Math.min(a, b), newest);
  const length = Math.min(HEARTBEAT_BUCKETS_MAX, newest - oldest + 1);
  return {
    newest,
    counts: Array.from({ length }, (_, index) => counts.get(newest - index) ?? 0),
  };
}

/** The last day of a series. */
export function historyOf(series: HeartbeatSeries | null, now: WallMs): HeartbeatHistory {
  const first = bucketOf(now) - HEARTBEAT_BUCKETS_MAX + 1;
  const counts = Array.from(
    { length: HEARTBEAT_BUCKETS_MAX },
    (_, index) => series?.counts[series.newest - first - index] ?? 0,
  );
  return { bucketMs: HEARTBEAT_BUCKET_MS, fromMs: first * HEARTBEAT_BUCKET_MS as WallMs, counts };
}

/** Counts heartbeats until they are written: what is stored is added up, so that nothing has to be read first. */
export class HeartbeatCounts {
  #bucket = 0;
  readonly #current = new Map<string, number>();
  #waiting: HeartbeatCount[] = [];

  /** A node was heard. */
  add(nodeId: string, now: WallMs): void {
    this.#roll(bucketOf(now));
    this.#current.set(nodeId, (this.#current.get(nodeId) ?? 0) + 1);
  }

  /** Some of those whose bucket is over, at most `max`; they are no longer kept here. */
  take(max: number, now: WallMs): HeartbeatCount[] {
    this.#roll(bucketOf(now));
    return this.#waiting.splice(0, max);
  }

  /** Keeps what could not be written; what finds no room is lost. */
  putBack(counts: readonly HeartbeatCount[]): void {
    this.#keep(counts);
  }

  /** Lets the bucket that is under way be taken as well. */
  finish(): void {
    this.#roll(this.#bucket + 1);
  }

  /** What is kept of one node, in no order. */
  of(nodeId: string): HeartbeatCount[] {
    const count = this.#current.get(nodeId);
    const waiting = this.#waiting.filter((one) => one.nodeId === nodeId);
    return count === undefined ? waiting : [...waiting, { nodeId, bucket: this.#bucket, count }];
  }

  #roll(bucket: number): void {
    if (bucket === this.#bucket) return;
    const over = [...this.#current].map(([nodeId, count]) => ({
      nodeId,
      bucket: this.#bucket,
      count,
    }));
    this.#current.clear();
    this.#bucket = bucket;
    this.#keep(over);
  }

  #keep(counts: readonly HeartbeatCount[]): void {
    this.#waiting = [...this.#waiting, ...counts].slice(-HEARTBEATS_WAITING_MAX);
  }
}
