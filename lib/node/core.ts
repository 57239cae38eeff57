// The node's decisions: what to send, whom to dial, what to restore. Pure: an input with its moment
// goes in, outputs come out, and a driver performs them. It owns the peer state machine and reads
// and writes the replicated state in memory; it knows no socket, no timer and no file.
//
//   input                    what follows
//   tick                     known peers are discovered, due ones dialled, forwards restored or moved
//   gossipTick               our clock goes to every connected peer, which answers with what we miss
//   peerEvent connected      reachability is told, the new peer gets our clock at once (eager sync)
//   peerEvent disconnected   reachability is told, a retry is planned
//   resumed                  the machine slept: peers are tried without waiting for half a minute
//   packet clock             the events that its sender misses go back
//   packet events            they are applied; what was new travels on to the other peers
//   frame                    the same over pollen/2: see sync.ts

import { PeerStore } from "../peer/mod.ts";
import type {
  Envelope,
  EventRecords,
  Frame,
  GossipEvent,
  PunchCoordTrigger,
} from "../proto/mod.ts";
import type { ApplyResult, Store } from "../store/mod.ts";
import {
  addMs,
  ALPN_MEMBER_2,
  assertNever,
  formatAddress,
  type LinkProtocol,
  type LogFields,
  type MonotonicMs,
  type Packet,
  PEER_KEY_BYTES,
  type PeerEvent,
  type PeerFrame,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  type SocketAddress,
  tryParsePeerKey,
} from "../types/mod.ts";
import { addressesOf } from "./addresses.ts";
import { eventEnvelopes } from "./batches.ts";
import type { NatKind } from "./nat_kind.ts";
import { Observations } from "./observations.ts";
import { Punching } from "./punching.ts";
import { Sync } from "./sync.ts";

/** A peer to find the network through, as `config.yaml` or a token names it. */
export interface BootstrapPeer {
  /** The key that has to be found at the addresses. */
  readonly peerKey: PeerKey;
  /** `host:port`; hosts may be names. */
  readonly addrs: readonly string[];
}

export type NodeInput =
  | {
    readonly kind: "tick";
    /** `peer:remotePort` of the forwards that live now. */
    readonly liveForwards: ReadonlySet<string>;
  }
  | { readonly kind: "gossipTick" }
  | { readonly kind: "peerEvent"; readonly event: PeerEvent }
  | { readonly kind: "packet"; readonly packet: Packet<Envelope> }
  | { readonly kind: "frame"; readonly packet: PeerFrame<Frame> }
  | { readonly kind: "connectFailed"; readonly peer: PeerKey }
  /** Somebody on this machine wants the peer: no more waiting. */
  | { readonly kind: "retryPeer"; readonly peer: PeerKey }
  /** The machine slept, or this process was stopped: what was planned is of the past. */
  | { readonly kind: "resumed" }
  /** The peer was revoked. */
  | { readonly kind: "revoked"; readonly peer: PeerKey }
  /** The addresses of this machine's interfaces, or those that its owner named; the port we are bound to. */
  | { readonly kind: "ownAddresses"; readonly ips: readonly string[]; readonly port: number }
  /** Where a port mapping of the router lets others reach us; null without one. */
  | { readonly kind: "mappedAddress"; readonly address: SocketAddress | null }
  /** We changed our own state; the peers are to hear of it. */
  | { readonly kind: "localEvents"; readonly events: readonly GossipEvent[] };

/** A peer and where it is seen from here. */
interface Seen {
  readonly peer: PeerKey;
  readonly address: SocketAddress;
}

/** What both protocols have, in the same words. */
type SharedBody = Extract<NonNullable<Envelope["body"]>, NonNullable<Frame["body"]>>;

export type NodeOutput =
  | { readonly kind: "send"; readonly peer: PeerKey; readonly envelope: Envelope }
  | { readonly kind: "sendFrame"; readonly peer: PeerKey; readonly frame: Frame }
  | {
    readonly kind: "connect";
    readonly peer: PeerKey;
    readonly addresses: readonly SocketAddress[];
    /** `host:port` texts still to be resolved. */
    readonly names: readonly string[];
  }
  | { readonly kind: "closeSession"; readonly peer: PeerKey; readonly reason: string }
  | {
    readonly kind: "restoreForward";
    readonly peer: PeerKey;
    readonly remotePort: number;
    readonly localPort: number;
  }
  /** The peer serves what the forward follows on another port now. */
  | {
    readonly kind: "moveForward";
    readonly peer: PeerKey;
    readonly service: string;
    readonly remotePort: number;
    readonly toPort: number;
  }
  /** Opens a way to a peer that does the same, and dials it. */
  | { readonly kind: "punch"; readonly peer: PeerKey; readonly address: SocketAddress }
  /** Tells two peers where the other one is seen from here, or the first that it cannot be done. */
  | { readonly kind: "coordinatePunch"; readonly from: PeerKey; readonly target: PeerKey }
  /** Sessions may lead nowhere from where this machine is now. */
  | { readonly kind: "shakePaths" }
  | { readonly kind: "log"; readonly message: string; readonly fields: LogFields };

