// The log of one author: per attribute the event with the highest counter, deletions included.
// Deletions stay for good; that is why an old event cannot bring back what was deleted.

import type { GossipEvent } from "../proto/mod.ts";
import type { AttributeKey } from "./core_attribute.ts";

export class AuthorLog {
  /** The highest counter seen of this author; never decreases. */
  max = 0n;
  readonly #entries = new Map<AttributeKey, GossipEvent>();

  /** Attributes, deleted ones included. */
  get size(): number {
    return this.#entries.size;
  }

  get(key: AttributeKey): GossipEvent | undefined {
    return this.#entries.get(key);
  }

  /** Keys in ascending order. */
  keys(): AttributeKey[] {
    return [...this.#entries.keys()].sort();
  }

  /** Every event, in no order. */
  events(): Iterable<GossipEvent> {
    return this.#entries.values();
  }

  /** Records an event as its attribute's newest. */
  put(key: AttributeKey, event: GossipEvent): void {
    this.#entries.set(key, event);
    if (event.counter > this.max) this.max = event.counter;
  }

  /** Events above a counter, by counter: what somebody who knows up to there lacks. */
  above(counter: bigint): GossipEvent[] {
    if (this.max <= counter) return [];
    return [...this.#entries.values()]
      .filter((event) => event.counter > counter)
      .sort((a, b) => a.counter < b.counter ? -1 : a.counter > b.counter ? 1 : 0);
  }

  /** Forgets everything but revocations, which count whoever passed them on. The maximum stays. */
  keepOnlyRevocations(): void {
    for (const [key, event] of this.#entries) {
      if (event.change?.kind !== "revocation") this.#entries.delete(key);
    }
  }
}
