// When the state goes to disk: at once where somebody was promised it, and otherwise soon after a
// change, many changes together. An idle node writes nothing.

import type { Store } from "../store/mod.ts";
import { type Clock, errorText, type Log } from "../types/mod.ts";

/** Changes within this time share one save. */
const DEBOUNCE_MS = 500;

export class StateSaver {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  #cancelTimer: (() => void) | null = null;
  readonly #unwatch: () => void;

  constructor(store: Store, clock: Clock, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#unwatch = store.onDirty((urgency) => this.#saveSoon(urgency === "now" ? 0 : DEBOUNCE_MS));
  }

  /** Saves what changed; throws what the disk says. */
  saveNow(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    return this.#store.save();
  }

  /** Saves a last time and watches no longer. */
  async close(): Promise<void> {
    this.#unwatch();
    await this.#saveLogged();
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