/**
 * How long after a sleep nobody waits: the network comes back some seconds later than the machine,
 * and sessions show only then whether they live.
 */
const RESUMING_MS = 30_000;

/** At most one eager sync per peer in this time while sessions replace each other; a loss ends the pause. */
const EAGER_SYNC_PAUSE_MS = 5_000;

/** The name of a forward: it is the only one to that port of that peer. */
export function forwardKey(peer: PeerKey, remotePort: number): string {
  return `${peer}:${remotePort}`;
}

export class NodeCore {
  readonly #store: Store;
  readonly #bootstrap: readonly BootstrapPeer[];
  readonly #peers = new PeerStore();
  readonly #observations = new Observations();
  #own: { readonly ips: readonly string[]; readonly port: number } | null = null;
  #mapped: SocketAddress | null = null;
  /** Until when peers are tried without waiting. */
  #resumingUntil: MonotonicMs | null = null;
  /** With the peers that are connected over pollen/2. */
  readonly #sync: Sync;
  readonly #punching: Punching;
  readonly #eagerSyncAllowedAt = new Map<PeerKey, MonotonicMs>();

  constructor(options: {
    readonly local: PeerKey;
    readonly store: Store;
    readonly bootstrapPeers: readonly BootstrapPeer[];
  }) {
    this.#store = options.store;
    this.#sync = new Sync(options.store);
    this.#punching = new Punching(options.store);
    this.#bootstrap = options.bootstrapPeers.filter(({ peerKey }) => peerKey !== options.local);
  }

  step(now: MonotonicMs, input: NodeInput): NodeOutput[] {
    switch (input.kind) {
      case "tick":
        return [...this.#tick(now), ...this.#restoreForwards(input.liveForwards)];
      case "gossipTick":
        return this.#gossip();
      case "peerEvent":
        return input.event.kind === "connected"
          ? this.#onConnected(now, input.event)
          : this.#onDisconnected(now, input.event);
      case "packet":
        return this.#onPacket(now, input.packet);
      case "frame":
        return this.#onFrame(now, input.packet);
      case "connectFailed":
        this.#fail(now, input.peer);
        return [];
      case "resumed":
        this.#resumingUntil = addMs(now, RESUMING_MS);
        return this.#retryAll(now);
      case "retryPeer":
        this.#peers.step(now, { kind: "retryPeer", peer: input.peer });
        return this.#tick(now);
      case "revoked":
        this.#peers.step(now, { kind: "forgetPeer", peer: input.peer });
        return [{ kind: "closeSession", peer: input.peer, reason: "revoked" }];
      case "ownAddresses":
        return this.#noteAddresses(now, input);
      case "mappedAddress":
        this.#mapped = input.address;
        return this.#announceAddresses();
      case "localEvents":
        return this.#broadcast(input.events);
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
    return this.#observations.natKind(this.#own?.ips ?? [], this.#own?.port ?? 0);
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
          return [{ kind: "connect", peer: output.peer, addresses: [output.address], names: [] }];
        case "attemptConnect":
          return [this.#dialEverything(output.peer)];
        case "requestPunchCoordination":
          return this.#requestPunch(now, output.peer);
        case "peerConnected":
          return [];
        default:
          return assertNever(output);
      }
    });
  }

  /** Asks a common peer; without one the peer is tried again from the start after its pause. */
  #requestPunch(now: MonotonicMs, peer: PeerKey): NodeOutput[] {
    const coordinator = this.#punching.coordinatorFor(peer, this.connectedPeers());
    if (coordinator === null) {
      this.#fail(now, peer);
      return [];
    }
    const value = { peerId: peerKeyBytes(peer) };
    return [this.#say(coordinator, { kind: "punchCoordRequest", value })];
  }

