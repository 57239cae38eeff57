// A bounded hand-over between producers that never wait and one consumer that does. What happens
// when it is full is the producer's decision: `push` says so, `pushDroppingOldest` makes room.

import { assert } from "./assert.ts";

/** A first-in-first-out queue with a bound and an end. At most one `next` may be pending. */
export class BoundedQueue<T> {
  readonly #items: T[] = [];
  readonly #capacity: number;
  readonly #onFull: () => void;
  #waiting: ((item: T | null) => void) | null = null;
  #isClosed = false;

  /**
   * @param capacity The most items that wait, at least 1.
   * @param onFull Called where one finds no room, or takes that of another. Default: nothing happens.
   */
  constructor(capacity: number, onFull: () => void = () => {}) {
    assert(Number.isInteger(capacity) && capacity >= 1, "a queue has room for one item at least");
    this.#capacity = capacity;
    this.#onFull = onFull;
  }

  /** Items that wait. */
  get size(): number {
    return this.#items.length;
  }

  /** Adds an item; false, and nothing happens, when the queue is full or closed. */
  push(item: T): boolean {
    if (this.#isClosed) return false;
    if (this.#waiting !== null) {
      const deliver = this.#waiting;
      this.#waiting = null;
      deliver(item);
      return true;
    }
    if (this.#items.length >= this.#capacity) {
      this.#onFull();
      return false;
    }
    this.#items.push(item);
    return true;
  }

  /** Adds an item, giving up the oldest one when full. Returns what was given up, if anything. */
  pushDroppingOldest(item: T): T | undefined {
    if (this.#isClosed || this.#items.length < this.#capacity) {
      this.push(item);
      return undefined;
    }
    this.#onFull();
    const dropped = this.#items.shift();
    this.#items.push(item);
    return dropped;
  }

  /** The next item; null once the queue is closed and empty. */
  next(): Promise<T | null> {
    assert(this.#waiting === null, "a queue has one consumer");
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    if (this.#isClosed) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** Ends the queue; items that wait can still be taken. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#waiting?.(null);
    this.#waiting = null;
  }

  /** Ends the queue and hands back what nobody took. Idempotent. */
  drain(): T[] {
    this.close();
    return this.#items.splice(0);
  }
}
