// The door of the room: the mesh that nodes and tunnels see. Behind it, who comes is received by
// reception.ts, judged by verdict.ts and kept by sessions.ts; what flows over a session is the
// business of its link.

import type { Envelope, Frame, MembershipCert } from "../proto/mod.ts";
import {
  ALPN_MEMBER_2,
  Capability,
  type EngineNotice,
  type EngineStats,
  type IncomingStream,
  type Mesh as MeshPort,
  type Packet,
  type PeerEvent,
  type PeerFrame,
  type PeerKey,
  type PeerLink,
  type PeerPath,
  PollenError,
  type Protocol,
  type Punched,
  type PunchOptions,
  type RelayPeer,
  type Session,
  type SessionWatcher,
  type SocketAddress,
  type Stream,
} from "../types/mod.ts";
import { assemble, type Parts } from "./assembly.ts";
import { dialFirst } from "./dial.ts";
import { inviteProtocols, memberProtocols } from "./identities.ts";
import type { MeshOptions } from "./mesh_options.ts";
import { CloseReason } from "./protocol.ts";

/**
 * Sessions with the members of one network, over an engine. Envelopes that nobody receives are lost
 * beyond 64 of a peer, oldest first; tunnels that nobody accepts are reset beyond 256.
 */
export class Mesh implements MeshPort<Envelope, Frame>, AsyncDisposable {
  readonly #options: MeshOptions;
  readonly #parts: Parts;
  #isClosed = false;

  private constructor(options: MeshOptions) {
    this.#options = options;
    this.#parts = assemble(options);
  }

  /** Mints this process's certificates, shows them on the engine and begins to accept. The mesh owns the engine from now on. */
  static async create(options: MeshOptions): Promise<Mesh> {
    options.engine.setProtocols(await protocolsOf(options, options.credentials.cert));
    return new Mesh(options);
  }

