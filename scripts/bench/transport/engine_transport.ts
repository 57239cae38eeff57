// Our own engine: streams that TypeScript reads and writes, and bulk through the data plane, where
// bridges join the streams with TCP at both ends.

import { openEngine } from "../../../lib/quic/mod.ts";
import type { Engine, Session, Stream } from "../../../lib/types/mod.ts";
import { newIdentity } from "./identity.ts";
import {
  type Link,
  type ServeOptions,
  StreamUse,
  type Target,
  type Transport,
  withUse,
} from "./transport.ts";

const ALPN = "bench/1";
const DIAL_TIMEOUT_MS = 10_000;

export class EngineTransport implements Transport {
  readonly #packetBytesMax: number | undefined;
  #engine: Engine | null = null;
  #droppedBytes = 0;

  /** Packets of at most so many bytes; as the engine chooses, if not given. */
  constructor(packetBytesMax?: number) {
    this.#packetBytesMax = packetBytesMax;
  }

  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  async serve({ ip, bridgePort }: ServeOptions): Promise<Target> {
    const engine = await this.#open(ip);
    void (async () => {
      for (let session; (session = await engine.accept()) !== null;) {
        session.admit();
        void this.#serveDatagrams(session);
        void this.#serveStreams(engine, session, bridgePort);
      }
    })();
    return { ...engine.localAddress, certificate: "" };
  }

  async dial(target: Target): Promise<Link> {
    this.#engine ??= await this.#open(target.ip.startsWith("127.") ? "127.0.0.1" : "0.0.0.0");
    const session = await this.#engine.dial(target, { alpn: ALPN, timeoutMs: DIAL_TIMEOUT_MS });
    session.admit();
    return new EngineLink(this.#engine, session);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine?.close("");
  }

  async #open(ip: string): Promise<Engine> {
    const identity = await newIdentity("127.0.0.1");
    this.#engine = await openEngine({
      address: { ip, port: 0 },
      protocols: [{ alpn: ALPN, identity, serve: true, headBytes: 1 }],
      ...(this.#packetBytesMax === undefined ? {} : { packetBytesMax: this.#packetBytesMax }),
    });
    return this.#engine;
  }

  async #serveDatagrams(session: Session): Promise<void> {
    for (let datagram; (datagram = await session.receiveDatagram()) !== null;) {
      session.sendDatagram(datagram);
    }
  }

  async #serveStreams(engine: Engine, session: Session, bridgePort: number): Promise<void> {
    for (let stream; (stream = await session.acceptStream()) !== null;) {
      if (stream.head[0] === StreamUse.bridge) {
        engine.forwarder.bridgeToTcp(stream, [{ ip: "127.0.0.1", port: bridgePort }]);
      } else if (stream.head[0] === StreamUse.drop) {
        void this.#drop(stream).catch(() => {});
      } else {
        void echo(stream).catch(() => {});
      }
    }
  }

  async #drop(stream: Stream): Promise<void> {
    for (let chunk; (chunk = await stream.read()) !== null;) this.#droppedBytes += chunk.length;
    stream.finish();
  }
}

async function echo(stream: Stream): Promise<void> {
  for (let chunk; (chunk = await stream.read()) !== null;) await stream.write(chunk);
  stream.finish();
}

class EngineLink implements Link {
  readonly #engine: Engine;
  readonly #session: Session;

  constructor(engine: Engine, session: Session) {
    this.#engine = engine;
    this.#session = session;
  }

  async echoDatagram(message: Uint8Array): Promise<void> {
    const outcome = this.#session.sendDatagram(message);
    if (outcome !== "sent") throw new Error(`the datagram was not sent: ${outcome}`);
    await this.#session.receiveDatagram();
  }

  async echoStream(message: Uint8Array): Promise<void> {
    const stream = await this.#session.openStream();
    await stream.write(withUse(StreamUse.echo, message));
    for (let left = message.length; left > 0;) {
      const chunk = await stream.read();
      if (chunk === null) throw new Error("the echo was cut short");
      left -= chunk.length;
    }
    stream.finish();
    await stream.read();
  }

  async pour(chunk: Uint8Array, signal: AbortSignal): Promise<void> {
    const stream = await this.#session.openStream();
    await stream.write(Uint8Array.of(StreamUse.drop));
    while (!signal.aborted) await stream.write(chunk);
    stream.finish();
    await stream.read();
  }

  async forward(): Promise<number> {
    const { forwarder } = this.#engine;
    const listener = await forwarder.listen({ ip: "127.0.0.1", port: 0 });
    const head = Uint8Array.of(StreamUse.bridge);
    void (async () => {
      for (let connection; (connection = await listener.accept()) !== null;) {
        forwarder.bridgeToSession(connection, this.#session, head);
      }
    })();
    return listener.address.port;
  }

  async close(): Promise<void> {
    this.#session.close("");
    await this.#session.closed;
  }
}
