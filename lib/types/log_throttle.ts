// Warnings that strangers can cause: the first of a kind at once, then at most one a minute with
// the count of those that it stands for. A log that anybody can fill hides what matters.

import { addMs, type Clock, type MonotonicMs } from "./clock.ts";
import type { Log, LogFields } from "./log.ts";

/** Between two lines of one kind. */
const INTERVAL_MS = 60_000;

/** What is known of the lines with one sentence. */
interface Kind {
  nextAtMs: MonotonicMs;
  /** Those that were not written yet. */
  count: number;
  latest: LogFields;
  stopTimer: () => void;
}

/** Writes warnings, at most one a minute of each kind. */
export class LogThrottle {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Kind>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /**
   * Writes the line, or counts it. `message` is one of a few sentences; what varies is in `fields`.
   *
   * @param times How often it happened, at least 1. Default 1.
   */
  warn(message: string, fields: LogFields, times = 1): void {
    const now = this.#clock.monotonicNow();
    const kind = this.#kinds.get(message);
    if (kind === undefined || now >= kind.nextAtMs) {
      // What was counted goes first: its timer is due at this very moment.
      if (kind !== undefined) this.#flush(message, kind);
      this.#log.warn(message, times === 1 ? fields : { ...fields, count: times });
      const nextAtMs = addMs(now, INTERVAL_MS);
      this.#kinds.set(message, { nextAtMs, count: 0, latest: fields, stopTimer: () => {} });
      return;
    }
    const isFirst = kind.count === 0;
    kind.count += times;
    kind.latest = fields;
    if (!isFirst) return;
    kind.stopTimer = this.#clock.setTimer(kind.nextAtMs - now, () => {
      this.#flush(message, kind);
      kind.nextAtMs = addMs(this.#clock.monotonicNow(), INTERVAL_MS);
    });
  }

  /** Writes what was counted. Nothing waits afterwards. */
  close(): void {
    for (const [message, kind] of this.#kinds) this.#flush(message, kind);
    this.#kinds.clear();
  }

  #flush(message: string, kind: Kind): void {
    kind.stopTimer();
    if (kind.count > 0) this.#log.warn(message, { ...kind.latest, count: kind.count });
    kind.count = 0;
  }
}
