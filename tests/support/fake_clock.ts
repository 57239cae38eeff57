// A clock that stands until a test moves it. Timers fire in the order of their moments, each at its
// own moment, also those that were set by an earlier one on the way.

import type { Clock, MonotonicMs, WallMs } from "../../lib/types/mod.ts";

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>();
  readonly #wallStart: number;
  #now = 0;

  constructor(wallStart = 0) {
    this.#wallStart = wallStart;
  }

  monotonicNow(): MonotonicMs {
    return this.#now as MonotonicMs;
  }

  wallNow(): WallMs {
    return this.#wallStart + this.#now as WallMs;
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#now + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time go by. */
  advance(ms: number): void {
    const end = this.#now + ms;
    while (true) {
      const next = [...this.#timers].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > end) break;
      this.#timers.delete(next);
      this.#now = next.atMs;
      next.callback();
    }
    this.#now = end;
  }
}
