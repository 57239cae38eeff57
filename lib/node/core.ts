// The node's decisions: what to send, whom to dial, what to restore. Pure: an input with its moment
// goes in, outputs come out, and a driver performs them. It owns the peer state machine and reads
// and writes the replicated state in memory; it knows no socket, no timer and no file.
//
//   input                    what follows
//   tick                     known peers are discovered, due ones dialled, forwards restored or moved,
//                            who reaches whom is passed on
//   gossipTick               our clock goes to every connected peer, which answers with what we miss
//   peerEvent connected      reachability is told, the new peer gets our clock at once (eager sync)
//   peerEvent disconnected   reachability is told, a retry is planned
//   resumed                  the machine slept: peers are tried without waiting for half a minute
//   packet clock             the events that its sender misses go back
//   packet events            they are applied; what was new travels on to the other peers
//   frame                    the same over pollen/2: see sync.ts
//   connectPending           a carrier is asked for: see relaying.ts and, on its side, carrying.ts

import { PeerStore } from "../peer/mod.ts";
import type { Envelope, Frame, PunchCoordTrigger, PunchCoordUnequal } from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import {
  addMs,
  assertNever,
  formatAddress,
  isUdpPort,
  type MonotonicMs,
  type Packet,
  PEER_KEY_BYTES,
  type PeerEvent,
  type PeerFrame,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  type PunchPart,
  type RelayPeer,
  type ServicePort,
  type SocketAddress,
} from "../types/mod.ts";
import { addressesOf } from "./addresses.ts";
import { Coordinating, type MaybeSeen } from "./coordinating.ts";
import { Exchange } from "./exchange.ts";
import type { NatKind } from "./nat_kind.ts";
import { natKindFrom, NatReports } from "./nat_reports.ts";
import { Punching } from "./punching.ts";
import { Reach } from "./reach.ts";
import { Relays } from "./relays.ts";
import type { BootstrapPeer, NodeInput, NodeOutput } from "./steps.ts";
import { Whereabouts } from "./whereabouts.ts";

/**
 * How long after a sleep nobody waits: the network comes back some seconds later than the machine,
 * and sessions show only then whether they live.
 */
const RESUMING_MS = 30_000;

/** The name of a forward: it is the only one to that port of that peer. */
export function forwardKey(peer: PeerKey, remotePort: ServicePort): string {
  return `${peer}:${remotePort}`;
}

export interface NodeCoreOptions {
  readonly local: PeerKey;
  readonly store: Store;
  readonly bootstrapPeers: readonly BootstrapPeer[];
  /** Bytes per second that are carried for one member in each direction. Default null: none are. */
  readonly relayBytesPerSecond?: number | null;
  /** The peers that can take part in relays. Default: nobody. */
  relayPeers?(): ReadonlyMap<PeerKey, RelayPeer>;
}

export class NodeCore {
  readonly #store: Store;
  readonly #bootstrap: readonly BootstrapPeer[];
  readonly #peers = new PeerStore();
  readonly #whereabouts: Whereabouts;
  /** Until when peers are tried without waiting. */
  #resumingUntil: MonotonicMs | null = null;
  readonly #exchange: Exchange;
  readonly #reach: Reach;
  readonly #punching: Punching;
  readonly #coordinating: Coordinating;
  readonly #natReports: NatReports;
  readonly #relays: Relays;

  constructor(options: NodeCoreOptions) {
    this.#store = options.store;
    this.#whereabouts = new Whereabouts(options.store);
    this.#exchange = new Exchange(options.store, () => this.connectedPeers());
    this.#reach = new Reach(options.store);
    this.#punching = new Punching(options.store, () => this.natKind());
    this.#coordinating = new Coordinating(this.#exchange);
    this.#natReports = new NatReports(() => this.connectedPeers(), this.#exchange);
    const { store, relayBytesPerSecond: bytesPerSecond = null } = options;
    const peers = () => options.relayPeers?.() ?? new Map<PeerKey, RelayPeer>();
    this.#relays = new Relays({ store, bytesPerSecond, peers });
    this.#bootstrap = options.bootstrapPeers.filter(({ peerKey }) => peerKey !== options.local);
  }

