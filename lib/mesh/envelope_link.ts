// A link of pollen/1: an envelope in each datagram, and a tunnel in each stream.

import { Envelope } from "../proto/mod.ts";
import {
  ALPN_MEMBER_1,
  DATAGRAM_BYTES_MAX,
  type DatagramOutcome,
  errorText,
  type Log,
  type PeerLink,
  type Session,
  type Stream,
} from "../types/mod.ts";

export interface EnvelopeLinkOptions {
  /** Admitted, and of pollen/1. */
  readonly session: Session;
  readonly log: Log;
  /** Takes an envelope of the peer. */
  deliver(envelope: Envelope): void;
  /** Takes a tunnel that the peer opened. */
  tunnel(stream: Stream): void;
}

export class EnvelopeLink {
  readonly #options: EnvelopeLinkOptions;
  /** What is known of the other end. */
  readonly peer: PeerLink = { protocol: ALPN_MEMBER_1, version: "", capabilities: [] };

  constructor(options: EnvelopeLinkOptions) {
    this.#options = options;
  }

  /** Queues an envelope in a datagram. */
  send(envelope: Envelope): DatagramOutcome {
    return this.#options.session.sendDatagram(Envelope.encode(envelope));
  }

  /** Serves the session until it ends. */
  async run(): Promise<void> {
    await Promise.all([this.#receiveDatagrams(), this.#acceptStreams()]);
  }

  async #receiveDatagrams(): Promise<void> {
    const { session, log, deliver } = this.#options;
    for (let bytes; (bytes = await session.receiveDatagram()) !== null;) {
      try {
        const envelope = Envelope.decode(bytes, { bytes: DATAGRAM_BYTES_MAX });
        if (envelope.body !== undefined) deliver(envelope);
      } catch (thrown) {
        log.debug("ignored a datagram", { reason: errorText(thrown) });
      }
    }
  }

  async #acceptStreams(): Promise<void> {
    const { session, tunnel } = this.#options;
    for (let stream; (stream = await session.acceptStream()) !== null;) tunnel(stream);
  }
}
