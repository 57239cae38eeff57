// A tunnel as the tests use it: a TCP listener at the near engine whose connections are bridged
// to streams, and streams at the far engine that are bridged to an origin.

import { inTime, openPair, type Pair } from "./support.ts";
import type { Bridge, BridgeEnd, TcpTarget } from "../../lib/types/mod.ts";

export const HEAD = Uint8Array.of(0x1f, 0x90);

/** Hands out what was put in, in order, to whoever asks for it. */
export class Arrivals<T> {
  readonly #waiting: T[] = [];
  readonly #askers: ((item: T) => void)[] = [];

  put(item: T): void {
    const asker = this.#askers.shift();
    if (asker === undefined) this.#waiting.push(item);
    else asker(item);
  }

  next(what: string): Promise<T> {
    const item = this.#waiting.shift();
    if (item !== undefined) return Promise.resolve(item);
    return inTime(new Promise<T>((resolve) => this.#askers.push(resolve)), what);
  }
}

export interface Tunnel extends AsyncDisposable {
  readonly pair: Pair;
  /** Where a client connects. */
  readonly port: number;
  /** Bridges in the order in which they began. */
  readonly nearBridges: Arrivals<Bridge>;
  readonly farBridges: Arrivals<Bridge>;
  connect(): Promise<Deno.TcpConn>;
}

/** `given` belongs to the tunnel from then on. */
export async function openTunnel(targets: readonly TcpTarget[], given?: Pair): Promise<Tunnel> {
  const pair = given ?? await openPair();
  const listener = await pair.client.forwarder.listen({ ip: "127.0.0.1", port: 0 });
  const nearBridges = new Arrivals<Bridge>();
  const farBridges = new Arrivals<Bridge>();
  const accepting = (async () => {
    while (true) {
      const connection = await listener.accept();
      if (connection === null) return;
      nearBridges.put(pair.client.forwarder.bridgeToSession(connection, pair.near, HEAD));
    }
  })();
  const serving = (async () => {
    while (true) {
      const stream = await pair.far.acceptStream();
      if (stream === null) return;
      farBridges.put(pair.server.forwarder.bridgeToTcp(stream, targets));
    }
  })();
  return {
    pair,
    port: listener.address.port,
    nearBridges,
    farBridges,
    connect: () => Deno.connect({ hostname: "127.0.0.1", port: listener.address.port }),
    async [Symbol.asyncDispose]() {
      listener.close();
      await pair[Symbol.asyncDispose]();
      await Promise.all([accepting, serving]);
    },
  };
}

/** A TCP server on a free port whose connections are taken one by one. */
export interface Origin extends Disposable {
  readonly target: TcpTarget;
  accept(): Promise<Deno.TcpConn>;
}

export function openOrigin(): Origin {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return {
    target: { ip: "127.0.0.1", port: listener.addr.port },
    accept: () => inTime(listener.accept(), "a connection to the origin"),
    [Symbol.dispose]: () => listener.close(),
  };
}

/** A port on which nobody listens. */
export function closedPort(): TcpTarget {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return { ip: "127.0.0.1", port };
}

export async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** Everything up to the end of the stream, or "reset" if it does not end cleanly. */
export async function readToEnd(connection: Deno.Conn): Promise<Uint8Array | "reset"> {
  const chunks: Uint8Array[] = [];
  const buffer = new Uint8Array(256 * 1024);
  while (true) {
    try {
      const count = await inTime(connection.read(buffer), "bytes over TCP");
      if (count === null) break;
      chunks.push(buffer.slice(0, count));
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionReset) return "reset";
      throw error;
    }
  }
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Connects and reads to the end; a reset may come before `connect` returns. */
export async function connectAndRead(port: number): Promise<Uint8Array | "reset"> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    return await readToEnd(connection);
  } catch (error) {
    const { NotConnected, ConnectionReset } = Deno.errors;
    if (error instanceof NotConnected || error instanceof ConnectionReset) return "reset";
    throw error;
  }
}

/** How the next bridge ends. */
export async function nextEnd(bridges: Arrivals<Bridge>): Promise<BridgeEnd> {
  const bridge = await bridges.next("a bridge");
  return await inTime(bridge.ended, "the end of a bridge");
}
