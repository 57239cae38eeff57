// When so much changes that it is better to wait: until nothing came for a while, but not for ever.

import { addMs, type MonotonicMs } from "../types/mod.ts";

/** How long nothing may come. */
const QUIET_MS = 10_000;
/** The longest that anything waits: longer than it takes a hundred nodes on one machine to start. */
const WAIT_MS_MAX = 180_000;

export class Lull {
  #firstAt: MonotonicMs | null = null;
  #lastAt: MonotonicMs | null = null;

  /** Something came that waits. */
  note(now: MonotonicMs): void {
    this.#firstAt ??= now;
    this.#lastAt = now;
  }

  /** Whether what waits has waited long enough; then nothing waits any more. */
  take(now: MonotonicMs, extraMs = 0): boolean {
    if (this.#firstAt === null || this.#lastAt === null) return false;
    const isQuiet = now >= addMs(this.#lastAt, QUIET_MS + extraMs);
    if (!isQuiet && now < addMs(this.#firstAt, WAIT_MS_MAX)) return false;
    this.clear();
    return true;
  }

  clear(): void {
    this.#firstAt = this.#lastAt = null;
  }
}
