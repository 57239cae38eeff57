// A link of pollen/2: the frames of one session, on one stream that the dialling end opens, and the
// peer's other streams by their kind.
//
// Invariants: the first frame of each end is a hello; frames come up in order and one at a time, so
// that a peer who sends faster than they are worked on is held back by QUIC; what waits to be sent
// is bounded, and a frame that finds no room is left out whole.
//
// A session that lost to another one with the same peer ends without harm to what was begun on it.
// That its control stream ends says that an end begins nothing on it any more and has nothing on it.
// The dialling end says so first. The other one, when it says so, knows of all that was begun there,
// and has nothing for good; the dialling end then closes the session, once it has nothing either.

import { Frame, type Hello } from "../proto/mod.ts";
import {
  ALPN_MEMBER_2,
  assert,
  CAPABILITIES_MAX,
  type Clock,
  errorText,
  FRAME_BYTES_MAX,
  FRAMES_UNSENT_BYTES_MAX,
  HELLO_TEXT_LENGTH_MAX,
  type LimitCounter,
  type PeerLink,
  type Session,
  type Stream,
  StreamCode,
  streamHead,
  StreamKind,
  streamKind,
} from "../types/mod.ts";
import { framed, framedLength, FrameSplitter } from "./framing.ts";
import { CloseReason } from "./protocol.ts";

/** Until when a peer must have said hello: as long as a verdict may take, and longer than any round trip. */
const HELLO_TIMEOUT_MS = 10_000;
/** How much sooner than we the peer may know of the session that takes this one's place. */
const SUPERSEDED_TIMEOUT_MS = 5_000;
/** Bytes from which on frames are written without taking more along. */
const WRITE_BYTES = 65_536;

export interface FrameLinkOptions {
  /** Admitted, and of pollen/2. */
  readonly session: Session;
  /** What we say first. */
  readonly hello: Hello;
  readonly clock: Clock;
  /** Takes what finds no room. */
  readonly limits: LimitCounter;
  /** Takes a frame of the peer; the next one is read when this resolves. */
  deliver(frame: Frame): Promise<unknown>;
  /** Takes a tunnel that the peer opened. */
  tunnel(stream: Stream): void;
  /** Takes a stream on which the peer passes on a request to redeem an invite. */
  redemption(stream: Stream): void;
}

export class FrameLink {
  readonly #options: FrameLinkOptions;
  readonly #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  /** Wakes the writer. */
  #wake = () => {};
  #isEnded = false;
  readonly #control = Promise.withResolvers<Stream | null>();
  readonly #superseded = Promise.withResolvers<void>();
  readonly #peerLeft = Promise.withResolvers<void>();
  #isLeaving = false;
  #hasControl = false;
  #hello: Hello | null = null;

  constructor(options: FrameLinkOptions) {
    this.#options = options;
    this.#push({ body: { kind: "hello", value: options.hello } });
  }

  /** What is known of the other end. */
  get peer(): PeerLink {
    return {
      protocol: ALPN_MEMBER_2,
      version: this.#hello?.version ?? "",
      capabilities: this.#hello?.capabilities ?? [],
    };
  }

  /** Queues a frame; false when it finds no room or the session has ended. */
  send(frame: Frame): boolean {
    return !this.#isEnded && !this.#isLeaving && this.#push(frame);
  }

  /** Another session has taken this one's place: it ends once neither end has anything on it. */
  supersede(): void {
    this.#superseded.resolve();
  }