  #onPunchRequest(now: MonotonicMs, from: PeerKey, peerId: Uint8Array): NodeOutput[] {
    const target = this.#punching.requested(now, from, peerId);
    return target === null ? [] : [{ kind: "coordinatePunch", from, target }];
  }

  #onPunchTrigger(now: MonotonicMs, from: PeerKey, trigger: PunchCoordTrigger): NodeOutput[] {
    const plausible = this.#punching.triggered(now, from, trigger);
    if (plausible === null || this.#peers.inState(plausible.peer, "connected")) return [];
    return [{ kind: "punch", ...plausible }];
  }

  /** Nobody there: the next attempt asks another one. */
  #onPunchRefused(now: MonotonicMs, peerId: Uint8Array): NodeOutput[] {
    if (peerId.length === PEER_KEY_BYTES) this.#fail(now, peerKeyFromBytes(peerId));
    return [];
  }

  /** Tells two peers where the other one is seen from here; the first, if that cannot be. */
  coordinate(
    from: Seen,
    target: { readonly peer: PeerKey; readonly address: SocketAddress | null },
  ): NodeOutput[] {
    if (target.address === null) {
      const value = { peerId: peerKeyBytes(target.peer) };
      return this.#sync.has(from.peer)
        ? [{
          kind: "sendFrame",
          peer: from.peer,
          frame: { body: { kind: "punchCoordRefusal", value } },
        }]
        : [];
    }
    const [one, other] = [from, { peer: target.peer, address: target.address }];
    return [this.#trigger(one, other), this.#trigger(other, one)];
  }

  #trigger(to: Seen, other: Seen): NodeOutput {
    const value = {
      peerId: peerKeyBytes(other.peer),
      selfAddr: formatAddress(to.address),
      peerAddr: formatAddress(other.address),
    };
    return this.#say(to.peer, { kind: "punchCoordTrigger", value });
  }

  /** What is said alike over both protocols. */
  #say(peer: PeerKey, body: SharedBody): NodeOutput {
    return this.#sync.has(peer)
      ? { kind: "sendFrame", peer, frame: { body } }
      : { kind: "send", peer, envelope: { body } };
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
    const before = this.#own?.ips ?? own.ips;
    const hasMoved = own.ips.some((ip) => !before.includes(ip));
    this.#own = own;
    if (!hasMoved) return this.#announceAddresses();
    return [{ kind: "shakePaths" }, ...this.#announceAddresses(), ...this.#retryAll(now)];
  }

  #dialEverything(peer: PeerKey): NodeOutput {
    const known = this.#store.knownPeers().find(({ peerId }) => peerId === peer);
    const names = this.#bootstrap.find(({ peerKey }) => peerKey === peer)?.addrs ?? [];
    return {
      kind: "connect",
      peer,
      addresses: known === undefined ? [] : addressesOf(known),
      names,
    };
  }

  #restoreForwards(live: ReadonlySet<string>): NodeOutput[] {
    const wanted = this.#store.desiredConnections();
    const taken = new Set(wanted.map(({ peerId, remotePort }) => forwardKey(peerId, remotePort)));
    return wanted.flatMap(({ peerId: peer, remotePort, localPort, service }): NodeOutput[] => {
      const toPort = this.#store.get(peer)?.services.get(service ?? "");
      if (service !== undefined && toPort !== undefined && !taken.has(forwardKey(peer, toPort))) {
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
    this.#store.setLastAddr(peer, address);
    const outputs = this.#beginExchange(now, peer, protocol);
    outputs.push(...this.#broadcast(this.#store.setLocalConnected(peer, true)));
    const addr = formatAddress(address);
    outputs.push(this.#say(peer, { kind: "observedAddress", value: { addr } }));
    outputs.push({
      kind: "log",
      message: "peer connected",
      fields: { peer, ip: address.ip, port: address.port, inbound, protocol },
    });
    return outputs;
  }

  /** What tells a new peer how much we know, so that it sends what we lack. */
  #beginExchange(now: MonotonicMs, peer: PeerKey, protocol: LinkProtocol): NodeOutput[] {
    if (protocol === ALPN_MEMBER_2) return this.#frames(peer, this.#sync.begin(now, peer));
    this.#sync.end(peer);
    const allowedAt = this.#eagerSyncAllowedAt.get(peer);
    if (allowedAt !== undefined && allowedAt > now) return [];
    this.#eagerSyncAllowedAt.set(peer, addMs(now, EAGER_SYNC_PAUSE_MS));
    const clock = this.#store.eagerSyncClock();
    return [{ kind: "send", peer, envelope: { body: { kind: "clock", value: clock } } }];
  }

  #onDisconnected(
    now: MonotonicMs,
    { peer, reason, text }: Extract<PeerEvent, { kind: "disconnected" }>,
  ): NodeOutput[] {
    this.#eagerSyncAllowedAt.delete(peer);
    this.#sync.end(peer);
    this.#observations.forget(peer);
    this.#peers.step(now, { kind: "peerDisconnected", peer, reason });
    // The peer gave the session up while we slept; it is there all the same.
    const wasSlept = this.#isResuming(now) &&
      (reason === "idle_timeout" || reason === "stateless_reset");
    if (wasSlept) this.#peers.step(now, { kind: "retryPeer", peer });
    return [
      ...this.#broadcast(this.#store.setLocalConnected(peer, false)),
      { kind: "log", message: "peer disconnected", fields: { peer, reason, text } },
      ...(wasSlept ? this.#tick(now) : []),
    ];
  }

  #onPacket(now: MonotonicMs, { envelope: { body }, peer }: Packet<Envelope>): NodeOutput[] {
    switch (body?.kind) {
      case "clock":
        return this.#eventsTo(peer, this.#store.missingFor(body.value));
      case "events":
        return this.#spread(this.#store.applyEvents(body.value.events), peer);
      case "punchCoordRequest":
      case "punchCoordTrigger":
      case "observedAddress":
        return this.#onShared(now, peer, body);
      default:
        // Everything else in the protocol asks for what this node does not offer; silence is the answer.
        return [];
    }
  }

  #onFrame(now: MonotonicMs, { frame: { body }, peer }: PeerFrame<Frame>): NodeOutput[] {
    switch (body?.kind) {
      case "digest":
        return this.#frames(peer, this.#sync.onDigest(now, peer, body.value.hash));
      case "summary":
        return this.#frames(peer, this.#sync.onSummary(now, peer, body.value));
      case "records":
        return this.#onRecords(peer, body.value);
      case "punchCoordRefusal":
        return this.#onPunchRefused(now, body.value.peerId);
      case "punchCoordRequest":
      case "punchCoordTrigger":
      case "observedAddress":
        return this.#onShared(now, peer, body);
      default:
        // A hello belongs to the link; what is unknown is of a later version.
        return [];
    }
  }

  #onShared(now: MonotonicMs, peer: PeerKey, body: SharedBody): NodeOutput[] {
    switch (body.kind) {
      case "punchCoordRequest":
        return this.#onPunchRequest(now, peer, body.value.peerId);
      case "punchCoordTrigger":
        return this.#onPunchTrigger(now, peer, body.value);
      case "observedAddress":
        return this.#onObserved(peer, body.value.addr);
      default:
        return assertNever(body);
    }
  }

  #onObserved(peer: PeerKey, address: string): NodeOutput[] {
    this.#observations.note(peer, this.#store.get(peer)?.lastAddr?.ip ?? "", address);
    return this.#announceAddresses();
  }

  #onRecords(peer: PeerKey, records: EventRecords): NodeOutput[] {
    const result = this.#store.applyRecords(records);
    const follow = this.#sync.onRecords(peer, result.applied.length > 0, records.more);
    return [...this.#spread(result, peer), ...this.#frames(peer, follow)];
  }

  /** What was new goes on, and what others said in our name is put right. */
  #spread({ rebroadcast, applied }: ApplyResult, from: PeerKey): NodeOutput[] {
    return [...this.#broadcast(rebroadcast), ...this.#forward(applied, from)];
  }

  /**
   * What the interfaces say, what the router lets in, and where the others see us; nothing goes out
   * unless it changed. There is one outer port to tell: the router's, which is open to everybody.
   */
  #announceAddresses(): NodeOutput[] {
    if (this.#own === null) return [];
    const mapped = this.#mapped === null ? [] : [this.#mapped];
    const outer = [...mapped, ...this.#observations.addresses];
    const ips = new Set([...this.#own.ips, ...outer.map(({ ip }) => ip)]);
    return this.#broadcast([
      ...this.#store.setLocalNetwork([...ips], this.#own.port),
      ...this.#store.setExternalPort(outer.find(({ port }) => port !== 0)?.port ?? 0),
    ]);
  }

  #broadcast(events: readonly GossipEvent[]): NodeOutput[] {
    return this.connectedPeers().flatMap((peer) => this.#eventsTo(peer, events));
  }

  /** What was new here goes on to those whom its author does not reach itself. */
  #forward(events: readonly GossipEvent[], from: PeerKey): NodeOutput[] {
    return this.connectedPeers().filter((peer) => peer !== from).flatMap((peer) =>
      this.#eventsTo(
        peer,
        events.filter(({ peerId }) => {
          const author = tryParsePeerKey(peerId);
          return author !== null && author !== peer && !this.#store.isConnected(author, peer);
        }),
      )
    );
  }

  #eventsTo(peer: PeerKey, events: readonly GossipEvent[]): NodeOutput[] {
    if (this.#sync.has(peer)) return this.#frames(peer, this.#sync.tell(peer, events));
    return eventEnvelopes(events).map((envelope) => ({ kind: "send", peer, envelope }));
  }

  /** What brings to light that a peer lacks something. */
  #gossip(): NodeOutput[] {
    const clock = { kind: "clock", value: this.#store.clock() } as const;
    const frame = this.#sync.round();
    return this.connectedPeers().map((peer) =>
      this.#sync.has(peer)
        ? { kind: "sendFrame", peer, frame }
        : { kind: "send", peer, envelope: { body: clock } }
    );
  }

  #frames(peer: PeerKey, frames: readonly Frame[]): NodeOutput[] {
    return frames.map((frame) => ({ kind: "sendFrame", peer, frame }));
  }
}
