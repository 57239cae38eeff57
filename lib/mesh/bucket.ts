// How often something may be done that others cause. Pure.

import { addMs, type MonotonicMs } from "../types/mod.ts";

/** So many at once, then one more after each pause. */
export class Bucket {
  readonly #burst: number;
  readonly #pauseMs: number;
  readonly #onExceeded: () => void;
  #fullAt: MonotonicMs | null = null;

  /** @param onExceeded Called where something is not allowed. Default: nothing happens. */
  constructor(burst: number, pauseMs: number, onExceeded: () => void = () => {}) {
    this.#burst = burst;
    this.#pauseMs = pauseMs;
    this.#onExceeded = onExceeded;
  }

  allow(now: MonotonicMs): boolean {
    const from = this.#fullAt === null || this.#fullAt < now ? now : this.#fullAt;
    const next = addMs(from, this.#pauseMs);
    if (next - now > this.#burst * this.#pauseMs) {
      this.#onExceeded();
      return false;
    }
    this.#fullAt = next;
    return true;
  }
}
