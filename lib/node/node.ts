// The door of one running node: how it is put together, its life, and what others may ask of it. What
// happens goes through its event loop. Everything that it starts, it ends before `start` returns:
// timers, dials, the tunnels, the mesh, the state's lock.

import type { AgentEntry, GossipEvent, SignedRevocation } from "../proto/mod.ts";
import type { ConnectionInfo } from "../tunnel/mod.ts";
import {
  type PeerKey,
  PollenError,
  type PortMapping,
  type ServicePort,
  Tasks,
  toPollenError,
  uncounted,
} from "../types/mod.ts";
import { AnnouncedLinks } from "./announced_links.ts";
import { NodeCore } from "./core.ts";
import { Dialer } from "./dialer.ts";
import { EventLoop } from "./event_loop.ts";
import { Forwards, type WhichForwards } from "./forwards.ts";
import type { NatKind } from "./nat_kind.ts";
import { OwnAddresses } from "./own_addresses.ts";
import { Performer } from "./performer.ts";
import { type PeerRefusal, Refusals } from "./refusals.ts";
import { Renewals } from "./renewals.ts";
import { Rounds } from "./rounds.ts";
import { Sender } from "./sender.ts";
import { Services } from "./services.ts";
import { StateSaver } from "./state_saver.ts";
import type { NodeInput } from "./steps.ts";
import { type Config, DEFAULT_CONFIG, type NodeDeps } from "./wiring.ts";

/**
 * One running node. It finds peers, keeps sessions with them, tells them what it knows, and keeps
 * its services and forwards alive. It is made by `create` or `openNode` and runs once.
 */
export class Node {
  readonly #deps: NodeDeps;
  readonly #core: NodeCore;
  readonly #saver: StateSaver;
  readonly #ready = Promise.withResolvers<void>();
  readonly #stopping = new AbortController();
  readonly #tasks: Tasks;
  readonly #dialer: Dialer;
  readonly #services: Services;
  readonly #forwards: Forwards;
  readonly #refusals = new Refusals();
  readonly #addresses: OwnAddresses;
  readonly #loop: EventLoop;
  readonly #rounds: Rounds;
  readonly #renewals: Renewals | null;

  private constructor(deps: NodeDeps, config: Config) {
    this.#deps = deps;
    const { local, store, tunnels, mesh, clock, log, resolve } = deps;
    const { signal } = this.#stopping;
    const report = (input: NodeInput) => this.#loop.step(input);
    const tasks = new Tasks(log, "a task of the node failed");
    this.#tasks = tasks;
    this.#core = new NodeCore({
      local,
      store,
      bootstrapPeers: config.bootstrapPeers,
      relayBytesPerSecond: config.relayBytesPerSecond,
      relayPeers: () => mesh.relayPeers(),
      limits: deps.limits ?? uncounted,
    });
    this.#saver = new StateSaver(store, clock, log);
    const common = { local, store, tunnels, saver: this.#saver, log };
    const announce = (events: readonly GossipEvent[]) => this.#loop.announce(events);
    this.#services = new Services({ ...common, announce });
    this.#forwards = new Forwards({
      ...common,
      wake: (peer) => report({ kind: "retryPeer", peer }),
    });
    this.#dialer = new Dialer({ mesh, clock, log, resolve, signal });
    this.#addresses = new OwnAddresses({ ...deps, config, report });
    const sender = new Sender(mesh, log);
    const { memberships } = deps;
    this.#renewals = memberships === undefined
      ? null
      : new Renewals({ ...deps, memberships, sender, tasks, announce });
    const parts = {
      core: this.#core,
      dialer: this.#dialer,
      forwards: this.#forwards,
      sender,
      renewals: this.#renewals,
      tasks,
    };
    this.#loop = new EventLoop({
      ...deps,
      core: this.#core,
      performer: new Performer({ ...deps, ...parts, report }),
      refusals: this.#refusals,
      signal,
      onResumed: (sleptMs) => this.#rounds.resumed(sleptMs),
    });
    this.#rounds = new Rounds({
      ...deps,
      config,
      tasks,
      loop: this.#loop,
      addresses: this.#addresses,
      forwards: this.#forwards,
      links: new AnnouncedLinks({ store, mesh, clock }),
      renewals: this.#renewals,
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
    return this.#addresses.ips;
  }

  /** `host:port` at which others reach this node, the most certain ones first; names as they were given. */
  get reachableAt(): string[] {
    return this.#addresses.reachableAt;
  }

  /** The router's port mapping; null where none is wanted, and before the node is started. */
  get portMapping(): PortMapping | null {
    return this.#addresses.portMapping;
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
    const { mesh, tunnels, store, local, log } = this.#deps;
    store.onRevocation((peer) => this.#onRevocation(peer));
    this.#services.restore();
    this.#addresses.refresh();
    this.#tasks.run(this.#addresses.refreshNames());
    tunnels.start();
    this.#loop.receive(this.#tasks);
    this.#rounds.start();
    this.#addresses.startMapping();
    this.#rounds.tick();
    log.info("node is ready", { peer: local, port: mesh.listenPort });
    this.#ready.resolve();

    await aborted(signal);
    log.info("node is stopping");
    this.#tasks.run(this.#addresses.stopMapping());
    this.#stopping.abort();
    this.#rounds.stop();
    await Promise.all([mesh.close("shutdown"), tunnels.close()]);
    await this.#tasks.settled();
    this.#renewals?.close();
    await this.#saver.close();
    await store.close();
    this.#deps.limits?.close();
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
      this.#loop.announce(events);
    }
  }

  /**
   * Tells the network what a page of this node's agents has from now on; nothing when it is known.
   *
   * @param page 0 for this machine itself, 1…511 for agents: at most 32 of them, 16 KB.
   */
  publishAgents(page: number, agents: readonly AgentEntry[]): void {
    const { store, clock } = this.#deps;
    this.#loop.announceAgents(store.agents.publish(page, agents, clock.wallNow()));
  }

  /** Whether a node is there: connected with this one, or with one that is. */
  isPresent(peer: PeerKey): boolean {
    const { store, mesh } = this.#deps;
    const connected = mesh.connectedPeers();
    return connected.includes(peer) || connected.some((other) => store.isConnected(other, peer));
  }

  #onRevocation(peer: PeerKey): void {
    this.#forwards.drop(peer);
    this.#loop.step({ kind: "revoked", peer });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
