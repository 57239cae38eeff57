// Work that many ask for at once and that need not be done for each of them. Whoever comes while it
// is under way waits for the next time: what is under way may have begun too early for them.

/** Runs a piece of work, never twice at a time. */
export class Coalesced {
  readonly #work: () => Promise<void>;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  /** @param work It does not throw. */
  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Resolves once the work was done from beginning to end after this call. */
  run(): Promise<void> {
    if (this.#running === null) return this.#start();
    return this.#next ??= this.#running.then(() => {
      this.#next = null;
      return this.run();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running !== null) await (this.#next ?? this.#running);
  }

  #start(): Promise<void> {
    const running = this.#work().finally(() => this.#running = null);
    return this.#running = running;
  }
}
