// Changes that have to wait for the disk, one after the other: each sees what became of the one
// before it, and may take its own back when the disk refuses.

export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs the change when those before it are over, however they ended. */
  take<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#last.then(change);
    this.#last = result.catch(() => {});
    return result;
  }
}
