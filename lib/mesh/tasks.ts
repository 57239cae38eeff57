// Everything of a mesh that runs beside its caller, so that its end can wait for all of it.

import { errorText, type Log } from "../types/mod.ts";

export class Tasks {
  readonly #log: Log;
  readonly #running = new Set<Promise<void>>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Lets it run; a failure is told to the log and to nobody else. */
  run(task: Promise<void>): void {
    const guarded = task.catch((thrown) => {
      this.#log.error("a task of the mesh failed", { reason: errorText(thrown) });
    }).finally(() => this.#running.delete(guarded));
    this.#running.add(guarded);
  }

  /** Waits for those that run now. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
}
