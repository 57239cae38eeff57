// Sessions with the members of our network: dialling, accepting, the verdict. What flows over them
// is the business of their links.
//
// The invariant: a session is admitted only after its certificate was verified, and at most one
// session per peer is the one that `send`, `session` and `openStream` use.

import type { IdentityKey, NodeCredentials, SignedTimes } from "../auth/mod.ts";
import type { Envelope, Frame } from "../proto/mod.ts";
import { SockStore } from "../sock/mod.ts";
import {
  ALPN_MEMBER_2,
  BoundedQueue,
  Capability,
  type Clock,
  type Engine,
  type EngineNotice,
  type EngineStats,
  errorText,
  type IncomingStream,
  type Log,
  LogThrottle,
  type Mesh as MeshPort,
  type Packet,
  PEER_EVENTS_WAITING_MAX,
  type PeerEvent,
  type PeerFrame,
  type PeerKey,
  type PeerLink,
  type PeerPath,
  PeerRateLimiter,
  PollenError,
  type Punched,
  type PunchOptions,
  type Random,
  type RelayPeer,
  RESTARTS_MAX,
  type Session,
  type SessionEnd,
  type SessionWatcher,
  showAddress,
  type SocketAddress,
  type Stream,
} from "../types/mod.ts";
import { dialFirst } from "./dial.ts";
import { Gatekeeper } from "./gatekeeper.ts";
import { HeldSockets } from "./held_sockets.ts";
import { InviteSlots } from "./invite_slots.ts";
import { reasonOf, refusalText } from "./ends.ts";
import { serveInvite } from "./invite_serve.ts";
import { inviteProtocols, memberProtocols } from "./identities.ts";
import { Links } from "./links.ts";
import { Paths } from "./paths.ts";
import { handOutRawPackets } from "./raw_packets.ts";
import { Relays } from "./relays.ts";
import { ALPN_INVITE_1, ALPN_INVITE_2, CloseReason } from "./protocol.ts";
import type { Redeemer } from "./redeemer.ts";
import { Redemptions } from "./redemptions.ts";
import { type Member, SessionRegistry } from "./registry.ts";
import { verifyMember } from "./verifier.ts";

/** One more is taken after each such time. A supervisor restarts a crashing daemon about as often. */
const RESTART_PAUSE_MS = 5_000;

/** What a mesh is made of. */
export interface MeshOptions {
  /** Bound to its UDP port. The mesh replaces its protocols and closes it. */
  readonly engine: Engine;
  /** This node's key pair. */
  readonly identity: IdentityKey;
  /** This node's membership, and the network whose members it lets in. */
  readonly credentials: NodeCredentials;
  /** Validity of the TLS certificate minted for this process, in milliseconds. */
  readonly tlsIdentityTtlMs: number;
  /** Redeems invites; null when this node holds no admin key, and then it passes requests on. */
  readonly redeemer: Redeemer | null;
  /** Its wall clock judges the memberships of peers. */
  readonly clock: Clock;
  /** Draws the certificates' serial numbers. */
  readonly random: Random;
  /** This program's version, which peers are told. */
  readonly version: string;
  /** Whether this node carries packets for others, which peers are told. Default: it does not. */
  readonly carries?: boolean;
  /** Takes refused connections and restarted peers. */
  readonly log: Log;
  /** Learns of moments that this machine's clock has not reached. Default: nobody does. */
  readonly signedTimes?: SignedTimes;
  /** Where a peer may be, besides where its session leads. Default: nowhere else. */
  candidates?(peer: PeerKey): readonly SocketAddress[];
  /** Whether a peer lost its membership. Asked at each handshake and by `recheckPeers`. */
  isRevoked(peer: PeerKey): boolean;
}

/**
 * Sessions with the members of one network, over an engine. Envelopes that nobody receives are lost
 * beyond 64 of a peer, oldest first; tunnels that nobody accepts are reset beyond 256.
 */
export class Mesh implements MeshPort<Envelope, Frame>, AsyncDisposable {
  readonly #options: MeshOptions;
  readonly #registry: SessionRegistry;
  readonly #links: Links;
  readonly #events = new BoundedQueue<PeerEvent>(PEER_EVENTS_WAITING_MAX);
  /** Everything that runs beside the caller, so that `close` can wait for it. */
  readonly #tasks = new Set<Promise<void>>();
  readonly #restarts = new PeerRateLimiter(RESTARTS_MAX, RESTART_PAUSE_MS);
  #watcher: SessionWatcher | null = null;
  readonly #gatekeeper = new Gatekeeper();
  readonly #inviteSlots = new InviteSlots();
  readonly #redemptions: Redemptions;
  readonly #relays: Relays;
  readonly #paths: Paths;
  readonly #sockStore: SockStore;
  readonly #heldSockets: HeldSockets;
  /** For what others can cause as often as they like. */
  readonly #throttledLog: LogThrottle;
  #isClosed = false;

