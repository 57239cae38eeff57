// Ends the process of a decoder that does not end. Its own thread cannot: it is the one that hangs. So
// another one looks at the number of the input from time to time.

/** How long one input may take until nobody waits for it any more: a machine may be very busy. */
const STUCK_MS = 120_000;

/** The other thread. It gets the memory in which the number stands, and who is at work now. */
const SOURCE = `
  let input, name, seen;
  self.onmessage = ({ data }) => ({ input = input, name } = data);
  setInterval(() => {
    const now = input === undefined ? "" : name + ", input " + Atomics.load(input, 0);
    if (now === seen && !now.endsWith(" -1")) {
      const text = "\\n" + now + ": it has not ended after ${STUCK_MS / 1_000} s\\n";
      Deno.stderr.writeSync(new TextEncoder().encode(text));
      Deno.kill(Deno.pid, "SIGKILL");
    }
    seen = now;
  }, ${STUCK_MS});
`;
/** Of no input. */
const NONE = -1;

/** Watches one decoder at a time. */
export class Watchdog {
  readonly #worker: Worker;
  readonly #input = new Int32Array(new SharedArrayBuffer(4));

  constructor() {
    this.#input[0] = NONE;
    const url = `data:application/javascript,${encodeURIComponent(SOURCE)}`;
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.postMessage({ input: this.#input, name: "" });
  }

  /** Watches it from now on, by whose `begin` each input is told. */
  watch(name: string): { begin(index: number): void; [Symbol.dispose](): void } {
    this.#worker.postMessage({ name });
    return {
      begin: (index) => void Atomics.store(this.#input, 0, index),
      [Symbol.dispose]: () => void Atomics.store(this.#input, 0, NONE),
    };
  }
}
