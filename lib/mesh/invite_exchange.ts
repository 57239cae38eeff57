// How requests and answers travel while an invite is redeemed: in datagrams over pollen-invite/1,
// which may get lost and hold little; over pollen-invite/2 on the one stream that the asking end opens.

import { INVITE_MESSAGE_BYTES_MAX, PollenError, type Session, type Stream } from "../types/mod.ts";
import { framed, FrameSplitter } from "./framing.ts";
import { ALPN_INVITE_2 } from "./protocol.ts";

export interface Exchange {
  /** Whether what is sent arrives, unless the session ends. */
  readonly isReliable: boolean;
  /** Sends a message; false when it is too large. */
  send(message: Uint8Array): boolean;
  /**
   * The next message; null once the session has ended.
   *
   * @throws {PollenError} `too_large`.
   */
  receive(): Promise<Uint8Array | null>;
}

/** The exchange on an admitted session. */
export function openExchange(session: Session): Exchange {
  return session.alpn === ALPN_INVITE_2
    ? new StreamExchange(session.inbound ? session.acceptStream() : session.openStream())
    : new DatagramExchange(session);
}

class DatagramExchange implements Exchange {
  readonly isReliable = false;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  send(message: Uint8Array): boolean {
    return this.#session.sendDatagram(message) !== "too_large";
  }

  receive(): Promise<Uint8Array | null> {
    return this.#session.receiveDatagram();
  }
}

/** The exchange on a stream. */
export class StreamExchange implements Exchange {
  readonly isReliable = true;
  /** Null when the session ended before there was one. */
  readonly #stream: Promise<Stream | null>;
  readonly #splitter = new FrameSplitter(INVITE_MESSAGE_BYTES_MAX);
  readonly #received: Uint8Array[] = [];

  constructor(stream: Stream | Promise<Stream | null>) {
    this.#stream = Promise.resolve(stream).catch(() => null);
  }

  send(message: Uint8Array): boolean {
    if (message.length > INVITE_MESSAGE_BYTES_MAX) return false;
    // Whether it arrived is seen by what comes back.
    void this.#stream.then((stream) => stream?.write(framed(message))).catch(() => {});
    return true;
  }

  async receive(): Promise<Uint8Array | null> {
    const stream = await this.#stream;
    while (this.#received.length === 0) {
      const piece = await read(stream);
      if (piece === null) return null;
      this.#received.push(...this.#splitter.push(piece));
    }
    return this.#received.shift()!;
  }
}

/** The next bytes; null at the end of the stream, whatever ended it. */
async function read(stream: Stream | null): Promise<Uint8Array | null> {
  try {
    return await stream?.read() ?? null;
  } catch (thrown) {
    if (thrown instanceof PollenError) return null;
    throw thrown;
  }
}
