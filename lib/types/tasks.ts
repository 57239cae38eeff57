// Everything of one owner that runs beside its caller, so that the owner's end can wait for all of it.

import { errorText } from "./errors.ts";
import type { Log } from "./log.ts";

/** What runs beside its caller. */
export class Tasks {
  readonly #log: Log;
  readonly #failure: string;
  readonly #running = new Set<Promise<void>>();

  /** @param failure What the log says when one of them fails, without a full stop. */
  constructor(log: Log, failure: string) {
    this.#log = log;
    this.#failure = failure;
  }

  /** Lets it run; a failure is told to the log and to nobody else. */
  run(task: Promise<void>): void {
    const guarded = task.catch((thrown) => {
      this.#log.error(this.#failure, { reason: errorText(thrown) });
    }).finally(() => this.#running.delete(guarded));
    this.#running.add(guarded);
  }

  /** Waits for those that run now. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
}
