// How often something may be done that others cause. Pure.

import { addMs, type MonotonicMs } from "../types/mod.ts";

/** So many at once, then one more after each pause. */
export class Bucket {
  readonly #burst: number;
  readonly #pauseMs: number;
  #fullAt: MonotonicMs | null = null;

  constructor(burst: number, pauseMs: number) {
    this.#burst = burst;
    this.#pauseMs = pauseMs;
  }

  allow(now: MonotonicMs): boolean {
    const from = this.#fullAt === null || this.#fullAt < now ? now : this.#fullAt;
    const next = addMs(from, this.#pauseMs);
    if (next - now > this.#burst * this.#pauseMs) return false;
    this.#fullAt = next;
    return true;
  }
}