  /** Serves the session until it ends. */
  async run(): Promise<void> {
    const { session, clock } = this.#options;
    void session.closed.then(() => this.#end());
    const stopTimer = clock.setTimer(HELLO_TIMEOUT_MS, () => {
      if (this.#hello === null) session.close(CloseReason.noHello);
    });
    try {
      await Promise.all([this.#exchange(), this.#acceptStreams()]);
    } finally {
      stopTimer();
    }
  }

  async #exchange(): Promise<void> {
    const { session } = this.#options;
    try {
      const stream = session.inbound ? await this.#control.promise : await this.#open();
      if (stream !== null) {
        await Promise.all([this.#read(stream), this.#write(stream), this.#leave()]);
      }
    } catch (thrown) {
      // Whatever it was, nothing of the peer's can be understood from here on.
      session.close(`${CloseReason.badControl}: ${errorText(thrown)}`.slice(0, 256));
    }
  }

  async #open(): Promise<Stream> {
    const stream = await this.#options.session.openStream();
    await stream.write(streamHead(StreamKind.control, 0));
    return stream;
  }

  async #acceptStreams(): Promise<void> {
    const { session, tunnel, redemption } = this.#options;
    for (let stream; (stream = await session.acceptStream()) !== null;) {
      switch (streamKind(stream)) {
        case StreamKind.tunnel:
          tunnel(stream);
          break;
        case StreamKind.redemption:
          redemption(stream);
          break;
        case StreamKind.control:
          // One stream, of the end that dialled.
          if (!session.inbound || this.#hasControl) stream.abort(StreamCode.badHead);
          else this.#control.resolve(stream);
          this.#hasControl = true;
          break;
        default:
          stream.abort(StreamCode.badHead);
      }
    }
  }

  async #read(stream: Stream): Promise<void> {
    const splitter = new FrameSplitter(FRAME_BYTES_MAX);
    for (let piece; (piece = await stream.read()) !== null;) {
      for (const message of splitter.push(piece)) {
        const frame = Frame.decode(message, { bytes: FRAME_BYTES_MAX });
        if (this.#hello === null) this.#hello = checkedHello(frame);
        else if (frame.body !== undefined) await this.#options.deliver(frame);
      }
    }
    this.#peerLeft.resolve();
    if (!await this.#isSuperseded()) throw new Error("the other end finished it");
  }

  async #write(stream: Stream): Promise<void> {
    while (!this.#isEnded) {
      const bytes = this.#takeUnsent();
      if (bytes.length === 0 && this.#isLeaving) return stream.finish();
      if (bytes.length === 0) {
        await new Promise<void>((resolve) => this.#wake = resolve);
        continue;
      }
      await stream.write(bytes);
      this.#unsentBytes -= bytes.length;
    }
  }

  /** Some of the frames that wait, as one piece: many short ones cost hardly more than one. */
  #takeUnsent(): Uint8Array {
    let count = 0;
    for (let bytes = 0; count < this.#unsent.length && bytes < WRITE_BYTES; count++) {
      bytes += framedLength(this.#unsent[count]!);
    }
    return framed(...this.#unsent.splice(0, count));
  }

  async #leave(): Promise<void> {
    const { session } = this.#options;
    await this.#superseded.promise;
    if (session.inbound) await this.#peerLeft.promise;
    await session.untilUnused(1);
    this.#isLeaving = true;
    this.#wake();
    if (session.inbound) return;
    await this.#peerLeft.promise;
    await session.untilUnused();
    session.close(CloseReason.replaced);
  }

  /** Whether another session takes this one's place, now or soon. */
  async #isSuperseded(): Promise<boolean> {
    const outcome = Promise.withResolvers<boolean>();
    const giveUp = () => outcome.resolve(false);
    const stopTimer = this.#options.clock.setTimer(SUPERSEDED_TIMEOUT_MS, giveUp);
    void this.#superseded.promise.then(() => outcome.resolve(true));
    try {
      return await outcome.promise;
    } finally {
      stopTimer();
    }
  }

  #push(frame: Frame): boolean {
    const message = Frame.encode(frame);
    assert(message.length <= FRAME_BYTES_MAX, "what we send is within our own bound");
    if (this.#unsentBytes + message.length > FRAMES_UNSENT_BYTES_MAX) {
      this.#options.limits.count("frames_unsent");
      return false;
    }
    this.#unsent.push(message);
    this.#unsentBytes += framedLength(message);
    this.#wake();
    return true;
  }

  #end(): void {
    this.#isEnded = true;
    this.#control.resolve(null);
    this.#superseded.resolve();
    this.#peerLeft.resolve();
    this.#wake();
  }
}

/** What a peer says of itself is shown to people: printable, and not much. */
function checkedHello({ body }: Frame): Hello {
  if (body?.kind !== "hello") throw new Error("the first message is no hello");
  const { version, capabilities } = body.value;
  const isText = (text: string) =>
    text.length <= HELLO_TEXT_LENGTH_MAX && /^[\x21-\x7e]*$/.test(text);
  if (!isText(version) || capabilities.length > CAPABILITIES_MAX || !capabilities.every(isText)) {
    throw new Error("the hello is not well-formed");
  }
  return body.value;
}
