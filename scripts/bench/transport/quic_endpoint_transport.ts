// Deno's own QUIC, which has quinn inside and is unstable. It knows no client certificates, so that
// its handshakes prove the server alone.

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
/** As our engine's at most, so that neither is held up by it. */
const STREAMS_MAX = 16_384;

export class QuicEndpointTransport implements Transport {
  readonly #endpoint: Deno.QuicEndpoint;
  #droppedBytes = 0;

  constructor(ip: string) {
    this.#endpoint = new Deno.QuicEndpoint({ hostname: ip, port: 0 });
  }

  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  async serve({ ip }: ServeOptions): Promise<Target> {
    const { certificatePem: certificate, privateKeyPem: key } = await newIdentity(ip);
    const listener = this.#endpoint.listen({
      cert: certificate,
      key,
      alpnProtocols: [ALPN],
      maxConcurrentBidirectionalStreams: STREAMS_MAX,
      maxIdleTimeout: IDLE_TIMEOUT_MS,
    });
    void (async () => {
      for await (const incoming of listener) {
        void this.#serveConnection(incoming).catch(() => {});
      }
    })().catch(() => {});
    return { ip, port: this.#endpoint.addr.port, certificate };
  }

  async dial({ ip, port, certificate }: Target): Promise<Link> {
    const connection = await Deno.connectQuic<false>({
      hostname: ip,
      port,
      alpnProtocols: [ALPN],
      caCerts: [certificate],
      endpoint: this.#endpoint,
      maxIdleTimeout: IDLE_TIMEOUT_MS,
    });
    return new QuicEndpointLink(connection);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#endpoint.close();
    return Promise.resolve();
  }

  async #serveConnection(incoming: Deno.QuicIncoming): Promise<void> {
    const connection = await incoming.accept<false>();
    void this.#serveDatagrams(connection).catch(() => {});
    await this.#serveStreams(connection);
  }

  async #serveDatagrams(connection: Deno.QuicConn): Promise<void> {
    while (true) await connection.sendDatagram(await connection.readDatagram());
  }

  async #serveStreams(connection: Deno.QuicConn): Promise<void> {
    for await (const stream of connection.incomingBidirectionalStreams) {
      void this.#serveStream(stream).catch(() => {});
    }
  }

  async #serveStream({ readable, writable }: Deno.QuicBidirectionalStream): Promise<void> {
    const reader = readable.getReader();
    const writer = writable.getWriter();
    let use: number | undefined;
    for (let next; !(next = await reader.read()).done;) {
      let chunk = next.value;
      if (use === undefined) {
        use = chunk[0];
        chunk = chunk.subarray(1);
      }
      if (use === StreamUse.drop) this.#droppedBytes += chunk.length;
      else if (chunk.length > 0) await writer.write(chunk);
    }
    await writer.close();
  }
}

class QuicEndpointLink implements Link {
  readonly #connection: Deno.QuicConn;

  constructor(connection: Deno.QuicConn) {
    this.#connection = connection;
  }

  async echoDatagram(message: Uint8Array): Promise<void> {
    await this.#connection.sendDatagram(message);
    await this.#connection.readDatagram();
  }

  async echoStream(message: Uint8Array): Promise<void> {
    const { readable, writable } = await this.#open();
    const writer = writable.getWriter();
    const reader = readable.getReader();
    await writer.write(withUse(StreamUse.echo, message));
    for (let left = message.length; left > 0;) {
      const { done, value } = await reader.read();
      if (done) throw new Error("the echo was cut short");
      left -= value.length;
    }
    await writer.close();
    await reader.read();
  }

  async pour(chunk: Uint8Array, signal: AbortSignal): Promise<void> {
    const { readable, writable } = await this.#open();
    const writer = writable.getWriter();
    await writer.write(Uint8Array.of(StreamUse.drop));
    while (!signal.aborted) await writer.write(chunk);
    await writer.close();
    await readable.getReader().read();
  }

  async close(): Promise<void> {
    this.#connection.close({ closeCode: 0, reason: "" });
    await this.#connection.closed.catch(() => {});
  }

  #open(): Promise<Deno.QuicBidirectionalStream> {
    return this.#connection.createBidirectionalStream({ waitUntilAvailable: true });
  }
}
