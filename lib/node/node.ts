// The driver of one node: it turns what happens (envelopes, peers, timers, commands) into inputs of
// the core, one at a time, and performs the outputs. Everything it starts, it ends before `start`
// returns: timers, dials, the tunnels, the mesh, the state's lock.

import type { AgentEntry, GossipEvent, SignedPage, SignedRevocation } from "../proto/mod.ts";
import type { ConnectionInfo } from "../tunnel/mod.ts";
import {
  errorText,
  formatAddress,
  joinHostPort,
  type PeerKey,
  PollenError,
  type PortMapping,
  type ServicePort,
  type SocketAddress,
  toPollenError,
} from "../types/mod.ts";
import { AnnouncedLinks } from "./announced_links.ts";
import { NodeCore } from "./core.ts";
import { Dialer } from "./dialer.ts";
import { faultText } from "./faults.ts";
import { Forwards, type WhichForwards } from "./forwards.ts";
import type { NatKind } from "./nat_kind.ts";
import type { Punch } from "./punching.ts";
import { type PeerRefusal, Refusals } from "./refusals.ts";
import { RelayDriver } from "./relay_driver.ts";
import { Sender } from "./sender.ts";
import { Services } from "./services.ts";
import { StateSaver } from "./state_saver.ts";
import type { NodeInput, NodeOutput } from "./steps.ts";
import { type Config, DEFAULT_CONFIG, type NodeDeps } from "./wiring.ts";

/**
 * How often the machine is asked for its addresses: a laptop moves, and whoever talks to it waits
 * until it notices. Asking takes 0.2 ms.
 */
const ADDRESS_REFRESH_MS = 2_000;

/**
 * How long a peer may take to answer before carriers are asked for it: longer than a handshake takes
 * within a continent, and short for who waits.
 */
const RELAY_HEAD_START_MS = 300;
/** How much longer for each other dial that is under way: where many begin at once, none is answered at once. */
const RELAY_HEAD_START_MS_PER_DIAL = 50;

/** How often the names are looked up that the owner gave for this node: such names move. */
const NAMES_REFRESH_MS = 60_000;

/** How often the memberships of connected peers are looked at again: they end while sessions live on. */
const RECHECK_MS = 5 * 60 * 1000;

/**
 * One running node. It finds peers, keeps sessions with them, tells them what it knows, and keeps
 * its services and forwards alive. It is made by `create` or `openNode` and runs once.
 */
export class Node {
  readonly #deps: NodeDeps;
  readonly #config: Config;
  readonly #core: NodeCore;
  readonly #saver: StateSaver;
  readonly #ready = Promise.withResolvers<void>();
  readonly #stopping = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  readonly #dialer: Dialer;
  readonly #relays: RelayDriver;
  readonly #sender: Sender;
  readonly #services: Services;
  readonly #forwards: Forwards;
  readonly #refusals = new Refusals();
  readonly #links: AnnouncedLinks;
  #portMapping: PortMapping | null = null;
  /** Where that lets others in. */
  #mapped: SocketAddress | null = null;