  step(now: MonotonicMs, input: NodeInput): NodeOutput[] {
    switch (input.kind) {
      case "tick":
        return [
          ...this.#tick(now),
          ...this.#exchange.broadcast(this.#reach.tick(now)),
          ...this.#exchange.tick(now),
          ...this.#restoreForwards(input.liveForwards),
          ...this.#relays.tick(now),
          ...this.#relays.relaying.punches(now).flatMap((peer) => this.#requestPunch(now, peer)),
        ];
      case "gossipTick":
        return this.#exchange.round();
      case "peerEvent":
        return this.#onPeerEvent(now, input.event);
      case "packet":
        return this.#onEnvelope(now, input.packet);
      case "frame":
        return this.#onFrame(now, input.packet);
      case "connectFailed":
        this.#fail(now, input.peer);
        return this.#seekRelay(now, input.peer);
      case "connectPending":
        return this.#seekRelay(now, input.peer);
      case "relayOpened":
      case "carried":
        return this.#relays.performed(input);
      case "carriedBytes":
        return this.#relays.measured(now, input.passed);
      case "resumed":
        this.#resumingUntil = addMs(now, RESUMING_MS);
        return this.#retryAll(now);
      case "retryPeer":
        this.#peers.step(now, { kind: "retryPeer", peer: input.peer });
        return this.#tick(now);
      case "revoked":
        this.#peers.step(now, { kind: "forgetPeer", peer: input.peer });
        return [
          ...this.#relays.relaying.forget(input.peer),
          { kind: "closeSession", peer: input.peer, reason: "revoked" },
        ];
      case "ownAddresses":
        return this.#noteAddresses(now, input);
      case "namedAddresses":
        this.#whereabouts.nameTo(input.addresses);
        return this.#announceAddresses();
      case "mappedAddress":
        this.#whereabouts.mapTo(input.address);
        return this.#announceAddresses();
      case "localEvents":
        return this.#exchange.broadcast(input.events);
      case "localAgents":
        return this.#exchange.broadcastAgents(input.pages);
      default:
        return assertNever(input);
    }
  }

  /** Peers with a live session, sorted. */
  connectedPeers(): PeerKey[] {
    return this.#peers.getAll("connected").map(({ peer }) => peer);
  }

  /** How the router in front of this node gives out ports, as far as its peers can tell. */
  natKind(): NatKind {
    return this.#whereabouts.natKind();
  }

