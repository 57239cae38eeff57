// What keeps a node from taking part in its network, in its log: once when it begins. `status` tells
// it for as long as it lasts.

import type { Condition } from "../proto/mod.ts";
import type { Clock, Log } from "../types/mod.ts";

/** Between two looks, in milliseconds: a clock that was set, or a membership that ended, shows by then. */
const LOOK_MS = 30_000;

/** Looks at once and then again and again; disposing of it ends that. */
export class ConditionLog implements Disposable {
  readonly #conditions: () => readonly Condition[];
  readonly #clock: Clock;
  readonly #log: Log;
  #told: ReadonlySet<string> = new Set();
  #stop: () => void = () => {};

  constructor(conditions: () => readonly Condition[], clock: Clock, log: Log) {
    this.#conditions = conditions;
    this.#clock = clock;
    this.#log = log;
    this.#look();
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  #look(): void {
    this.#stop = this.#clock.setTimer(LOOK_MS, () => this.#look());
    const conditions = this.#conditions();
    for (const { kind, message, fix } of conditions) {
      if (!this.#told.has(kind)) this.#log.warn(message, { kind, fix });
    }
    this.#told = new Set(conditions.map(({ kind }) => kind));
  }
}
