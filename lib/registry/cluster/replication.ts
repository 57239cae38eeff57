// Several registries of one network without a common database: each tells the others of the agents
// that it holds, and lists theirs beside them. Heartbeats are told to nobody.

import { type Clock, type Log, type MonotonicMs } from "../../types/mod.ts";
import { LEARN_MS, PUBLISH_MS } from "../limits.ts";
import type { Registry } from "../registry.ts";
import { Learner } from "./learner.ts";
import type { ClusterPage, ClusterPages } from "./pages.ts";
import { Publisher } from "./publisher.ts";

export interface ReplicationDeps {
  readonly registry: Registry;
  readonly pages: ClusterPages;
  readonly clock: Clock;
  readonly log: Log;
}

/** Runs until it is disposed of. */
export class Replication implements Disposable {
  readonly #clock: Clock;
  readonly #local: string;
  readonly #publisher: Publisher;
  readonly #learner: Learner;
  readonly #unwatch: () => void;
  #nextLookAt: MonotonicMs;
  #stopTimer = () => {};

  constructor(deps: ReplicationDeps) {
    const { pages, clock } = deps;
    this.#clock = clock;
    this.#local = pages.local;
    this.#publisher = new Publisher(deps);
    this.#learner = new Learner(deps);
    this.#nextLookAt = clock.monotonicNow();
    this.#unwatch = pages.onChange((page) => this.#read(page));
    for (const page of pages.all()) this.#read(page);
    this.#tick();
  }

  /** Agents that the others do not hear of, because there are too many. */
  get untold(): number {
    return this.#publisher.untold;
  }

  [Symbol.dispose](): void {
    this.#stopTimer();
    this.#unwatch();
    this.#publisher[Symbol.dispose]();
  }

  #read(page: ClusterPage): void {
    // Page 0 is about the machine itself.
    if (page.page === 0) return;
    if (page.author === this.#local) this.#publisher.contest(page.page);
    else this.#learner.read(page);
  }

  #tick(): void {
    this.#publisher.flush();
    if (this.#clock.monotonicNow() >= this.#nextLookAt) {
      this.#learner.look();
      this.#nextLookAt = this.#clock.monotonicNow() + LEARN_MS as MonotonicMs;
    }
    this.#stopTimer = this.#clock.setTimer(PUBLISH_MS, () => this.#tick());
  }
}
