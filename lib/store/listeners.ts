// Callbacks for one kind of news. Each is told once per call; one added twice is told once.

export class Listeners<T> {
  readonly #callbacks = new Set<(news: T) => void>();

  /** Adds one; the result takes it back. */
  add(callback: (news: T) => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  tell(news: T): void {
    for (const callback of [...this.#callbacks]) callback(news);
  }
}
