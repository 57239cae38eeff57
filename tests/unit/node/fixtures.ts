// A node's core to step by hand: its state in memory, its moments given by the test.

import { NodeCore, type NodeInput, type NodeOutput } from "../../../lib/node/mod.ts";
import type { BootstrapPeer } from "../../../lib/node/mod.ts";
import {
  type Envelope,
  type Frame,
  type GossipEvent,
  MembershipCert,
  MembershipCertClaims,
} from "../../../lib/proto/mod.ts";
import { encodeMemberEvent } from "../../../lib/store/core_signed.ts";
import { Store } from "../../../lib/store/mod.ts";
import {
  ALPN_MEMBER_1,
  type DisconnectReason,
  type LinkProtocol,
  type MonotonicMs,
  type PeerKey,
  peerKeyBytes,
  type RelayPeer,
  type SocketAddress,
} from "../../../lib/types/mod.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { authority, DIR, key, load, ME } from "../store/fixtures.ts";

export const BOB = key(0x22);
export const EVE = key(0x33);
export const DAN = key(0x44);

type Output<K extends NodeOutput["kind"]> = Extract<NodeOutput, { kind: K }>;

/** Where the fixtures' peers are. */
export function addressOf(peer: PeerKey): SocketAddress {
  return { ip: `192.0.2.${parseInt(peer.slice(0, 2), 16)}`, port: 60_611 };
}

export class TestCore implements AsyncDisposable {
  readonly core: NodeCore;
  /** The peers that can take part in relays. */
  readonly relayPeers = new Map<PeerKey, RelayPeer>();
  now = 0;

  private constructor(readonly store: Store, bootstrapPeers: readonly BootstrapPeer[]) {
    const relayPeers = () => this.relayPeers;
    this.core = new NodeCore({ local: ME, store, bootstrapPeers, relayPeers });
  }

  static async open(bootstrapPeers: readonly BootstrapPeer[] = []): Promise<TestCore> {
    return new TestCore(await load(), bootstrapPeers);
  }

  /** One that takes every membership and signature for genuine. */
  static async trusting(): Promise<TestCore> {
    const trusting = { ...authority(), verifyEvent: () => true, isGenuine: () => true };
    return new TestCore(await Store.load(new MemoryDisk(), DIR, ME, trusting), []);
  }

  step(input: NodeInput): NodeOutput[] {
    return this.core.step(this.now as MonotonicMs, input);
  }

  tick(liveForwards: ReadonlySet<string> = new Set()): NodeOutput[] {
    return this.step({ kind: "tick", liveForwards });
  }

  /** @param address Null for a session over a carrier. */
  connect(
    peer: PeerKey,
    address: SocketAddress | null = addressOf(peer),
    protocol: LinkProtocol = ALPN_MEMBER_1,
  ): NodeOutput[] {
    return this.step({
      kind: "peerEvent",
      event: { kind: "connected", peer, address, inbound: false, protocol },
    });
  }

  disconnect(peer: PeerKey, reason: DisconnectReason = "graceful"): NodeOutput[] {
    return this.step({
      kind: "peerEvent",
      event: { kind: "disconnected", peer, reason, text: "", isRemote: true },
    });
  }

  receive(peer: PeerKey, body: Envelope["body"]): NodeOutput[] {
    const envelope: Envelope = body === undefined ? {} : { body };
    return this.step({ kind: "packet", packet: { peer, envelope } });
  }

  frame(peer: PeerKey, body: NonNullable<Frame["body"]>): NodeOutput[] {
    return this.step({ kind: "frame", packet: { peer, frame: { body } } });
  }

  /** The author says it itself, signed, over pollen/2. */
  signed(author: PeerKey, counter: bigint, change: NonNullable<GossipEvent["change"]>): void {
    const subjectPub = peerKeyBytes(author);
    const membership = MembershipCert.create({
      claims: MembershipCertClaims.create({ subjectPub }),
    });
    const event = encodeMemberEvent({ peerId: author, counter, deleted: false, change });
    const signed = { event, signature: new Uint8Array(64) };
    this.store.applyRecords({
      records: [{ body: { kind: "signed", value: signed } }],
      more: false,
      memberships: [membership],
    });
  }

  events(peer: PeerKey, ...events: GossipEvent[]): NodeOutput[] {
    return this.receive(peer, { kind: "events", value: { events } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
  }
}

export function only<K extends NodeOutput["kind"]>(
  kind: K,
  outputs: readonly NodeOutput[],
): Output<K>[] {
  return outputs.filter((output): output is Output<K> => output.kind === kind);
}

/** Who gets messages of this kind. */
export function receivers(
  kind: NonNullable<Envelope["body"]>["kind"],
  outputs: readonly NodeOutput[],
): PeerKey[] {
  return only("send", outputs).filter(({ envelope }) => envelope.body?.kind === kind)
    .map(({ peer }) => peer);
}

/** The events sent to the peer, in order. */
export function eventsTo(peer: PeerKey, outputs: readonly NodeOutput[]): GossipEvent[] {
  return only("send", outputs).filter((output) => output.peer === peer)
    .flatMap(({ envelope: { body } }) => body?.kind === "events" ? [...body.value.events] : []);
}
