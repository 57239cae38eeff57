// Plain TCP, unencrypted: what the machine can do at all. Its bulk is measured by iperf3 alone.

import {
  CHUNK_BYTES,
  type Link,
  MESSAGE_BYTES,
  type ServeOptions,
  type Target,
  type Transport,
} from "./transport.ts";

export class TcpTransport implements Transport {
  readonly droppedBytes = 0;
  #listener: Deno.TcpListener | null = null;

  serve({ ip }: ServeOptions): Promise<Target> {
    const listener = Deno.listen({ hostname: ip, port: 0 });
    this.#listener = listener;
    void (async () => {
      for await (const connection of listener) void echo(connection).catch(() => {});
    })();
    return Promise.resolve({ ip, port: listener.addr.port, certificate: "" });
  }

  async dial(target: Target): Promise<Link> {
    return new TcpLink(target, await connect(target));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#listener?.close();
    return Promise.resolve();
  }
}

async function connect({ ip, port }: Target): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: ip, port });
  connection.setNoDelay();
  return connection;
}

async function echo(connection: Deno.TcpConn): Promise<void> {
  connection.setNoDelay();
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (let count; (count = await connection.read(buffer)) !== null;) {
    await connection.write(buffer.subarray(0, count));
  }
  connection.close();
}

class TcpLink implements Link {
  readonly #target: Target;
  readonly #connection: Deno.TcpConn;
  readonly #buffer = new Uint8Array(MESSAGE_BYTES);

  constructor(target: Target, connection: Deno.TcpConn) {
    this.#target = target;
    this.#connection = connection;
  }

  async echoDatagram(message: Uint8Array): Promise<void> {
    await this.#exchange(this.#connection, message);
  }

  async echoStream(message: Uint8Array): Promise<void> {
    using connection = await connect(this.#target);
    await this.#exchange(connection, message);
  }

  pour(): Promise<void> {
    throw new Error("bulk over plain TCP is measured by iperf3");
  }

  close(): Promise<void> {
    this.#connection.close();
    return Promise.resolve();
  }

  async #exchange(connection: Deno.TcpConn, message: Uint8Array): Promise<void> {
    await connection.write(message);
    for (let left = message.length; left > 0;) {
      const count = await connection.read(this.#buffer);
      if (count === null) throw new Error("the echo was cut short");
      left -= count;
    }
  }
}
