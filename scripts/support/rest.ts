// The check of every process that a test ends: nodes in front and in the background, registries,
// agents. Whoever used it is done, so it has to give back what it held for others.

import { type Held, heldBy } from "./held.ts";
import { until } from "./until.ts";

/** The longest that a process may take to give back what it held for others. */
const REST_TIMEOUT_MS = 10_000;
/** Of a node. */
const ENGINE_THREADS = 1;

/** What a process held at one moment, and the demand that later it holds no more. */
export class Rest {
  readonly #name: string;
  readonly #pid: number;
  readonly #spare: number;
  readonly #before: Held | null;

  /**
   * Looks at it now, when it has come up and nobody uses it yet.
   *
   * @param name What it is, for a failure's report.
   * @param spare Descriptors that it may hold besides.
   */
  constructor(name: string, pid: number, spare = 0) {
    this.#name = name;
    this.#pid = pid;
    this.#spare = spare;
    this.#before = heldBy(pid);
  }

  /** Waits until it holds no more than at first, or has ended; fails when it keeps something. */
  async demand(): Promise<void> {
    const before = this.#before;
    if (before === null) return;
    const descriptorsMax = before.descriptors + this.#spare;
    // The thread takes its name by itself, on a busy machine after the node serves.
    const engineThreadsMax = Math.max(before.engineThreads, ENGINE_THREADS);
    let now: Held | null = before;
    const isAtRest = () => {
      now = heldBy(this.#pid);
      const rests = now === null || (now.descriptors <= descriptorsMax &&
        now.engineThreads <= engineThreadsMax);
      return Promise.resolve(rests || null);
    };
    await until("it holds no more than at first", isAtRest, REST_TIMEOUT_MS).catch((cause) => {
      const what = `${descriptorsMax} descriptors and ${engineThreadsMax} threads of the engine`;
      const kept = `${now?.engineThreads} threads and:\n${now?.targets.join("\n")}`;
      throw new Error(`${this.#name} may hold ${what}, and held ${kept}`, { cause });
    });
  }
}
