// Echoes over an open connection, one after the other: whoever is honest goes on meanwhile.

const ECHO_BYTES = 64;
/** Between two of them, in milliseconds. */
const PAUSE_MS = 5;
/** One that takes longer is not answered. */
const ANSWER_MS = 30_000;

export interface Echoes {
  /** How long each took, in milliseconds. */
  readonly ms: readonly number[];
  readonly unanswered: number;
}

/** Echoes through the port until the work is done. */
export class Echo implements Disposable {
  readonly #connection: Deno.TcpConn;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    connection.setNoDelay(true);
  }

  static async open(port: number): Promise<Echo> {
    return new Echo(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  async during(work: Promise<unknown>): Promise<Echoes> {
    let isOver = false;
    const end = () => void (isOver = true);
    work.then(end, end);
    const ms: number[] = [];
    while (!isOver) {
      const from = performance.now();
      if (!await this.#exchange()) return { ms, unanswered: 1 };
      ms.push(performance.now() - from);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    return { ms, unanswered: 0 };
  }

  async #exchange(): Promise<boolean> {
    const bytes = new Uint8Array(ECHO_BYTES);
    const overdue = setTimeout(() => this.#connection.close(), ANSWER_MS);
    try {
      await this.#connection.write(bytes);
      for (let at = 0; at < ECHO_BYTES;) {
        const count = await this.#connection.read(bytes.subarray(at));
        if (count === null) return false;
        at += count;
      }
      return true;
    } catch {
      return false;
    } finally {
      clearTimeout(overdue);
    }
  }

  [Symbol.dispose](): void {
    try {
      this.#connection.close();
    } catch {
      // An echo that was not answered has closed it.
    }
  }
}
