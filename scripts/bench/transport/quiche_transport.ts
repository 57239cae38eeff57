// quiche by the binding of `@matrixai/quic`, with a plain pump of ours around it: one packet per call,
// as in the package's own classes. This quiche takes a writer that fills its window as it opens for
// one with nothing to send, so that the congestion window never grows.

import {
  type QuicheConnection,
  QuicheEndpoint,
  type QuicheStream,
} from "../../support/quiche/mod.ts";
import { newIdentity } from "./identity.ts";
import {
  IDLE_TIMEOUT_MS,
  type Link,
  type ServeOptions,
  StreamUse,
  type Target,
  type Transport,
  withUse,
} from "./transport.ts";

const ALPN = "bench/1";
/** Bytes that a stream must take before more is written: some packets, and less than any window. */
const ROOM_MIN = 6_000;
/** Ends a stream: this quiche needs a byte to send an end with. */
const LAST = Uint8Array.of(0);

export class QuicheTransport implements Transport {
  #endpoint: QuicheEndpoint | null = null;
  #droppedBytes = 0;

  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  async serve({ ip }: ServeOptions): Promise<Target> {
    const endpoint = await this.#open(ip, true);
    void (async () => {
      for (let connection; (connection = await endpoint.accept()) !== null;) {
        void serveDatagrams(connection).catch(() => {});
        void this.#serveStreams(connection).catch(() => {});
      }
    })();
    return { ...endpoint.address, certificate: "" };
  }

  async dial(target: Target): Promise<Link> {
    this.#endpoint ??= await this.#open(
      target.ip.startsWith("127.") ? "127.0.0.1" : "0.0.0.0",
      false,
    );
    const connection = this.#endpoint.connect(target);
    await connection.established;
    return new QuicheLink(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endpoint?.[Symbol.asyncDispose]();
  }

  async #open(ip: string, serve: boolean): Promise<QuicheEndpoint> {
    const identity = await newIdentity(ip);
    return this.#endpoint = await QuicheEndpoint.open({
      identity,
      alpns: [ALPN],
      serve,
      ip,
      idleTimeoutMs: IDLE_TIMEOUT_MS,
    });
  }

  async #serveStreams(connection: QuicheConnection): Promise<void> {
    for (let stream; (stream = await connection.acceptStream()) !== null;) {
      void this.#serveStream(stream).catch(() => {});
    }
  }

  async #serveStream(stream: QuicheStream): Promise<void> {
    let use: number | undefined;
    for (let chunk; (chunk = await stream.read()) !== null;) {
      const rest = use === undefined ? chunk.subarray(1) : chunk;
      use ??= chunk[0];
      if (use === StreamUse.drop) this.#droppedBytes += rest.length;
      else await stream.write(rest);
    }
    await stream.write(LAST, true);
  }
}

async function serveDatagrams(connection: QuicheConnection): Promise<void> {
  for (let datagram; (datagram = await connection.receiveDatagram()) !== null;) {
    connection.sendDatagram(datagram);
  }
}

class QuicheLink implements Link {
  readonly #connection: QuicheConnection;

  constructor(connection: QuicheConnection) {
    this.#connection = connection;
  }

  async echoDatagram(message: Uint8Array): Promise<void> {
    this.#connection.sendDatagram(message);
    await this.#connection.receiveDatagram();
  }

  async echoStream(message: Uint8Array): Promise<void> {
    const stream = await this.#connection.openStream();
    await stream.write(withUse(StreamUse.echo, message), true);
    await stream.readAll();
  }

  async pour(chunk: Uint8Array, signal: AbortSignal): Promise<void> {
    const stream = await this.#connection.openStream();
    await stream.write(Uint8Array.of(StreamUse.drop));
    const { raw } = this.#connection;
    while (!signal.aborted) {
      // What each acknowledgement frees would go out as a small packet of its own.
      const room = raw.streamCapacity(stream.id);
      if (room < ROOM_MIN) await this.#connection.turn();
      else await stream.write(chunk.subarray(0, room));
    }
    await stream.write(LAST, true);
    await stream.readAll();
  }

  close(): Promise<void> {
    this.#connection.close(0, "");
    return Promise.resolve();
  }
}
