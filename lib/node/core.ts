// The node's decisions: what to send, whom to dial, what to restore. Pure: an input with its moment
// goes in, outputs come out, and a driver performs them. It leads each input to the part that decides,
// and reads and writes the replicated state in memory; it knows no socket, no timer and no file.
//
//   input                    what follows
//   tick                     known peers are discovered, due ones dialled (connecting.ts), forwards restored
//                            or moved (wanted_forwards.ts), who reaches whom is passed on
//   gossipTick               our clock goes to every connected peer, which answers with what we miss
//   peerEvent connected      reachability is told, the new peer gets our clock at once (eager sync)
//   peerEvent disconnected   reachability is told, a retry is planned
//   resumed                  the machine slept: peers are tried without waiting for half a minute
//   packet clock             the events that its sender misses go back
//   packet events            they are applied; what was new travels on to the other peers
//   frame                    the same over pollen/2: see sync.ts
//   connectPending           a carrier is asked for: see relaying.ts and, on its side, carrying.ts
//   packet, frame (renewals) memberships are renewed beside this: see renewals.ts
//   packet, frame (punches)  two nodes are brought together, or this one with another: see punch_talk.ts

import type { Envelope, Frame } from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import {
  assertNever,
  formatAddress,
  type LimitCounter,
  type MonotonicMs,
  type Packet,
  type PeerEvent,
  type PeerFrame,
  type PeerKey,
  type RelayPeer,
  type SocketAddress,
  uncounted,
} from "../types/mod.ts";
import { Connecting } from "./connecting.ts";
import type { MaybeSeen } from "./coordinating.ts";
import { Exchange } from "./exchange.ts";
import type { NatKind } from "./nat_kind.ts";
import { NatReports } from "./nat_reports.ts";
import { PunchTalk } from "./punch_talk.ts";
import { Reach } from "./reach.ts";
import { Relays } from "./relays.ts";
import type { BootstrapPeer, NodeInput, NodeOutput } from "./steps.ts";
import { restoreForwards } from "./wanted_forwards.ts";
import { Whereabouts } from "./whereabouts.ts";

export interface NodeCoreOptions {
  readonly local: PeerKey;
  readonly store: Store;
  readonly bootstrapPeers: readonly BootstrapPeer[];
  /** Bytes per second that are carried for one member in each direction. Default null: none are. */
  readonly relayBytesPerSecond?: number | null;
  /** Takes what finds no room. Default: nobody does. */
  readonly limits?: LimitCounter;
  /** The peers that can take part in relays. Default: nobody. */
  relayPeers?(): ReadonlyMap<PeerKey, RelayPeer>;
}

export class NodeCore {
  readonly #store: Store;
  readonly #whereabouts: Whereabouts;
  readonly #exchange: Exchange;
  readonly #reach: Reach;
  readonly #natReports: NatReports;
  readonly #relays: Relays;
  readonly #punches: PunchTalk;
  readonly #connecting: Connecting;

