// What other instances on the same database have stored since the last time that it was asked for. While
// the database is silent, what is known goes on to count.

import { errorText, type Log } from "../types/mod.ts";
import { Coalesced } from "./coalesced.ts";
import type { News, Storage } from "./storage/storage.ts";

export interface SharedNewsDeps {
  readonly storage: Pick<Storage, "isShared" | "name" | "news">;
  readonly log: Log;
  /** Takes what is new. */
  take(news: News): void;
}

export class SharedNews {
  readonly #deps: SharedNewsDeps;
  readonly #asking = new Coalesced(() => this.#ask());
  #isSilent = false;

  constructor(deps: SharedNewsDeps) {
    this.#deps = deps;
  }

  /** Whether the database did not answer when it was asked last. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Takes what was stored until now; nothing with a storage that is nobody else's. */
  ask(): Promise<void> {
    return this.#deps.storage.isShared ? this.#asking.run() : Promise.resolve();
  }

  /** Resolves when nothing is asked for. */
  idle(): Promise<void> {
    return this.#asking.idle();
  }

  async #ask(): Promise<void> {
    const { storage, log, take } = this.#deps;
    try {
      take(await storage.news());
      this.#isSilent = false;
    } catch (thrown) {
      if (!this.#isSilent) {
        log.error("the registry's storage does not answer; what is known goes on to count", {
          storage: storage.name,
          error: errorText(thrown),
        });
      }
      this.#isSilent = true;
    }
  }
}
