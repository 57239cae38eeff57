// When the state goes to disk: at once where somebody was promised it, and otherwise soon after a
// change, many changes together. A save that failed is tried again. An idle node writes nothing.

import type { Store } from "../store/mod.ts";
import { type Clock, errorText, type Log } from "../types/mod.ts";

/** Changes within this time share one save. */
const DEBOUNCE_MS = 500;
/** The same where a save takes long: it is to have but a small part of the time. Nobody waits for longer than that. */
const DEBOUNCE_SAVES = 20;
const DEBOUNCE_MS_MAX = 5_000;
/** After a save that failed, the next try: what is lost in a crash may be a revocation. */
const RETRY_MS = 10_000;

export class StateSaver {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  #cancelTimer: (() => void) | null = null;
  readonly #unwatch: () => void;
  #tookMs = 0;
  #isClosed = false;

  constructor(store: Store, clock: Clock, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#unwatch = store.onDirty((urgency) =>
      this.#saveSoon(urgency === "now" ? 0 : this.#pauseMs())
    );
  }

  /** Saves what changed; throws what the disk says. */
  async saveNow(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const from = this.#clock.monotonicNow();
    try {
      await this.#store.save();
      this.#tookMs = this.#clock.monotonicNow() - from;
    } catch (thrown) {
      if (!this.#isClosed) this.#saveSoon(RETRY_MS);
      throw thrown;
    }
  }

  /** Saves a last time and watches no longer. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unwatch();
    await this.#saveLogged();
  }

  #pauseMs(): number {
    return Math.min(Math.max(DEBOUNCE_MS, DEBOUNCE_SAVES * this.#tookMs), DEBOUNCE_MS_MAX);
  }

  #saveSoon(delayMs: number): void {
    if (this.#cancelTimer !== null && delayMs > 0) return;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.setTimer(delayMs, () => {
      this.#cancelTimer = null;
      void this.#saveLogged();
    });
  }

  async #saveLogged(): Promise<void> {
    try {
      await this.saveNow();
    } catch (thrown) {
      this.#log.error("the state was not saved", { reason: errorText(thrown) });
    }
  }
}
