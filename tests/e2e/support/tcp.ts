// TCP servers and clients of the end-to-end tests: what stands behind a service, and what a person's
// program does with a forward.

import { createHash } from "node:crypto";

/** Bytes that a hash can tell apart wherever they are cut or swapped, made once. */
const PATTERN = (() => {
  const bytes = new Uint8Array(1 << 20);
  let state = 0x9e3779b9;
  for (let at = 0; at < bytes.length; at++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + at | 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
})();

/** The bytes of a stream of `length`, in chunks. */
export function* patternChunks(length: number): IterableIterator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < length; at += PATTERN.length) {
    yield PATTERN.subarray(0, Math.min(PATTERN.length, length - at));
  }
}

/** The SHA-256 of `patternChunks(length)`, in hexadecimal. */
export function patternHash(length: number): string {
  const hash = createHash("sha256");
  for (const chunk of patternChunks(length)) hash.update(chunk);
  return hash.digest("hex");
}

/** Writes the whole of `bytes`. */
export async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** Reads to the end of the stream and gives its SHA-256 and length. */
export async function readHash(connection: Deno.Conn): Promise<{ hash: string; length: number }> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(1 << 18);
  let length = 0;
  for (let count; (count = await connection.read(buffer)) !== null;) {
    hash.update(buffer.subarray(0, count));
    length += count;
  }
  return { hash: hash.digest("hex"), length };
}

/** Reads to the end of the stream, as text. */
export async function readText(connection: Deno.Conn): Promise<string> {
  return await new Response(connection.readable).text();
}

/** How a connection that sends nothing ends: `clean`, or with which error. A reset may come while connecting. */
export async function outcome(port: number): Promise<string> {
  try {
    await readText(await Deno.connect({ port }));
    return "clean";
  } catch (thrown) {
    // A reset that comes before the runtime has looked at its new connection.
    if (thrown instanceof Deno.errors.NotConnected) return `reset at once: ${thrown}`;
    return String(thrown);
  }
}

/** A TCP server on 127.0.0.1 that treats every connection with `handle`. */
export class Origin implements AsyncDisposable {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #done: Promise<void>;
  readonly #open = new Set<Deno.Conn>();
  /** What became of each connection, in the order in which they ended. */
  readonly outcomes: string[] = [];

  constructor(handle: (connection: Deno.TcpConn) => Promise<void>) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#done = this.#serve(handle);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) close(connection);
    await this.#done;
  }

  async #serve(handle: (connection: Deno.TcpConn) => Promise<void>): Promise<void> {
    const running = new Set<Promise<void>>();
    for await (const connection of this.#listener) {
      this.#open.add(connection);
      const task = handle(connection)
        .then(
          () => void this.outcomes.push("finished"),
          (thrown) => void this.outcomes.push(String(thrown)),
        )
        .finally(() => {
          this.#open.delete(connection);
          close(connection);
          running.delete(task);
        });
      running.add(task);
    }
    await Promise.all(running);
  }
}

/** Closes a connection that may be closed already. */
export function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It was closed by its reader.
  }
}

/** Reads to the end, then says what it got: `<sha256> <length>`. Needs half-close to work. */
export async function hashingOrigin(connection: Deno.TcpConn): Promise<void> {
  const { hash, length } = await readHash(connection);
  await writeAll(connection, new TextEncoder().encode(`${hash} ${length}`));
  await connection.closeWrite();
}

/** Sends `length` bytes and ends its direction at once, then reads on and says nothing more. */
export function sendingOrigin(length: number): (connection: Deno.TcpConn) => Promise<void> {
  return async (connection) => {
    for (const chunk of patternChunks(length)) await writeAll(connection, chunk);
    await connection.closeWrite();
    await readHash(connection);
  };
}
