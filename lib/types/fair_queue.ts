// A bounded hand-over from many producers, told apart by their keys, to one consumer, who takes one
// item of each in turn: whoever produces much keeps nobody else waiting, and loses nobody's items
// but his own.

import { assert } from "./assert.ts";

interface Line<T> {
  readonly items: T[];
  /** Producers that wait for room, the first one first. */
  readonly waiting: (() => void)[];
}

/** At most one `next` may be pending. */
export class FairQueue<K, T> {
  /** Of those who have items or wait, in the order in which it is their turn. */
  readonly #lines = new Map<K, Line<T>>();
  readonly #capacity: number;
  readonly #onFull: () => void;
  #consumer: ((item: T | null) => void) | null = null;
  #isClosed = false;

  /**
   * @param capacity The most items of one producer that wait, at least 1.
   * @param onFull Called where an item is given up for another one. Default: nothing happens.
   */
  constructor(capacity: number, onFull: () => void = () => {}) {
    assert(Number.isInteger(capacity) && capacity >= 1, "a queue has room for one item at least");
    this.#capacity = capacity;
    this.#onFull = onFull;
  }

  /** Adds an item, giving up the producer's oldest one when he has as many as he may. */
  pushDroppingOldest(key: K, item: T): void {
    const items = this.#lines.get(key)?.items;
    if (items !== undefined && items.length >= this.#capacity) {
      items.shift();
      this.#onFull();
    }
    this.#add(key, item);
  }

  /** Adds an item once there is room for it; false when the queue was closed before. */
  async pushWhenRoom(key: K, item: T): Promise<boolean> {
    while (!this.#isClosed && (this.#lines.get(key)?.items.length ?? 0) >= this.#capacity) {
      await new Promise<void>((resolve) => this.#lines.get(key)!.waiting.push(resolve));
    }
    return this.#add(key, item);
  }

  /** The next item; null once the queue is closed and empty. */
  next(): Promise<T | null> {
    assert(this.#consumer === null, "a queue has one consumer");
    for (const [key, line] of this.#lines) {
      this.#lines.delete(key);
      const item = line.items.shift()!;
      if (line.items.length > 0) this.#lines.set(key, line);
      for (const wake of line.waiting.splice(0)) wake();
      return Promise.resolve(item);
    }
    if (this.#isClosed) return Promise.resolve(null);
    return new Promise((resolve) => this.#consumer = resolve);
  }

  /** Ends the queue and forgets what nobody took. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const { waiting } of this.#lines.values()) {
      for (const wake of waiting.splice(0)) wake();
    }
    this.#lines.clear();
    this.#consumer?.(null);
    this.#consumer = null;
  }

  #add(key: K, item: T): boolean {
    if (this.#isClosed) return false;
    if (this.#consumer !== null) {
      const deliver = this.#consumer;
      this.#consumer = null;
      deliver(item);
      return true;
    }
    const line = this.#lines.get(key);
    if (line === undefined) this.#lines.set(key, { items: [item], waiting: [] });
    else line.items.push(item);
    return true;
  }
}
