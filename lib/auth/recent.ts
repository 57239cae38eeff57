// What was used last, so many at most: the one that was not used for longest goes first.

export class Recent<K, V> {
  readonly #max: number;
  /** Insertion order is order of use. */
  readonly #entries = new Map<K, V>();

  /** @param max How many are kept, at least 1. */
  constructor(max: number) {
    this.#max = max;
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#max) this.#entries.delete(this.#entries.keys().next().value!);
  }
}
