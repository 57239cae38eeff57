// What goes through a tunnel over a session: bulk, and echoes.

import type { Engine, Session } from "../../../lib/types/mod.ts";
import { HEAD, LOOPBACK } from "./engines.ts";

const CHUNK_BYTES = 1 << 20;
const ECHO_BYTES = 64;

/** From where a tunnel begins to where it ends. */
export interface Route {
  readonly client: Engine;
  readonly server: Engine;
  /** The client's end of the session, and the server's. */
  readonly near: Session;
  readonly far: Session;
}

/** A connection through a tunnel, both of its ends. */
async function tunnel({ client, server, near, far }: Route): Promise<[Deno.TcpConn, Deno.TcpConn]> {
  using origin = Deno.listen({ hostname: LOOPBACK, port: 0 });
  const listener = await client.forwarder.listen({ ip: LOOPBACK, port: 0 });
  const connection = await Deno.connect({ hostname: LOOPBACK, port: listener.address.port });
  const accepted = await listener.accept();
  client.forwarder.bridgeToSession(accepted!, near, HEAD);
  const stream = await far.acceptStream();
  server.forwarder.bridgeToTcp(stream!, [{ ip: LOOPBACK, port: origin.addr.port }]);
  const served = await origin.accept();
  listener.close();
  return [connection, served];
}

/** Bytes under way. */
export class Bulk {
  received = 0;
  /** Resolves with megabytes per second when all have come. */
  readonly done: Promise<number>;

  constructor(route: Route, bytes: number) {
    this.done = this.#run(route, bytes);
  }

  async #run(route: Route, bytes: number): Promise<number> {
    const [source, sink] = await tunnel(route);
    const began = performance.now();
    const sending = (async () => {
      const chunk = new Uint8Array(CHUNK_BYTES);
      for (let sent = 0; sent < bytes;) {
        sent += await source.write(chunk.subarray(0, Math.min(chunk.length, bytes - sent)));
      }
      await source.closeWrite();
    })();
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let count; (count = await sink.read(buffer)) !== null;) this.received += count;
    const seconds = (performance.now() - began) / 1_000;
    if (this.received !== bytes) throw new Error(`${this.received} of ${bytes} bytes came`);
    await sending;
    source.close();
    sink.close();
    return bytes / 1e6 / seconds;
  }
}

/** How long each echo took, in milliseconds, one after the other until the work is done. */
export async function echoesDuring(route: Route, work: () => Promise<unknown>): Promise<number[]> {
  const [connection, served] = await tunnel(route);
  connection.setNoDelay(true);
  served.setNoDelay(true);
  const serving = served.readable.pipeTo(served.writable);
  let isOver = false;
  const working = work().finally(() => isOver = true);
  const took: number[] = [];
  const bytes = new Uint8Array(ECHO_BYTES);
  while (!isOver) {
    const from = performance.now();
    await connection.write(bytes);
    for (let at = 0; at < ECHO_BYTES;) at += (await connection.read(bytes))!;
    took.push(performance.now() - from);
  }
  connection.close();
  await Promise.all([working, serving]);
  return took;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