  /** From now on this node shows this membership; sessions that are there go on. */
  async showMembership(membership: MembershipCert): Promise<void> {
    const protocols = await protocolsOf(this.#options, membership);
    if (!this.#isClosed) this.#options.engine.setProtocols(protocols);
  }

  /** The membership of a connected peer; null of anybody else. */
  membershipOf(peer: PeerKey): MembershipCert | null {
    const session = this.#parts.registry.get(peer);
    return session === null ? null : this.#parts.verdict.membership(session);
  }

  /**
   * From now on `recheckPeers` goes by this membership of a connected peer.
   *
   * @throws {PollenError} `unauthenticated` or `refused` when it is none, or not the peer's.
   */
  noteMembership(peer: PeerKey, membership: MembershipCert): void {
    const session = this.#parts.registry.get(peer);
    if (session !== null) this.#parts.verdict.renew(session, peer, membership);
  }

  /** The UDP port it is bound to, 1…65535. */
  get listenPort(): number {
    return this.#options.engine.localAddress.port;
  }

  /**
   * Queues one envelope for a peer connected over pollen/1 without waiting. It may get lost.
   *
   * @throws {PollenError} `unreachable` without such a session, `too_large` when it does not fit a datagram.
   */
  send(peer: PeerKey, envelope: Envelope): void {
    this.#parts.links.send(peer, envelope);
  }

  /** The next envelope, whole, of each peer in turn; null once the mesh is closed. */
  recv(): Promise<Packet<Envelope> | null> {
    return this.#parts.links.nextPacket();
  }

  /**
   * Queues one frame for a peer connected over pollen/2 without waiting. It arrives, in order,
   * unless the session ends.
   *
   * @throws {PollenError} `unreachable` without such a session, `exhausted` when too much waits.
   */
  sendFrame(peer: PeerKey, frame: Frame): void {
    this.#parts.links.sendFrame(peer, frame);
  }

  /** The next frame but a hello, of each peer in turn; null once the mesh is closed. */
  recvFrame(): Promise<PeerFrame<Frame> | null> {
    return this.#parts.links.nextFrame();
  }

  /** What is known of the other end of the session with the peer; null without one. */
  peerLink(peer: PeerKey): PeerLink | null {
    return this.#parts.links.peerLink(peer);
  }

  /** The next session that began or ended, in order; null once the mesh is closed. */
  nextPeerEvent(): Promise<PeerEvent | null> {
    return this.#parts.sessions.nextEvent();
  }

  /** The next stream that a peer opened; null once the mesh is closed. */
  acceptStream(): Promise<IncomingStream | null> {
    return this.#parts.links.nextTunnel();
  }

  /** Tells of the sessions that are there, then of every change in the moment in which it happens. */
  watch(watcher: SessionWatcher): void {
    this.#parts.sessions.watch(watcher);
  }

  /** What the engine reports of itself, one after the other; null once the mesh is closed. */
  async nextNotice(): Promise<EngineNotice | null> {
    const notice = await this.#options.engine.nextNotice();
    if (notice?.kind === "fault") this.#parts.sockStore.faulted(notice.fault);
    return notice;
  }

  /** The counters of the engine. */
  engineStats(): EngineStats {
    return this.#options.engine.stats();
  }

  /** Peers with a live session, by key. */
  connectedPeers(): PeerKey[] {
    return this.#parts.registry.peers();
  }

  /** Where the session with the peer leads; null without one, and over a carrier. */
  getActivePeerAddress(peer: PeerKey): SocketAddress | null {
    return this.peerPath(peer)?.address ?? null;
  }

  /** Which way the session with the peer goes; null without one. */
  peerPath(peer: PeerKey): PeerPath | null {
    const session = this.#parts.registry.get(peer);
    return session === null ? null : this.#parts.paths.of(session);
  }

  /** The peers between which this node could carry packets, or that could carry its own. */
  relayPeers(): ReadonlyMap<PeerKey, RelayPeer> {
    return new Map(
      this.#parts.registry.peers().flatMap((peer) => {
        const path = this.peerPath(peer);
        const capabilities = this.peerLink(peer)?.capabilities ?? [];
        if (path?.address == null || !capabilities.includes(Capability.relay)) return [];
        return [[peer, { rttMs: path.rttMs, carries: capabilities.includes(Capability.carry) }]];
      }),
    );
  }

  /** The peer may be reached there: it is asked, unless its session leads to it well enough. */
  suggestPath(peer: PeerKey, address: SocketAddress): void {
    this.#parts.paths.suggest(peer, address);
  }

  /**
   * Opens this node's end of a flow that a carrier has granted. It is gone with the session with the
   * carrier.
   *
   * @returns Where to dial the peer.
   * @throws {PollenError} `unreachable` without a direct session with the carrier, `invalid_argument`
   *   for a number that was used before in it, `exhausted`, `closed`.
   */
  openRelay(carrier: PeerKey, flow: number, peer: PeerKey): SocketAddress {
    const way = this.#parts.relays.open(carrier, flow, peer);
    this.#parts.paths.suggest(peer, way);
    return way;
  }

  /** Gives up this node's end of a flow. Idempotent. */
  closeRelay(carrier: PeerKey, flow: number): void {
    this.#parts.relays.close(carrier, flow);
  }

  /** The ways to a peer over carriers. */
  relaysTo(peer: PeerKey): SocketAddress[] {
    return this.#parts.relays.to(peer);
  }

  /**
   * Carries packets between two peers, as the flow of this number, until one of the sessions ends.
   *
   * @param bytesPerSecond 1,024…10^10, in each direction.
   * @throws {PollenError} `unreachable` unless both have a direct session, `exhausted`, `closed`.
   */
  carry(flow: number, ends: readonly [PeerKey, PeerKey], bytesPerSecond: number): void {
    this.#parts.relays.carry(flow, ends, bytesPerSecond);
  }