  private constructor(options: MeshOptions) {
    this.#options = options;
    this.#registry = new SessionRegistry(options.identity.peerKey);
    this.#throttledLog = new LogThrottle(options.log, options.clock);
    const { engine, clock, log, version, redeemer, carries = false } = options;
    const current = (peer: PeerKey) => this.#registry.get(peer);
    this.#redemptions = new Redemptions({
      clusterId: options.credentials.trust.clusterId,
      redeemer,
      clock,
      log,
      throttledLog: this.#throttledLog,
      peersWith: (capability) => this.#peersWith(capability),
    });
    const capabilities = [
      ...this.#redemptions.capabilities,
      Capability.relay,
      ...(carries ? [Capability.carry] : []),
    ];
    const redemption = (peer: PeerKey, stream: Stream) =>
      this.#run(this.#redemptions.serve(peer, stream));
    this.#links = new Links({
      clock,
      log,
      hello: { version, capabilities },
      current,
      redemption,
    });
    this.#relays = new Relays({ engine, current });
    this.#paths = new Paths({
      engine,
      clock,
      log,
      relays: this.#relays,
      candidates: (peer) => options.candidates?.(peer) ?? [],
      onMoved: (peer, session) => this.#onMoved(peer, session),
      onSilent: (peer, session) => this.#onSilent(peer, session),
    });
    this.#sockStore = new SockStore({
      clock,
      random: options.random,
      send: (to, bytes) => engine.sendRaw(to, bytes),
      openSocket: () => engine.openSocket(),
    });
    this.#heldSockets = new HeldSockets(this.#sockStore);
  }

  /** Mints this process's certificates, shows them on the engine and begins to accept. The mesh owns the engine from now on. */
  static async create(options: MeshOptions): Promise<Mesh> {
    options.engine.setProtocols([
      ...await memberProtocols(options, options.credentials.cert),
      ...await inviteProtocols(options, { serve: options.redeemer === null ? "sealed" : "all" }),
    ]);
    const mesh = new Mesh(options);
    options.engine.setGatekeeper((attempt) =>
      mesh.#gatekeeper.decide(attempt, options.clock.monotonicNow())
    );
    mesh.#run(mesh.#acceptSessions());
    const receivers = [mesh.#paths, mesh.#sockStore].map((receiver) =>
      receiver.received.bind(receiver)
    );
    mesh.#run(handOutRawPackets(options.engine, receivers));
    return mesh;
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
    this.#links.send(peer, envelope);
  }

  /** The next envelope, whole, of each peer in turn; null once the mesh is closed. */
  recv(): Promise<Packet<Envelope> | null> {
    return this.#links.nextPacket();
  }

  /**
   * Queues one frame for a peer connected over pollen/2 without waiting. It arrives, in order,
   * unless the session ends.
   *
   * @throws {PollenError} `unreachable` without such a session, `exhausted` when too much waits.
   */
  sendFrame(peer: PeerKey, frame: Frame): void {
    this.#links.sendFrame(peer, frame);
  }

  /** The next frame but a hello, of each peer in turn; null once the mesh is closed. */
  recvFrame(): Promise<PeerFrame<Frame> | null> {
    return this.#links.nextFrame();
  }

  /** What is known of the other end of the session with the peer; null without one. */
  peerLink(peer: PeerKey): PeerLink | null {
    return this.#links.peerLink(peer);
  }

  /** The next session that began or ended, in order; null once the mesh is closed. */
  nextPeerEvent(): Promise<PeerEvent | null> {
    return this.#events.next();
  }

  /** The next stream that a peer opened; null once the mesh is closed. */
  acceptStream(): Promise<IncomingStream | null> {
    return this.#links.nextTunnel();
  }

  /** Tells of the sessions that are there, then of every change in the moment in which it happens. */
  watch(watcher: SessionWatcher): void {
    this.#watcher = watcher;
    for (const { peer, session } of this.#registry.all()) watcher.admitted(peer, session);
    for (const peer of this.#registry.peers()) watcher.changed(peer, this.#registry.get(peer));
  }

  /** What the engine reports of itself, one after the other; null once the mesh is closed. */
  nextNotice(): Promise<EngineNotice | null> {
    return this.#options.engine.nextNotice();
  }

  /** The counters of the engine. */
  engineStats(): EngineStats {
    return this.#options.engine.stats();
  }

  /** Peers with a live session, by key. */
  connectedPeers(): PeerKey[] {
    return this.#registry.peers();
  }

  /** Where the session with the peer leads; null without one, and over a carrier. */
  getActivePeerAddress(peer: PeerKey): SocketAddress | null {
    return this.peerPath(peer)?.address ?? null;
  }

  /** Which way the session with the peer goes; null without one. */
  peerPath(peer: PeerKey): PeerPath | null {
    const session = this.#registry.get(peer);
    return session === null ? null : this.#paths.of(session);
  }

  /** The peers between which this node could carry packets, or that could carry its own. */
  relayPeers(): ReadonlyMap<PeerKey, RelayPeer> {
    return new Map(
      this.#registry.peers().flatMap((peer) => {
        const path = this.peerPath(peer);
        const capabilities = this.peerLink(peer)?.capabilities ?? [];
        if (path?.address == null || !capabilities.includes(Capability.relay)) return [];
        return [[peer, { rttMs: path.rttMs, carries: capabilities.includes(Capability.carry) }]];
      }),
    );
  }

  /** The peer may be reached there: it is asked, unless its session leads to it well enough. */
  suggestPath(peer: PeerKey, address: SocketAddress): void {
    this.#paths.suggest(peer, address);
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
    const way = this.#relays.open(carrier, flow, peer);
    this.#paths.suggest(peer, way);
    return way;
  }

  /** Gives up this node's end of a flow. Idempotent. */
  closeRelay(carrier: PeerKey, flow: number): void {
    this.#relays.close(carrier, flow);
  }

  /** The ways to a peer over carriers. */
  relaysTo(peer: PeerKey): SocketAddress[] {
    return this.#relays.to(peer);
  }

  /**
   * Carries packets between two peers, as the flow of this number, until one of the sessions ends.
   *
   * @param bytesPerSecond 1,024…10^10, in each direction.
   * @throws {PollenError} `unreachable` unless both have a direct session, `exhausted`, `closed`.
   */
  carry(flow: number, ends: readonly [PeerKey, PeerKey], bytesPerSecond: number): void {
    this.#relays.carry(flow, ends, bytesPerSecond);
  }

  /** Carries it no more. Idempotent. */
  endCarried(flow: number): void {
    this.#relays.endCarried(flow);
  }

  /**
   * The live session with the peer, waiting for one as long as `signal` allows.
   *
   * @throws {PollenError} `cancelled`, `closed`.
   */
  session(peer: PeerKey, signal?: AbortSignal): Promise<Session> {
    return this.#registry.waitFor(peer, signal);
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
    if (this.#registry.get(peer) !== null) return;
    const session = await dialFirst(this.#options.engine, addresses, {
      alpn: ALPN_MEMBER_2,
      ...options,
      verify: (candidate) => void this.#verify(candidate, peer),
    });
    this.#admit(peer, session);
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
    return this.#sockStore.punch(address, options);
  }

  /** Ends every session with this peer. Idempotent, also for a peer nobody knows. */
  closePeerSession(peer: PeerKey, reason: string): void {
    // Those that stand by go too: a peer that was cut off must not come back by one of them.
    const members = this.#registry.removeAll(peer);
    for (const { session } of members) session.close(reason);
    if (members.length > 0) {
      this.#reportDisconnected(peer, { kind: "local", errorCode: 0, reason });
    }
  }

  /** Ends the sessions whose peer would not be let in any more: expired, or revoked. */
  recheckPeers(): void {
    for (const peer of this.#registry.peers()) {
      const session = this.#registry.get(peer);
      if (session === null) continue;
      try {
        this.#verify(session, peer);
      } catch (thrown) {
        const reason = errorText(thrown);
        this.#options.log.warn("a peer is no member any more", { peer, reason });
        this.closePeerSession(peer, refusalText(reason));
      }
    }
  }

  /** This machine's addresses changed, or it slept: every path of a pollen/2 session is tried at once. */
  shakePaths(): void {
    this.#paths.shake();
  }

  /** Ends every session with this reason, closes the engine, and waits for both. Idempotent. */
  async close(reason: string): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      for (const { session } of this.#registry.close()) session.close(reason);
      this.#events.close();
      this.#links.close();
    }
    await this.#options.engine.close(reason);
    await Promise.all(this.#tasks);
    this.#throttledLog.close();
  }

  /** As `close`, with the reason of a node that shuts down. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close(CloseReason.shutdown);
  }

  async #acceptSessions(): Promise<void> {
    for (let session; (session = await this.#options.engine.accept()) !== null;) {
      const isInvite = session.alpn === ALPN_INVITE_1 || session.alpn === ALPN_INVITE_2;
      if (isInvite) this.#acceptInvite(session);
      else this.#acceptMember(session);
    }
  }

  #acceptMember(session: Session): void {
    try {
      this.#admit(this.#verify(session, null), session);
    } catch (thrown) {
      const reason = errorText(thrown);
      this.#throttledLog.warn("refused a connection", {
        address: showAddress(session.remoteAddress),
        reason,
      });
      session.close(refusalText(reason));
    }
  }

  #acceptInvite(session: Session): void {
    const leave = this.#inviteSlots.enter(session.remoteAddress.ip);
    if (leave === null) {
      session.close(CloseReason.inviteFailed);
      return;
    }
    const { redeemer, clock, log } = this.#options;
    const served = serveInvite(session, {
      redeemer,
      redemptions: this.#redemptions,
      clock,
      log,
      throttledLog: this.#throttledLog,
    });
    this.#run(served.finally(leave));
  }

  #peersWith(capability: string): [PeerKey, Session][] {
    return this.#registry.peers().flatMap((peer) => {
      const session = this.#registry.get(peer);
      const has = this.#links.peerLink(peer)?.capabilities.includes(capability) ?? false;
      return session !== null && has ? [[peer, session]] : [];
    });
  }

  #verify(session: Session, expected: PeerKey | null): PeerKey {
    const peer = this.#member(session, expected);
    if (peer === this.#options.identity.peerKey) {
      throw new PollenError("identity_mismatch", "That address leads back to this very node.");
    }
    return peer;
  }

  #member(session: Session, expected: PeerKey | null): PeerKey {
    const { credentials, clock, isRevoked, signedTimes } = this.#options;
    const options = { credentials, now: clock.wallNow(), expected, isRevoked };
    try {
      return verifyMember(session.peerCertificate, options);
    } catch (thrown) {
      signedTimes?.learn(thrown);
      throw thrown;
    }
  }

  /** Takes a verified session in, closes the one it displaces, and serves it. */
  #admit(peer: PeerKey, session: Session): void {
    if (this.#isClosed) {
      session.close(CloseReason.shutdown);
      return;
    }
    const now = this.#options.clock.monotonicNow();
    const member: Member = { peer, session, addedAtMs: now };
    if (this.#registry.isRestart(member)) {
      if (!this.#restarts.allow(peer, now)) {
        this.#throttledLog.warn(
          "a peer replaces its session too often; do two machines share its key?",
          {
            peer,
            address: showAddress(session.remoteAddress),
          },
        );
        session.close(CloseReason.duplicate);
        return;
      }
      this.#options.log.info("peer restarted", { peer });
    }
    const added = this.#registry.add(member);
    if (added.kind === "refused") {
      session.close(CloseReason.duplicate);
      return;
    }
    if (added.kind === "current") {
      for (const loser of added.losers) loser.session.close(CloseReason.replaced);
    }
    this.#paths.begin(session);
    this.#gatekeeper.memberSeen(session.remoteAddress.ip, session);
    this.#heldSockets.hold(session);
    // What stands by may be one of many, and a member is to have the bounds of one session.
    session.admit({ narrow: added.kind === "standing_by" });
    this.#watcher?.admitted(peer, session);
    this.#run(this.#links.serve(peer, session));
    if (session.alpn === ALPN_MEMBER_2) this.#run(this.#paths.keep(peer, session));
    this.#run(session.closed.then((end) => {
      this.#heldSockets.release(session);
      this.#forget(peer, session, end);
    }));
    if (added.kind === "current") this.#reportConnected(member);
  }

  #reportConnected({ peer, session }: Member): void {
    this.#watcher?.changed(peer, session);
    const isReported = this.#events.push({
      kind: "connected",
      peer,
      address: this.#paths.of(session).address,
      inbound: session.inbound,
      protocol: this.#links.protocolOf(session),
    });
    if (!isReported) session.close("overloaded");
  }

  #onMoved(peer: PeerKey, session: Session): void {
    this.#heldSockets.hold(session);
    if (this.#registry.get(peer) !== session) return;
    const { address } = this.#paths.of(session);
    if (!this.#events.push({ kind: "moved", peer, address })) session.close("overloaded");
  }

  #onSilent(peer: PeerKey, session: Session): void {
    if (this.#registry.get(peer) === session) this.#events.push({ kind: "silent", peer });
  }

  #forget(peer: PeerKey, session: Session, end: SessionEnd): void {
    const removed = this.#registry.remove(peer, session);
    if (removed.kind === "succeeded") {
      removed.successor.session.admit();
      this.#reportConnected(removed.successor);
    }
    if (removed.kind === "gone") this.#reportDisconnected(peer, end);
  }

  #reportDisconnected(peer: PeerKey, end: SessionEnd): void {
    this.#watcher?.changed(peer, null);
    this.#events.push({
      kind: "disconnected",
      peer,
      reason: reasonOf(end),
      text: end.reason,
      isRemote: end.kind === "remote",
    });
  }

  #run(task: Promise<void>): void {
    const guarded = task.catch((thrown) => {
      this.#options.log.error("a task of the mesh failed", { reason: errorText(thrown) });
    }).finally(() => this.#tasks.delete(guarded));
    this.#tasks.add(guarded);
  }
}