  private constructor(deps: NodeDeps, config: Config) {
    this.#deps = deps;
    this.#config = config;
    const { local, store, tunnels, mesh, clock, log, resolve } = deps;
    this.#core = new NodeCore({
      local,
      store,
      bootstrapPeers: config.bootstrapPeers,
      relayBytesPerSecond: config.relayBytesPerSecond,
      relayPeers: () => mesh.relayPeers(),
    });
    this.#saver = new StateSaver(store, clock, log);
    this.#sender = new Sender(mesh, log);
    this.#links = new AnnouncedLinks({ store, mesh, clock });
    const dialer = new Dialer({ mesh, clock, log, resolve, signal: this.#stopping.signal });
    this.#dialer = dialer;
    const report = (input: NodeInput) => this.#step(input);
    this.#relays = new RelayDriver({ local, mesh, dialer, log, report });
    const common = { local, store, tunnels, saver: this.#saver, log };
    this.#services = new Services({ ...common, announce: (events) => this.#announce(events) });
    this.#forwards = new Forwards({
      ...common,
      wake: (peer) => this.#step({ kind: "retryPeer", peer }),
    });
  }

  /** A wired node that does nothing yet. It owns the mesh, the tunnels and the store from now on. */
  static create(deps: NodeDeps, config: Partial<Config> = {}): Node {
    return new Node(deps, { ...DEFAULT_CONFIG, ...config });
  }

  /** Resolves when the node serves; `listenPort` is meaningful from then on. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** The UDP port the node is bound to. */
  get listenPort(): number {
    return this.#deps.mesh.listenPort;
  }

  /** Addresses this node tells others: those it was given, else those of the machine as they are now. */
  get advertisedIps(): readonly string[] {
    const { advertisedIps } = this.#config;
    return advertisedIps.length > 0 ? advertisedIps : this.#deps.machineAddresses();
  }

  /** `host:port` at which others reach this node, the most certain ones first; names as they were given. */
  get reachableAt(): string[] {
    const mapped = this.#mapped === null ? [] : [formatAddress(this.#mapped)];
    const own = this.advertisedIps.map((ip) => joinHostPort(ip, this.listenPort));
    return [...new Set([...this.#config.advertised, ...mapped, ...own])];
  }

  /** The router's port mapping; null where none is wanted, and before the node is started. */
  get portMapping(): PortMapping | null {
    return this.#portMapping;
  }

  /** How the router in front of this node gives out ports, as far as its peers can tell. */
  natKind(): NatKind {
    return this.#core.natKind();
  }

  /** Peers with a live session, sorted. */
  getConnectedPeers(): PeerKey[] {
    return this.#deps.mesh.connectedPeers();
  }

  /** Whether no peer is connected, and the last one that was tried said nothing at all. */
  isUnanswered(): boolean {
    return this.#dialer.isUnanswered && this.#deps.mesh.connectedPeers().length === 0;
  }

  /** What peers say who turn this node away now; their own words, not proved. */
  refusals(): PeerRefusal[] {
    return this.#refusals.current(new Set(this.#deps.mesh.connectedPeers()));
  }

  /** Runs the node until the signal aborts; everything is ended and freed when it resolves. */
  async start(signal: AbortSignal): Promise<void> {
    const { mesh, tunnels, store, local, mapPort } = this.#deps;
    store.onRevocation((peer) => this.#onRevocation(peer));
    this.#services.restore();
    this.#refreshAddresses();
    this.#run(this.#refreshNames());
    tunnels.start();
    this.#run(this.#receivePackets());
    this.#run(this.#receiveFrames());
    this.#run(this.#receivePeerEvents());
    this.#run(this.#receiveNotices());
    const stopTimers = [
      this.#every(() => this.#config.peerTickIntervalMs, () => this.#tick()),
      this.#every(() => this.#gossipPause(), () => this.#gossip()),
      this.#every(() => ADDRESS_REFRESH_MS, () => this.#refreshAddresses()),
      this.#every(() => RECHECK_MS, () => mesh.recheckPeers()),
      this.#every(() => NAMES_REFRESH_MS, () => this.#run(this.#refreshNames())),
    ];
    this.#portMapping = mapPort?.(
      mesh.listenPort,
      (address) => this.#onMapped(address),
    ) ?? null;
    this.#tick();
    this.#deps.log.info("node is ready", { peer: local, port: mesh.listenPort });
    this.#ready.resolve();

    await aborted(signal);
    this.#deps.log.info("node is stopping");
    if (this.#portMapping !== null) this.#run(this.#endMapping(this.#portMapping));
    this.#stopping.abort();
    for (const stop of stopTimers) stop();
    await Promise.all([mesh.close("shutdown"), tunnels.close()]);
    await Promise.all(this.#tasks);
    await this.#saver.close();
    await store.close();
  }

  /**
   * Offers a local port to the network under a name.
   *
   * @throws {PollenError} `io`, `permission_denied` when it cannot be remembered.
   */
  registerService(port: ServicePort, name: string): Promise<void> {
    return this.#services.register(port, name);
  }

  /**
   * Takes back what was offered: one name, or every name of a port. The tunnels to a port that no
   * name stands for any more are cut.
   *
   * @returns The names that were taken back, sorted, and the port of the first.
   * @throws {PollenError} `not_found`; `io`, `permission_denied` when it cannot be remembered.
   */
  unregisterService(
    what: { readonly name: string } | { readonly port: number },
  ): Promise<{ names: string[]; port: ServicePort }> {
    return this.#services.unregister(what);
  }

  /**
   * Forwards a local port to a peer's service, now and after every restart, whether the peer is
   * there or not.
   *
   * @param localPort What to listen on; 0 for the remote port's number if it is free.
   * @param service A name that the forward follows when the peer serves it on another port. Default: none.
   * @returns The local port that listens; another one than asked for when that was taken.
   * @throws {PollenError} `not_found` for a peer nobody has heard of, `invalid_argument` for this very
   *   node, `already_exists`, `exhausted`, `io`, `unsupported` for UDP of a peer that carries none.
   */
  connectService(
    peer: PeerKey,
    remotePort: ServicePort,
    localPort: number,
    service?: string,
  ): Promise<number> {
    return this.#forwards.connect(peer, remotePort, localPort, service);
  }

  /**
   * Ends forwards for good, those included that are wanted and could not be opened.
   *
   * @returns What was ended.
   * @throws {PollenError} `not_found` when none is meant; `io`, `permission_denied`.
   */
  disconnectService(which: WhichForwards): Promise<ConnectionInfo[]> {
    return this.#forwards.disconnect(which);
  }

  /**
   * Connects with a peer at these addresses (`host:port`) now, unless there is a session already.
   *
   * @throws {PollenError} `unreachable` when no address can be resolved; what `Mesh.connect` throws.
   */
  connectPeer(peer: PeerKey, addresses: readonly string[]): Promise<void> {
    return this.#dialer.connect(peer, addresses);
  }

  /**
   * Makes a signed revocation known and acts on it here and now: session closed, forwards gone. It
   * is in force also when it cannot be saved.
   *
   * @throws {PollenError} `unauthenticated` when the root did not sign it; `io`, `permission_denied`.
   */
  async revokePeer(revocation: SignedRevocation): Promise<void> {
    const events = this.#deps.store.publishRevocation(revocation);
    try {
      await this.#saver.saveNow();
    } catch (thrown) {
      // It stays in force: who takes a membership away does not want it back because a disk is full.
      const { code, message } = toPollenError(thrown);
      throw new PollenError(
        code,
        `The node is revoked, but this is not on disk yet: a restart now may forget it. ${message}`,
        { fix: "Free some space; it is saved as soon as the disk takes it.", cause: thrown },
      );
    } finally {
      this.#announce(events);
    }
  }

  /**
   * Tells the network what a page of this node's agents has from now on; nothing when it is known.
   *
   * @param page 0 for this machine itself, 1…511 for agents: at most 32 of them, 16 KB.
   */
  publishAgents(page: number, agents: readonly AgentEntry[]): void {
    const { store, clock } = this.#deps;
    this.#tell(store.agents.publish(page, agents, clock.wallNow()));
  }

  #tell(page: SignedPage | null): void {
    if (page !== null) this.#step({ kind: "localAgents", pages: [page] });
  }

  #gossip(): void {
    this.#tell(this.#links.look());
    this.#step({ kind: "gossipTick" });
  }

  /** Whether a node is there: connected with this one, or with one that is. */
  isPresent(peer: PeerKey): boolean {
    const { store, mesh } = this.#deps;
    const connected = mesh.connectedPeers();
    return connected.includes(peer) || connected.some((other) => store.isConnected(other, peer));
  }

  /** Tells the connected peers what we changed about ourselves. */
  #announce(events: readonly GossipEvent[]): void {
    if (events.length > 0) this.#step({ kind: "localEvents", events });
  }

  #refreshAddresses(): void {
    this.#step({ kind: "ownAddresses", ips: this.advertisedIps, port: this.listenPort });
  }

  #onMapped(address: SocketAddress | null): void {
    this.#mapped = address;
    this.#step({ kind: "mappedAddress", address });
  }

  async #refreshNames(): Promise<void> {
    const { advertised } = this.#config;
    if (advertised.length === 0) return;
    const addresses = await this.#deps.resolve(advertised);
    // A name server that does not answer now takes nothing away.
    if (addresses.length > 0) this.#step({ kind: "namedAddresses", addresses });
  }

  #onRevocation(peer: PeerKey): void {
    this.#forwards.drop(peer);
    this.#step({ kind: "revoked", peer });
  }

  #tick(): void {
    this.#step({ kind: "carriedBytes", passed: this.#deps.mesh.carriedBytes() });
    this.#step({ kind: "tick", liveForwards: this.#forwards.live() });
  }

  #step(input: NodeInput): void {
    if (this.#stopping.signal.aborted) return;
    try {
      const now = this.#deps.clock.monotonicNow();
      for (const output of this.#core.step(now, input)) this.#perform(output);
    } catch (thrown) {
      // One input, perhaps a hostile member's, must not end the loop that all others come through.
      this.#deps.log.error("a step failed", { input: input.kind, reason: errorText(thrown) });
    }
  }

  #perform(output: NodeOutput): void {
    switch (output.kind) {
      case "send":
        this.#sender.send(output.peer, output.envelope);
        break;
      case "sendFrame":
        this.#sender.sendFrame(output.peer, output.frame);
        break;
      case "connect":
        this.#run(this.#connect(output.peer, output.addresses, output.names));
        break;
      case "closeSession":
        this.#deps.mesh.closePeerSession(output.peer, output.reason);
        break;
      case "restoreForward":
        this.#run(this.#forwards.restore(output.peer, output.remotePort, output.localPort));
        break;
      case "moveForward":
        this.#run(this.#forwards.move(output));
        break;
      case "punch":
        this.#run(this.#punch(output));
        break;
      case "coordinatePunch":
        this.#coordinate(output.from, output.target);
        break;
      case "openRelay":
      case "closeRelay":
      case "carry":
      case "limitCarried":
      case "endCarried":
        this.#run(this.#relays.perform(output));
        break;
      case "shakePaths":
        this.#deps.mesh.shakePaths();
        break;
      case "log":
        this.#deps.log.info(output.message, output.fields);
        break;
    }
  }

  async #connect(
    peer: PeerKey,
    addresses: readonly SocketAddress[],
    names: readonly string[],
  ): Promise<void> {
    const pending = () => this.#step({ kind: "connectPending", peer });
    const headStartMs = RELAY_HEAD_START_MS + RELAY_HEAD_START_MS_PER_DIAL * this.#dialer.running;
    const stopTimer = this.#deps.clock.setTimer(headStartMs, pending);
    const all = [...addresses, ...this.#relays.waysTo(peer)];
    const isConnected = await this.#dialer.attempt(peer, all, names).finally(stopTimer);
    if (!isConnected) this.#step({ kind: "connectFailed", peer });
  }

  async #punch(punch: Punch): Promise<void> {
    const isConnected = await this.#dialer.punch(punch);
    if (!isConnected) this.#step({ kind: "connectFailed", peer: punch.peer });
  }

  #coordinate(from: PeerKey, target: PeerKey): void {
    const { mesh, clock } = this.#deps;
    const [one, other] = [from, target].map((peer) => ({
      peer,
      address: mesh.getActivePeerAddress(peer),
    }));
    const outputs = this.#core.coordinate(clock.monotonicNow(), one!, other!);
    for (const output of outputs) this.#perform(output);
  }

  async #receivePackets(): Promise<void> {
    for (let packet; (packet = await this.#deps.mesh.recv()) !== null;) {
      this.#step({ kind: "packet", packet });
    }
  }

  async #receiveFrames(): Promise<void> {
    for (let packet; (packet = await this.#deps.mesh.recvFrame()) !== null;) {
      this.#step({ kind: "frame", packet });
    }
  }

  async #receivePeerEvents(): Promise<void> {
    for (let event; (event = await this.#deps.mesh.nextPeerEvent()) !== null;) {
      this.#refusals.note(event);
      this.#step({ kind: "peerEvent", event });
    }
  }

  async #receiveNotices(): Promise<void> {
    for (let notice; (notice = await this.#deps.mesh.nextNotice()) !== null;) {
      if (notice.kind === "resumed") this.#onResumed(notice.sleptMs);
      else {
        const { fault, count, reason } = notice;
        this.#deps.log.warn(faultText(fault), { fault, count, reason });
      }
    }
  }

  /**
   * Timers stand still while the machine sleeps, and come late by as much: what the long ones are
   * for is done at once.
   */
  #onResumed(sleptMs: number): void {
    const { log, mesh } = this.#deps;
    log.info("nothing ran for a while: this machine slept, or the process was stopped", {
      sleptMs,
    });
    mesh.recheckPeers();
    mesh.shakePaths();
    this.#refreshAddresses();
    this.#step({ kind: "resumed" });
    this.#gossip();
  }

  async #endMapping(mapping: PortMapping): Promise<void> {
    await mapping[Symbol.asyncDispose]();
  }

  #gossipPause(): number {
    const { gossipIntervalMs, gossipJitter, disableGossipJitter } = this.#config;
    if (disableGossipJitter) return gossipIntervalMs;
    return gossipIntervalMs * (1 + gossipJitter * (2 * this.#deps.random.uniform() - 1));
  }

  /** Calls `act` again and again, the pause asked for each time. The result ends it. */
  #every(pauseMs: () => number, act: () => void): () => void {
    let cancel = () => {};
    const schedule = () => {
      cancel = this.#deps.clock.setTimer(pauseMs(), () => {
        schedule();
        act();
      });
    };
    schedule();
    return () => cancel();
  }

  #run(task: Promise<void>): void {
    const guarded = task.catch((thrown) => {
      this.#deps.log.error("a task of the node failed", { reason: errorText(thrown) });
    }).finally(() => this.#tasks.delete(guarded));
    this.#tasks.add(guarded);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
