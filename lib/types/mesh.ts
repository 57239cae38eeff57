// The port between a node and its transport: one authenticated session per peer, envelopes in
// datagrams or frames on a stream, tunnels. `E` and `F` are the types of envelope and frame, which
// live in `proto`.

import type { SocketAddress } from "./address.ts";
import type { WallMs } from "./clock.ts";
import type { EngineNotice, EngineStats } from "./engine_report.ts";
import type { LinkProtocol } from "./link.ts";
import type { PeerKey } from "./peer_key.ts";
import type { Session } from "./session.ts";
import type { Stream } from "./stream.ts";

/** Why a peer's session is gone; the peer state machine's retry delay depends on it. */
export type DisconnectReason =
  | "unknown"
  | "idle_timeout"
  | "stateless_reset"
  | "graceful"
  | "cert_rotation"
  | "cert_expired"
  | "duplicate"
  | "revoked";

/** What a mesh reports of its peers, in the order in which it happened. */
export type PeerEvent =
  | {
    readonly kind: "connected";
    readonly peer: PeerKey;
    /** Where it is; null over a carrier. */
    readonly address: SocketAddress | null;
    /** Whether the peer dialled. */
    readonly inbound: boolean;
    /** What the session speaks. */
    readonly protocol: LinkProtocol;
  }
  /** The session goes another way now. */
  | {
    readonly kind: "moved";
    readonly peer: PeerKey;
    /** Where it is; null over a carrier. */
    readonly address: SocketAddress | null;
  }
  /** Nothing is heard over the session although we send; told about once a second. */
  | { readonly kind: "silent"; readonly peer: PeerKey }
  | {
    readonly kind: "disconnected";
    readonly peer: PeerKey;
    readonly reason: DisconnectReason;
    /** What was said at the end; may be empty. Safe to print. */
    readonly text: string;
    /** Whether the other side said it. */
    readonly isRemote: boolean;
  };

/** One envelope and who sent it. The sender is proved by its session. */
export interface Packet<E> {
  /** Decoded whole. */
  readonly envelope: E;
  /** Who sent it. */
  readonly peer: PeerKey;
}

/** One frame of pollen/2 and who sent it. The sender is proved by its session. */
export interface PeerFrame<F> {
  /** Decoded whole. */
  readonly frame: F;
  /** Who sent it. */
  readonly peer: PeerKey;
}

/** What is known of the other end of a link. */
export interface PeerLink {
  /** What the session speaks. */
  readonly protocol: LinkProtocol;
  /** The version of the peer's program, safe to print; empty until it says so, and over pollen/1. */
  readonly version: string;
  /** What the peer understands beyond its protocol. */
  readonly capabilities: readonly string[];
}

/** Where the packets of a session go, and how they fare. */
export interface PeerPath {
  /** Where the peer is reached; null over a carrier. */
  readonly address: SocketAddress | null;
  /** The member that carries them; null where nobody does, or one that has gone. */
  readonly carrier: PeerKey | null;
  /** Since when they go there. */
  readonly since: WallMs;
  /** The estimated round trip, in milliseconds. */
  readonly rttMs: number;
  /** QUIC packets that were sent on the session. */
  readonly packetsSent: number;
  /** Those of them that were declared lost. */
  readonly packetsLost: number;
}

/** A peer that understands relays, and that packets reach without one. */
export interface RelayPeer {
  /** The estimated round trip, in milliseconds. */
  readonly rttMs: number;
  /** Whether it carries packets for others. */
  readonly carries: boolean;
}

/** An incoming tunnel and who opened it: see `tunnelPort`. */
export interface IncomingStream {
  /** Who opened it. */
  readonly peer: PeerKey;
  /** Unread but for its head. Who accepts it has to finish, abort or bridge it. */
  readonly stream: Stream;
}

/**
 * What one end of a punch does. `equal`: both routers keep to one port for all, and each end asks at
 * the one that the coordinator saw. `hard`: this router takes another port for each destination, and
 * many sockets ask. `easy`: the other end's router does that, and many of its ports are asked at.
 */
export type PunchPart = "equal" | "hard" | "easy";

/** How to punch. */
export interface PunchOptions {
  /** What this end does, while the other one does its counterpart. Default `equal`. */
  readonly part?: PunchPart;
  /** Gives the attempt up, with `cancelled`. */
  readonly signal?: AbortSignal;
}

/** A peer where it answered, and the hold on the socket that leads there. */
export interface Punched {
  /** Where the peer is reached: a way, where that is not over the main socket. */
  readonly peer: SocketAddress;
  /** Lets go of the socket; sessions whose path leads over it keep it themselves. Idempotent. */
  release(): void;
}

/** Sessions with the members of one network. */
export interface Mesh<E, F> extends StreamTransport {
  /** The UDP port the mesh is bound to. */
  readonly listenPort: number;

  /**
   * Queues one envelope for a peer connected over pollen/1 without waiting. Unreliable.
   *
   * @throws {PollenError} `unreachable` without such a session, `too_large` when it does not fit a datagram.
   */
  send(peer: PeerKey, envelope: E): void;
  /** The next envelope; null once the mesh is closed. */
  recv(): Promise<Packet<E> | null>;
  /**
   * Queues one frame for a peer connected over pollen/2 without waiting. It arrives, in order,
   * unless the session ends.
   *
   * @throws {PollenError} `unreachable` without such a session, `exhausted` when too much waits.
   */
  sendFrame(peer: PeerKey, frame: F): void;
  /**
   * The next frame but a hello, of each peer in turn; null once the mesh is closed. Who does not
   * take frames holds their senders back.
   */
  recvFrame(): Promise<PeerFrame<F> | null>;
  /** What is known of the other end of the session with the peer; null without one. */
  peerLink(peer: PeerKey): PeerLink | null;