  /** Lets so much through from now on, as in `carry`. Without effect on a flow that is gone. */
  limitCarried(flow: number, bytesPerSecond: number): void {
    this.#parts.relays.limitCarried(flow, bytesPerSecond);
  }

  /** What each flow that is carried has passed, in bytes, by its number. */
  carriedBytes(): ReadonlyMap<number, number> {
    return this.#parts.relays.carriedBytes();
  }

  /** Carries it no more. Idempotent. */
  endCarried(flow: number): void {
    this.#parts.relays.endCarried(flow);
  }

  /**
   * The live session with the peer, waiting for one as long as `signal` allows.
   *
   * @throws {PollenError} `cancelled`, `closed`.
   */
  session(peer: PeerKey, signal?: AbortSignal): Promise<Session> {
    return this.#parts.registry.waitFor(peer, signal);
  }

  /**
   * Opens a stream to the peer, waiting for a session as long as `signal` allows.
   *
   * @throws {PollenError} `cancelled`, `closed`.
   */
  async openStream(peer: PeerKey, signal?: AbortSignal): Promise<Stream> {
    const session = await this.session(peer, signal);
    return await session.openStream(signal === undefined ? {} : { signal });
  }

  /**
   * Dials all addresses at once until one gives a verified session with this very peer; at once
   * when there is one. `timeoutMs`, 1…60 000, is for each dial.
   *
   * @throws {PollenError} `invalid_argument` without addresses, `identity_mismatch`, `unreachable`,
   *   `unauthenticated`, `refused`, `timeout`, `cancelled`, `closed`.
   */
  async connect(
    peer: PeerKey,
    addresses: readonly SocketAddress[],
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<void> {
    if (this.#parts.registry.get(peer) !== null) return;
    const session = await dialFirst(this.#options.engine, addresses, {
      alpn: ALPN_MEMBER_2,
      ...options,
      verify: (candidate) => void this.#parts.verdict.member(candidate, peer),
    });
    this.#parts.sessions.admit(peer, session);
    if (this.#isClosed) throw new PollenError("closed", "This node is shutting down.");
  }

  /**
   * Opens a way through the routers to where the peer is seen, while it does the same towards us.
   *
   * @returns Where to dial it.
   * @throws {PollenError} `unreachable` after 3 s, 4 s of unequal ends; `cancelled`; `exhausted`; what
   *   opening sockets throws.
   */
  punch(address: SocketAddress, options?: PunchOptions): Promise<Punched> {
    return this.#parts.sockStore.punch(address, options);
  }

  /** Ends every session with this peer. Idempotent, also for a peer nobody knows. */
  closePeerSession(peer: PeerKey, reason: string): void {
    this.#parts.sessions.closePeer(peer, reason);
  }

  /** Ends the sessions whose peer would not be let in any more: expired, or revoked. */
  recheckPeers(): void {
    this.#parts.sessions.recheck();
  }

  /** This machine's addresses changed, or it slept: every path of a pollen/2 session is tried at once. */
  shakePaths(): void {
    this.#parts.paths.shake();
  }

  /** Whether a router stands between this node and the Internet, which may forget its paths. At first one does. */
  setBehindRouter(isBehindRouter: boolean): void {
    this.#parts.paths.setBehindRouter(isBehindRouter);
  }

  /** Ends every session with this reason, closes the engine, and waits for both. Idempotent. */
  async close(reason: string): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#parts.sessions.close(reason);
      this.#parts.links.close();
    }
    await this.#options.engine.close(reason);
    await this.#parts.tasks.settled();
    this.#parts.throttledLog.close();
  }

  /** As `close`, with the reason of a node that shuts down. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close(CloseReason.shutdown);
  }
}

async function protocolsOf(options: MeshOptions, membership: MembershipCert): Promise<Protocol[]> {
  return [
    ...await memberProtocols(options, membership),
    ...await inviteProtocols(options, { serve: options.redeemer === null ? "sealed" : "all" }),
  ];
}