  constructor(options: NodeCoreOptions) {
    const { local, store, relayBytesPerSecond: bytesPerSecond = null, limits = uncounted } =
      options;
    const connected = () => this.connectedPeers();
    const peers = () => options.relayPeers?.() ?? new Map<PeerKey, RelayPeer>();
    this.#store = store;
    this.#whereabouts = new Whereabouts(store, limits);
    this.#reach = new Reach(store);
    this.#exchange = new Exchange(store, connected, () => this.#reach.isWaiting, limits);
    this.#natReports = new NatReports(connected, this.#exchange);
    this.#relays = new Relays({ store, bytesPerSecond, peers, limits });
    this.#punches = new PunchTalk({
      store,
      limits,
      exchange: this.#exchange,
      whereabouts: this.#whereabouts,
      connected,
      isReached: (peer) => this.#isReached(peer),
      carriersOf: (peer) => this.#relays.relaying.carriersOf(peer),
      fail: (now, peer) => this.#connecting.fail(now, peer),
    });
    this.#connecting = new Connecting({
      store,
      bootstrapPeers: options.bootstrapPeers.filter(({ peerKey }) => peerKey !== local),
      punches: this.#punches,
      relaying: this.#relays.relaying,
    });
  }

  step(now: MonotonicMs, input: NodeInput): NodeOutput[] {
    switch (input.kind) {
      case "tick":
        return [
          ...this.#connecting.tick(now),
          ...this.#exchange.broadcast(this.#reach.tick(now)),
          ...this.#exchange.tick(now),
          ...restoreForwards(this.#store, input.liveForwards),
          ...this.#relays.tick(now),
          ...this.#relays.relaying.punches(now).flatMap((peer) =>
            this.#connecting.requestPunch(now, peer)
          ),
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
        this.#connecting.fail(now, input.peer);
        return this.#connecting.seekRelay(now, input.peer);
      case "connectPending":
        return this.#connecting.seekRelay(now, input.peer);
      case "relayOpened":
      case "carried":
        return this.#relays.performed(input);
      case "carriedBytes":
        return this.#relays.measured(now, input.passed);
      case "resumed":
        return this.#connecting.resume(now);
      case "retryPeer":
        return this.#connecting.retry(now, input.peer);
      case "revoked":
        this.#connecting.forget(now, input.peer);
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
  connectedPeers(): readonly PeerKey[] {
    return this.#connecting.connected();
  }

  /** How the router in front of this node gives out ports, as far as its peers can tell. */
  natKind(): NatKind {
    return this.#whereabouts.natKind();
  }

  /** Tells two peers where the other one is seen from here; the first, if that is of no use. */
  coordinate(now: MonotonicMs, from: MaybeSeen, target: MaybeSeen): NodeOutput[] {
    return this.#punches.coordinate(now, from, target);
  }

  /** Connected, and not over a carrier. */
  #isReached(peer: PeerKey): boolean {
    return this.#connecting.isConnected(peer) && !this.#relays.relaying.isRelayed(peer);
  }

  /** Other addresses are another network: who could not be reached from the old one may be now. */
  #noteAddresses(
    now: MonotonicMs,
    own: { readonly ips: readonly string[]; readonly port: number },
  ): NodeOutput[] {
    if (!this.#whereabouts.moveTo(own)) return this.#announceAddresses();
    return [
      { kind: "shakePaths" },
      ...this.#announceAddresses(),
      ...this.#connecting.retryAll(now),
    ];
  }

  #announceAddresses(): NodeOutput[] {
    const events = this.#exchange.broadcast(this.#whereabouts.announce());
    return [...events, ...this.#natReports.now(this.natKind())];
  }

  #onConnected(
    now: MonotonicMs,
    event: Extract<PeerEvent, { kind: "connected" }>,
  ): NodeOutput[] {
    const { peer, address, inbound, protocol } = event;
    // The session was reported while the revocation was on its way: it is none of a member any more.
    if (this.#store.isSubjectRevoked(peer)) {
      return [{ kind: "closeSession", peer, reason: "revoked" }];
    }
    this.#connecting.begin(now, event);
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
    this.#punches.met(peer, address);
    const value = { addr: formatAddress(address) };
    return [this.#exchange.say(peer, { kind: "observedAddress", value })];
  }

  #onMoved(now: MonotonicMs, peer: PeerKey, address: SocketAddress | null): NodeOutput[] {
    if (!this.#connecting.isConnected(peer)) return [];
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
        return this.#connecting.isConnected(event.peer)
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
    event: Extract<PeerEvent, { kind: "disconnected" }>,
  ): NodeOutput[] {
    const { peer, reason, text } = event;
    this.#exchange.end(peer);
    this.#whereabouts.forget(peer);
    this.#punches.forget(peer);
    this.#relays.relaying.lost(peer);
    const isTriedAtOnce = this.#connecting.end(now, event);
    return [
      ...this.#exchange.broadcast(this.#reach.change(now, peer, false)),
      ...this.#natReports.now(this.natKind()),
      { kind: "log", message: "peer disconnected", fields: { peer, reason, text } },
      ...this.#relays.endPeer(now, peer),
      ...(isTriedAtOnce ? this.#connecting.tick(now) : []),
    ];
  }

  #onEnvelope(now: MonotonicMs, { envelope: { body }, peer }: Packet<Envelope>): NodeOutput[] {
    if (body?.kind === "certRenewalRequest") return [{ kind: "renewalAsked", peer }];
    // What else there is in the protocol asks for what this node does not offer; silence is the answer.
    return this.#exchange.onEnvelope(peer, body) ?? this.#onShared(now, peer, body) ?? [];
  }

  #onFrame(now: MonotonicMs, { frame: { body }, peer }: PeerFrame<Frame>): NodeOutput[] {
    if (body?.kind === "membership") {
      return [{ kind: "membershipTold", peer, membership: body.value }];
    }
    // A hello belongs to the link; what is unknown is of a later version.
    return this.#punches.onFrame(now, peer, body) ?? this.#exchange.onFrame(now, peer, body) ??
      this.#onShared(now, peer, body) ?? this.#relays.onFrame(now, peer, body) ?? [];
  }

  /** What both protocols have; null for anything else. */
  #onShared(
    now: MonotonicMs,
    peer: PeerKey,
    body: Envelope["body"] | Frame["body"],
  ): NodeOutput[] | null {
    if (body?.kind !== "observedAddress") return this.#punches.onShared(now, peer, body);
    this.#whereabouts.seenBy(peer, body.value.addr);
    return this.#announceAddresses();
  }
}