  /**
   * Dials all addresses at once until one gives a verified session with this very peer. Resolves at
   * once when there is one already.
   *
   * @throws {PollenError} `invalid_argument` without addresses, `identity_mismatch`, `unreachable`,
   *   `unauthenticated`, `refused`, `timeout`, `cancelled`.
   */
  connect(
    peer: PeerKey,
    addresses: readonly SocketAddress[],
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<void>;

  /**
   * Opens a way through the routers to where the peer is seen, while it does the same towards us.
   * `address` is a real one, of IPv4 for unequal parts.
   *
   * @returns Where to dial it, or to move its session.
   * @throws {PollenError} `unreachable` after 3 s, 4 s of unequal ends; `cancelled`; `exhausted` when
   *   64 are tried already, or one of unequal ends; what opening sockets throws.
   */
  punch(address: SocketAddress, options?: PunchOptions): Promise<Punched>;
  /** The next event about a peer; null once the mesh is closed. */
  nextPeerEvent(): Promise<PeerEvent | null>;
  /** What the engine below reports of itself, one after the other; null once the mesh is closed. */
  nextNotice(): Promise<EngineNotice | null>;
  /** The counters of the engine below. */
  engineStats(): EngineStats;
  /** Peers with a live session, by key. */
  connectedPeers(): PeerKey[];
  /** Where the session with the peer leads; null without one, and over a carrier. */
  getActivePeerAddress(peer: PeerKey): SocketAddress | null;
  /** Which way the session with the peer goes; null without one. */
  peerPath(peer: PeerKey): PeerPath | null;
  /** The peers between which this node could carry packets, or that could carry its own. */
  relayPeers(): ReadonlyMap<PeerKey, RelayPeer>;
  /** The peer may be reached there: it is asked, unless its session leads to it well enough. */
  suggestPath(peer: PeerKey, address: SocketAddress): void;

  /**
   * Opens this node's end of a flow that a carrier has granted. It is gone with the session with the
   * carrier.
   *
   * @returns Where to dial the peer.
   * @throws {PollenError} `unreachable` without a direct session with the carrier, `invalid_argument`
   *   for a number that was used before in it, `exhausted`, `closed`.
   */
  openRelay(carrier: PeerKey, flow: number, peer: PeerKey): SocketAddress;
  /** Gives up this node's end of a flow. Idempotent. */
  closeRelay(carrier: PeerKey, flow: number): void;
  /** The ways to a peer over carriers. */
  relaysTo(peer: PeerKey): SocketAddress[];
  /**
   * Carries packets between two peers, as the flow of this number, until one of the sessions ends.
   *
   * @param bytesPerSecond 1,024…10^10, in each direction.
   * @throws {PollenError} `unreachable` unless both have a direct session, `exhausted`, `closed`.
   */
  carry(flow: number, ends: readonly [PeerKey, PeerKey], bytesPerSecond: number): void;
  /** Lets so much through from now on, as in `carry`. Without effect on a flow that is gone. */
  limitCarried(flow: number, bytesPerSecond: number): void;
  /** What each flow that is carried has passed, in bytes, by its number. */
  carriedBytes(): ReadonlyMap<number, number>;
  /** Carries it no more. Idempotent. */
  endCarried(flow: number): void;

  /** Ends the session with this peer, if any, and reports the disconnection. Idempotent. */
  closePeerSession(peer: PeerKey, reason: string): void;
  /** Ends the sessions whose peer would not be let in any more: its membership has expired, or was revoked. */
  recheckPeers(): void;
  /** This machine's addresses changed, or it slept: every path of a pollen/2 session is tried at once. */
  shakePaths(): void;
  /**
   * Whether a router stands between this node and the Internet, which may forget the paths of
   * pollen/2 sessions over which nothing goes: then they are kept in use. At first one does.
   */
  setBehindRouter(isBehindRouter: boolean): void;
  /** Ends every session with this reason, then frees everything. Idempotent. */
  close(reason: string): Promise<void>;
}

/** The part of a mesh that tunnels need. */
export interface StreamTransport {
  /**
   * The live session with the peer, waiting for one as long as `signal` allows.
   *
   * @throws {PollenError} `cancelled`, `closed`.
   */
  session(peer: PeerKey, signal?: AbortSignal): Promise<Session>;
  /** Opens a stream to the peer, waiting for a session as long as `signal` allows. Throws as `session` does. */
  openStream(peer: PeerKey, signal?: AbortSignal): Promise<Stream>;
  /** The next stream a peer opened; null once the mesh is closed. */
  acceptStream(): Promise<IncomingStream | null>;
  /** Tells the watcher of the sessions that are there, and then of every change. There is one watcher. */
  watch(watcher: SessionWatcher): void;
}

/** Hears of sessions in the moment in which they change: for rules, which must not outlive them. */
export interface SessionWatcher {
  /** A session was admitted: streams that come on it are the peer's. A peer may have several. */
  admitted(peer: PeerKey, session: Session): void;
  /** The session that leads to the peer is another now; null when there is none any more. */
  changed(peer: PeerKey, session: Session | null): void;
}
