// What flows over the sessions: each has a link, which speaks its protocol, and what the links bring
// waits here, bounded, for the node and the tunnels.

import type { Envelope, Frame, Hello } from "../proto/mod.ts";
import {
  ALPN_MEMBER_2,
  BoundedQueue,
  type Clock,
  FairQueue,
  FRAMES_WAITING_MAX,
  type IncomingStream,
  type LimitCounter,
  type LinkProtocol,
  type Log,
  type Packet,
  PACKETS_WAITING_MAX,
  type PeerFrame,
  type PeerKey,
  type PeerLink,
  PollenError,
  type Session,
  shortPeerKey,
  type Stream,
  StreamCode,
  UNRULED_STREAMS_WAITING_MAX,
} from "../types/mod.ts";
import { EnvelopeLink } from "./envelope_link.ts";
import { FrameLink } from "./frame_link.ts";

export interface LinksOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Takes what finds no room. */
  readonly limits: LimitCounter;
  /** What peers of pollen/2 are told of this program. */
  readonly hello: Hello;
  /** The session that is a peer's current one. */
  current(peer: PeerKey): Session | null;
  /** Takes a stream on which a peer passes on a request to redeem an invite. */
  redemption(peer: PeerKey, stream: Stream): void;
}

export class Links {
  readonly #options: LinksOptions;
  readonly #links = new WeakMap<Session, EnvelopeLink | FrameLink>();
  readonly #packets: FairQueue<PeerKey, Packet<Envelope>>;
  readonly #frames = new FairQueue<PeerKey, PeerFrame<Frame>>(FRAMES_WAITING_MAX);
  readonly #streams: BoundedQueue<IncomingStream>;

  constructor(options: LinksOptions) {
    this.#options = options;
    const { limits } = options;
    this.#packets = new FairQueue(PACKETS_WAITING_MAX, () => limits.count("envelopes_waiting"));
    this.#streams = new BoundedQueue(
      UNRULED_STREAMS_WAITING_MAX,
      () => limits.count("unruled_streams_waiting"),
    );
  }

  /** Serves an admitted session until it ends. */
  serve(peer: PeerKey, session: Session): Promise<void> {
    const link = this.#open(peer, session);
    this.#links.set(session, link);
    return link.run();
  }

  /** Ends a session that is served once neither end has anything on it. Only over pollen/2. */
  supersede(session: Session): void {
    const link = this.#links.get(session);
    if (link instanceof FrameLink) link.supersede();
  }

  /** What a session that is served speaks. */
  protocolOf(session: Session): LinkProtocol {
    return this.#links.get(session)!.peer.protocol;
  }

  /** What is known of the other end of the session with the peer; null without one. */
  peerLink(peer: PeerKey): PeerLink | null {
    return this.#of(peer)?.peer ?? null;
  }

  /** See `Mesh.send`. */
  send(peer: PeerKey, envelope: Envelope): void {
    const link = this.#of(peer);
    const outcome = link instanceof EnvelopeLink ? link.send(envelope) : "closed";
    if (outcome === "blocked") this.#options.limits.count("envelopes_unsent");
    if (outcome === "closed") throw notConnected(peer);
    if (outcome === "too_large") {
      throw new PollenError(
        "too_large",
        `The message does not fit a datagram to ${shortPeerKey(peer)}.`,
      );
    }
  }

  /** See `Mesh.sendFrame`. */
  sendFrame(peer: PeerKey, frame: Frame): void {
    const link = this.#of(peer);
    if (!(link instanceof FrameLink)) throw notConnected(peer);
    if (link.send(frame)) return;
    throw new PollenError("exhausted", `Too much waits to be read by ${shortPeerKey(peer)}.`);
  }

  nextPacket(): Promise<Packet<Envelope> | null> {
    return this.#packets.next();
  }

  nextFrame(): Promise<PeerFrame<Frame> | null> {
    return this.#frames.next();
  }

  nextTunnel(): Promise<IncomingStream | null> {
    return this.#streams.next();
  }

  /** Hands nothing out any more. */
  close(): void {
    this.#packets.close();
    this.#frames.close();
    for (const { stream } of this.#streams.drain()) stream.abort(StreamCode.cut);
  }

  #of(peer: PeerKey): EnvelopeLink | FrameLink | undefined {
    const session = this.#options.current(peer);
    return session === null ? undefined : this.#links.get(session);
  }

  #open(peer: PeerKey, session: Session): EnvelopeLink | FrameLink {
    const tunnel = (stream: Stream) => {
      if (!this.#streams.push({ peer, stream })) stream.abort(StreamCode.tooMany);
    };
    const { clock, log, limits, hello } = this.#options;
    if (session.alpn !== ALPN_MEMBER_2) {
      const deliver = (envelope: Envelope) =>
        this.#packets.pushDroppingOldest(peer, { envelope, peer });
      return new EnvelopeLink({ session, log, deliver, tunnel });
    }
    const deliver = (frame: Frame) => this.#frames.pushWhenRoom(peer, { frame, peer });
    const redemption = (stream: Stream) => this.#options.redemption(peer, stream);
    return new FrameLink({ session, hello, clock, limits, deliver, tunnel, redemption });
  }
}

function notConnected(peer: PeerKey): PollenError {
  return new PollenError("unreachable", `no connection to peer ${shortPeerKey(peer)}.`);
}