  #tick(now: MonotonicMs): NodeOutput[] {
    for (const { peerKey } of this.#bootstrap) {
      if (this.#store.isSubjectRevoked(peerKey)) continue;
      if (this.#peers.get(peerKey) === null) {
        this.#peers.step(now, {
          kind: "discoverPeer",
          peer: peerKey,
          ips: [],
          port: 0,
          lastAddr: null,
        });
      }
    }
    for (const known of this.#store.knownPeers()) {
      this.#peers.step(now, {
        kind: "discoverPeer",
        peer: known.peerId,
        ips: known.ips,
        port: known.localPort,
        lastAddr: known.lastAddr,
      });
    }
    return this.#peers.step(now, { kind: "tick" }).flatMap((output): NodeOutput[] => {
      switch (output.kind) {
        case "attemptEagerConnect":
          return [
            { kind: "connect", peer: output.peer, addresses: [output.address], names: [] },
            ...this.#seekAgain(now, output.peer),
          ];
        case "attemptConnect":
          return [this.#dialEverything(output.peer), ...this.#seekAgain(now, output.peer)];
        case "requestPunchCoordination":
          return this.#requestPunch(now, output.peer);
        case "peerConnected":
          return [];
        default:
          return assertNever(output);
      }
    });
  }

  /** A carrier is asked for as long as the peer is not connected. */
  #seekRelay(now: MonotonicMs, peer: PeerKey): NodeOutput[] {
    if (this.#peers.get(peer) === null || this.#peers.inState(peer, "connected")) return [];
    return this.#relays.relaying.seek(now, peer);
  }

  /** One that was not reached before is not waited for. */
  #seekAgain(now: MonotonicMs, peer: PeerKey): NodeOutput[] {
    return this.#relays.relaying.isSought(peer) ? this.#relays.relaying.seek(now, peer) : [];
  }

  /** Asks a common peer; without one the peer is tried again from the start after its pause. */
  #requestPunch(now: MonotonicMs, peer: PeerKey): NodeOutput[] {
    const coordinator = this.#punching.coordinatorFor(peer, this.#coordinators());
    if (coordinator === null) {
      this.#fail(now, peer);
      return [];
    }
    const value = { peerId: peerKeyBytes(peer) };
    return [this.#exchange.say(coordinator, { kind: "punchCoordRequest", value })];
  }

  /** Who sees us from outside comes first, then who can say no. */
  #coordinators(): PeerKey[] {
    const rank = (peer: PeerKey) =>
      (this.#whereabouts.isSeenBy(peer) ? 2 : 0) + (this.#exchange.takesFrames(peer) ? 1 : 0);
    return this.connectedPeers().sort((a, b) => rank(b) - rank(a));
  }

  #onPunchRequest(now: MonotonicMs, from: PeerKey, peerId: Uint8Array): NodeOutput[] {
    const target = this.#punching.requested(now, from, peerId);
    return target === null ? [] : [{ kind: "coordinatePunch", from, target }];
  }

  #onPunchTrigger(
    now: MonotonicMs,
    from: PeerKey,
    trigger: PunchCoordTrigger,
    part?: PunchPart,
  ): NodeOutput[] {
    const punch = this.#punching.triggered(now, from, trigger, part);
    if (punch === null || this.#isReached(punch.peer)) return [];
    const begun = this.#punching.begin(now, punch);
    if (begun === "begun") return [{ kind: "punch", ...punch }];
    // What runs says itself what became of it.
    if (begun === "resting") this.#fail(now, punch.peer);
    return [];
  }

  #onUnequalPunch(
    now: MonotonicMs,
    from: PeerKey,
    { trigger, isHard }: PunchCoordUnequal,
  ): NodeOutput[] {
    if (trigger === undefined) return [];
    return this.#onPunchTrigger(now, from, trigger, isHard ? "hard" : "easy");
  }

  /** Nobody there: the next attempt asks another one. */
  #onPunchRefused(now: MonotonicMs, peerId: Uint8Array): NodeOutput[] {
    if (peerId.length === PEER_KEY_BYTES) this.#fail(now, peerKeyFromBytes(peerId));
    return [];
  }

  /** Tells two peers where the other one is seen from here; the first, if that is of no use. */
  coordinate(now: MonotonicMs, from: MaybeSeen, target: MaybeSeen): NodeOutput[] {
    return this.#coordinating.coordinate(now, from, target);
  }

  /** Connected, and not over a carrier. */
  #isReached(peer: PeerKey): boolean {
    return this.#peers.inState(peer, "connected") && !this.#relays.relaying.isRelayed(peer);
  }

  #isResuming(now: MonotonicMs): boolean {
    return this.#resumingUntil !== null && now < this.#resumingUntil;
  }

  /** An attempt failed. After a sleep the long rest is left out. */
  #fail(now: MonotonicMs, peer: PeerKey): void {
    this.#peers.step(now, { kind: "connectFailed", peer });
    if (this.#isResuming(now) && this.#peers.inState(peer, "unreachable")) {
      this.#peers.step(now, { kind: "retryPeer", peer });
    }
  }

  /** Every peer that waits is tried now. */
  #retryAll(now: MonotonicMs): NodeOutput[] {
    for (const { peer } of this.#peers.getAll()) this.#peers.step(now, { kind: "retryPeer", peer });
    return this.#tick(now);
  }

  /** Other addresses are another network: who could not be reached from the old one may be now. */
  #noteAddresses(
    now: MonotonicMs,
    own: { readonly ips: readonly string[]; readonly port: number },
  ): NodeOutput[] {
    if (!this.#whereabouts.moveTo(own)) return this.#announceAddresses();
    return [{ kind: "shakePaths" }, ...this.#announceAddresses(), ...this.#retryAll(now)];
  }

  #announceAddresses(): NodeOutput[] {
    const events = this.#exchange.broadcast(this.#whereabouts.announce());
    return [...events, ...this.#natReports.now(this.natKind())];
  }

  #dialEverything(peer: PeerKey): NodeOutput {
    const known = this.#store.get(peer);
    const names = this.#bootstrap.find(({ peerKey }) => peerKey === peer)?.addrs ?? [];
    return {
      kind: "connect",
      peer,
      addresses: known === null ? [] : addressesOf(known),
      names,
    };
  }

  #restoreForwards(live: ReadonlySet<string>): NodeOutput[] {
    const wanted = this.#store.desiredConnections();
    const taken = new Set(wanted.map(({ peerId, remotePort }) => forwardKey(peerId, remotePort)));
    return wanted.flatMap(({ peerId: peer, remotePort, localPort, service }): NodeOutput[] => {
      const toPort = this.#store.get(peer)?.services.get(service ?? "");
      const follows = service !== undefined && toPort !== undefined &&
        isUdpPort(toPort) === isUdpPort(remotePort) && !taken.has(forwardKey(peer, toPort));
      if (follows) {
        return [{ kind: "moveForward", peer, service, remotePort, toPort }];
      }
      if (live.has(forwardKey(peer, remotePort))) return [];
      return [{ kind: "restoreForward", peer, remotePort, localPort }];
    });
  }

  #onConnected(
    now: MonotonicMs,
    { peer, address, inbound, protocol }: Extract<PeerEvent, { kind: "connected" }>,
  ): NodeOutput[] {
    // The session was reported while the revocation was on its way: it is none of a member any more.
    if (this.#store.isSubjectRevoked(peer)) {
      return [{ kind: "closeSession", peer, reason: "revoked" }];
    }
    this.#peers.step(now, { kind: "connectPeer", peer, address, inbound });
    const place = address === null ? { relayed: true } : { ip: address.ip, port: address.port };
    return [
      ...this.#exchange.begin(now, peer, protocol),
      ...this.#natReports.begin(peer),
      ...this.#exchange.broadcast(this.#reach.change(now, peer, true)),
      ...this.#onPath(now, peer, address),
      { kind: "log", message: "peer connected", fields: { peer, ...place, inbound, protocol } },
      ...this.#relays.endPeer(now, peer),
    ];
  }

  /** The session with the peer leads there; over a carrier if that is null. */
  #onPath(now: MonotonicMs, peer: PeerKey, address: SocketAddress | null): NodeOutput[] {
    if (address === null) return this.#relays.relaying.relayed(now, peer);
    this.#relays.relaying.reached(now, peer);
    this.#store.setLastAddr(peer, address);
    this.#punching.met(peer, address);
    const value = { addr: formatAddress(address) };
    return [this.#exchange.say(peer, { kind: "observedAddress", value })];
  }

  #onMoved(now: MonotonicMs, peer: PeerKey, address: SocketAddress | null): NodeOutput[] {
    if (!this.#peers.inState(peer, "connected")) return [];
    // Over a session that is relayed itself, nothing is relayed.
    const ended = address === null ? this.#relays.endPeer(now, peer) : [];
    return [...ended, ...this.#onPath(now, peer, address)];
  }

  #onPeerEvent(now: MonotonicMs, event: PeerEvent): NodeOutput[] {
    switch (event.kind) {
      case "connected":
        return this.#onConnected(now, event);
      case "moved":
        return this.#onMoved(now, event.peer, event.address);
      case "silent":
        return this.#peers.inState(event.peer, "connected")
          ? this.#relays.relaying.silent(now, event.peer)
          : [];
      case "disconnected":
        return this.#onDisconnected(now, event);
      default:
        return assertNever(event);
    }
  }

  #onDisconnected(
    now: MonotonicMs,
    { peer, reason, text }: Extract<PeerEvent, { kind: "disconnected" }>,
  ): NodeOutput[] {
    this.#exchange.end(peer);
    this.#whereabouts.forget(peer);
    this.#coordinating.forget(peer);
    this.#relays.relaying.lost(peer);
    this.#peers.step(now, { kind: "peerDisconnected", peer, reason });
    // The peer gave the session up while we slept; it is there all the same.
    const wasSlept = this.#isResuming(now) &&
      (reason === "idle_timeout" || reason === "stateless_reset");
    if (wasSlept) this.#peers.step(now, { kind: "retryPeer", peer });
    return [
      ...this.#exchange.broadcast(this.#reach.change(now, peer, false)),
      ...this.#natReports.now(this.natKind()),
      { kind: "log", message: "peer disconnected", fields: { peer, reason, text } },
      ...this.#relays.endPeer(now, peer),
      ...(wasSlept ? this.#tick(now) : []),
    ];
  }

  #onEnvelope(now: MonotonicMs, { envelope: { body }, peer }: Packet<Envelope>): NodeOutput[] {
    // What else there is in the protocol asks for what this node does not offer; silence is the answer.
    return this.#exchange.onEnvelope(peer, body) ?? this.#onShared(now, peer, body) ?? [];
  }

  #onFrame(now: MonotonicMs, { frame: { body }, peer }: PeerFrame<Frame>): NodeOutput[] {
    switch (body?.kind) {
      case "punchCoordRefusal":
        return this.#onPunchRefused(now, body.value.peerId);
      case "punchCoordUnequal":
        return this.#onUnequalPunch(now, peer, body.value);
      case "natReport":
        this.#coordinating.report(peer, natKindFrom(body.value.mapping));
        return [];
      default:
        // A hello belongs to the link; what is unknown is of a later version.
        return this.#exchange.onFrame(now, peer, body) ?? this.#onShared(now, peer, body) ??
          this.#relays.onFrame(now, peer, body) ?? [];
    }
  }

  /** What both protocols have; null for anything else. */
  #onShared(
    now: MonotonicMs,
    peer: PeerKey,
    body: Envelope["body"] | Frame["body"],
  ): NodeOutput[] | null {
    switch (body?.kind) {
      case "punchCoordRequest":
        return this.#onPunchRequest(now, peer, body.value.peerId);
      case "punchCoordTrigger":
        return this.#onPunchTrigger(now, peer, body.value);
      case "observedAddress":
        this.#whereabouts.seenBy(peer, body.value.addr);
        return this.#announceAddresses();
      default:
        return null;
    }
  }
}
