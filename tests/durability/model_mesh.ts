// The other nodes of a network as a node under test meets them: they keep what they were told while
// it crashes and comes back. A mesh without sockets leads to them.

import { deepEqual, equal } from "node:assert/strict";
import {
  type Envelope,
  type Frame,
  GossipEvent,
  type SignedRevocation,
} from "../../lib/proto/mod.ts";
import { Core } from "../../lib/store/core.ts";
import { restore } from "../../lib/store/core_restore.ts";
import {
  ALPN_MEMBER_1,
  BoundedQueue,
  type EngineNotice,
  type Mesh,
  type Packet,
  type PeerEvent,
  type PeerKey,
  PollenError,
  type SocketAddress,
} from "../../lib/types/mod.ts";
import { authority } from "../unit/store/fixtures.ts";
import { NO_ENGINE_STATS } from "../support/no_engine.ts";
import { NO_RELAYS } from "../support/no_relays.ts";

const ADDRESS: SocketAddress = { ip: "192.0.2.1", port: 60_611 };

/** Another node: the real replicated state, and everything that the node under test ever sent it. */
export class Observer {
  readonly core: Core;
  /** What each number of the node under test stood for. */
  readonly #said = new Map<bigint, string>();

  constructor(
    readonly key: PeerKey,
    verify: (revocation: SignedRevocation) => boolean,
    readonly subject: () => PeerKey,
  ) {
    this.core = restore(key, authority(verify), null);
  }

  /** Takes an envelope and gives the answers. */
  receive({ body }: Envelope): Envelope[] {
    switch (body?.kind) {
      case "clock":
        return [{ body: { kind: "events", value: { events: this.core.missingFor(body.value) } } }];
      case "events": {
        for (const event of body.value.events) this.#note(event);
        const { rebroadcast } = this.core.apply(body.value.events);
        return [{ body: { kind: "events", value: { events: rebroadcast } } }];
      }
      default:
        return [];
    }
  }

  /** A number never stands for two things. */
  #note(event: GossipEvent): void {
    if (event.peerId !== this.subject()) return;
    const content = GossipEvent.encode(event).toHex();
    const earlier = this.#said.get(event.counter) ?? content;
    equal(content, earlier, `the number ${event.counter} was given out twice`);
    this.#said.set(event.counter, content);
  }
}

/** A mesh to observers, who speak pollen/1. Packets arrive in the order in which they were sent, none is lost. */
export class ModelMesh implements Mesh<Envelope, Frame> {
  readonly listenPort = 60_611;
  readonly #observers: ReadonlyMap<PeerKey, Observer>;
  readonly #isDead: () => boolean;
  readonly #connected = new Set<PeerKey>();
  readonly #packets = new BoundedQueue<Packet<Envelope>>(100_000);
  readonly #events = new BoundedQueue<PeerEvent>(1_000);

  constructor(observers: readonly Observer[], isDead: () => boolean) {
    this.#observers = new Map(observers.map((observer) => [observer.key, observer]));
    this.#isDead = isDead;
  }

  /** A session begins; the observer's first word on it is what it knows, as a node's is. */
  meet(peer: PeerKey): void {
    if (this.#connected.has(peer)) return;
    this.#connected.add(peer);
    const protocol = ALPN_MEMBER_1;
    this.#events.push({ kind: "connected", peer, address: ADDRESS, inbound: true, protocol });
    const clock = this.#observers.get(peer)!.core.eagerSyncClock();
    this.#packets.push({ peer, envelope: { body: { kind: "clock", value: clock } } });
  }

  /** A session ends. */
  part(peer: PeerKey): void {
    if (!this.#connected.delete(peer)) return;
    this.#events.push({
      kind: "disconnected",
      peer,
      reason: "idle_timeout",
      text: "",
      isRemote: false,
    });
  }

  /** The observer asks for what it lacks, as it does every few seconds. */
  ask(peer: PeerKey): void {
    const observer = this.#observers.get(peer);
    if (observer === undefined || !this.#connected.has(peer)) return;
    const clock: Envelope = { body: { kind: "clock", value: observer.core.clock() } };
    this.#packets.push({ peer, envelope: clock });
  }

  send(peer: PeerKey, envelope: Envelope): void {
    if (!this.#connected.has(peer)) throw new PollenError("unreachable", "no session");
    if (this.#isDead()) return;
    for (const answer of this.#observers.get(peer)!.receive(envelope)) {
      this.#packets.push({ peer, envelope: answer });
    }
  }

  sendFrame(): void {
    throw new PollenError("unreachable", "nobody takes frames here");
  }

  recv = () => this.#packets.next();
  recvFrame = () => new Promise<null>(() => {});
  peerLink = () => null;
  nextPeerEvent = () => this.#events.next();
  nextNotice = () => new Promise<EngineNotice | null>(() => {});
  connectedPeers = () => [...this.#connected].sort();
  getActivePeerAddress = (peer: PeerKey) => this.#connected.has(peer) ? ADDRESS : null;
  closePeerSession = (peer: PeerKey) => this.part(peer);
  recheckPeers = () => {};
  shakePaths = () => {};
  setBehindRouter = () => {};
  peerPath = NO_RELAYS.peerPath;
  relayPeers = NO_RELAYS.relayPeers;
  suggestPath = NO_RELAYS.suggestPath;
  openRelay = NO_RELAYS.openRelay;
  closeRelay = NO_RELAYS.closeRelay;
  relaysTo = NO_RELAYS.relaysTo;
  carry = NO_RELAYS.carry;
  limitCarried = NO_RELAYS.limitCarried;
  carriedBytes = NO_RELAYS.carriedBytes;
  endCarried = NO_RELAYS.endCarried;
  connect = () => Promise.reject(new PollenError("unreachable", "nobody is dialled here"));
  punch = () => Promise.reject(new PollenError("unreachable", "nobody is reached here"));
  session = () => new Promise<never>(() => {});
  openStream = () => new Promise<never>(() => {});
  acceptStream = () => new Promise<null>(() => {});
  watch = () => {};
  close = () => Promise.resolve();
  engineStats = () => NO_ENGINE_STATS;
}

/** Demands that the observers see of the node what it says of itself, and nothing else. */
export function assertSeen(
  observer: Observer,
  services: ReadonlyMap<string, number>,
  connected: readonly PeerKey[],
): void {
  const seen = observer.core.known.get(observer.subject());
  deepEqual([...seen?.services ?? []], [...services]);
  deepEqual([...seen?.reachable ?? []], connected);
}
