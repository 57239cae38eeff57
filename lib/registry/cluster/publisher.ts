// Tells the other machines of the network which agents this registry holds.

import { type Clock, type Log, LogThrottle, type MonotonicMs } from "../../types/mod.ts";
import { PAGES_PER_FLUSH_MAX, RECOUNT_MS } from "../limits.ts";
import type { Registry } from "../registry.ts";
import { entryOf } from "./entries.ts";
import type { ClusterPages } from "./pages.ts";
import { PagePlan } from "./plan.ts";

export interface PublisherDeps {
  readonly registry: Registry;
  readonly pages: ClusterPages;
  readonly clock: Clock;
  readonly log: Log;
}

export class Publisher implements Disposable {
  readonly #deps: PublisherDeps;
  readonly #plan = new PagePlan();
  readonly #warnings: LogThrottle;
  readonly #changed = new Set<string>();
  readonly #unwatch: () => void;
  #untold = 0;
  #hasCounted = false;
  #nextRecountAt = -Infinity as MonotonicMs;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
    this.#warnings = new LogThrottle(deps.log, deps.clock);
    this.#unwatch = deps.registry.watch((id) => this.#changed.add(id));
  }

  /** Agents that the others do not hear of, because there are too many. */
  get untold(): number {
    return this.#untold;
  }

  /** Others hold a page of ours that is not from this run. */
  contest(page: number): void {
    this.#plan.contest(page);
  }

  /** Tells what is due. */
  flush(): void {
    const { pages, clock } = this.#deps;
    const now = clock.monotonicNow();
    if (now >= this.#nextRecountAt) this.#recount(now);
    for (const id of this.#changed) if (!this.#want(id, now)) this.#untold++;
    this.#changed.clear();
    for (const { page, agents } of this.#plan.take(now, PAGES_PER_FLUSH_MAX)) {
      pages.publish(page, agents);
    }
  }

  [Symbol.dispose](): void {
    this.#unwatch();
    this.#warnings.close();
  }

  /** Looks at all once, and again while some have no room: online ones get it first. */
  #recount(now: MonotonicMs): void {
    this.#nextRecountAt = now + RECOUNT_MS as MonotonicMs;
    if (this.#hasCounted && this.#untold === 0) return;
    this.#hasCounted = true;
    this.#changed.clear();
    let untold = 0;
    for (const { id } of this.#deps.registry.held()) if (!this.#want(id, now)) untold++;
    this.#untold = untold;
    if (untold > 0) {
      this.#warnings.warn("this registry has more agents than the network can be told of", {
        untold,
      });
    }
  }

  #want(id: string, now: MonotonicMs): boolean {
    const record = this.#deps.registry.find(id);
    const isHeld = record !== null && record.kind === "agent" && record.via === "";
    return this.#plan.want(id, isHeld ? entryOf(record) : null, now);
  }
}
