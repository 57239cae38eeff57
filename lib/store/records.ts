// What the store hands out: values as of one moment, which later changes do not touch.

import type { GossipEvent, MembershipCert, SignedRevocation } from "../proto/mod.ts";
import type { PeerKey, ServicePort, SocketAddress } from "../types/mod.ts";

/** What the state needs of the network's trust. Pure: the same answers each time. */
export interface Authority {
  /** This node's membership. */
  readonly membership: MembershipCert;
  /** Whether the root of our network signed it. */
  verifyRevocation(revocation: SignedRevocation): boolean;
  /** Whether the certificate makes, or has made, its subject a member of our network. */
  isGenuine(membership: MembershipCert): boolean;
  /** This node's signature of an event. */
  sign(event: Uint8Array): Uint8Array;
  /** Whether the author, a key of 32 bytes, signed the event. */
  verifyEvent(author: Uint8Array, event: Uint8Array, signature: Uint8Array): boolean;
  /** This node's signature of a page of agents. */
  signPage(page: Uint8Array): Uint8Array;
  /** Whether the author, a key of 32 bytes, signed the page. */
  verifyPage(author: Uint8Array, page: Uint8Array, signature: Uint8Array): boolean;
}

/** Everything known about one node. */
export interface NodeRecord {
  /** Its key. */
  readonly peer: PeerKey;
  /** IP literals, in the order in which the node gave them. */
  readonly ips: readonly string[];
  /** The UDP port it listens on; 0 while unknown. */
  readonly localPort: number;
  /** The UDP port others see it at, through NAT; 0 while unknown. */
  readonly externalPort: number;
  /** Ports by service name, sorted by name. */
  readonly services: ReadonlyMap<string, ServicePort>;
  /** The nodes it says it has sessions with, sorted. */
  readonly reachable: ReadonlySet<PeerKey>;
  /** Whether others reach it without help. */
  readonly publiclyAccessible: boolean;
  /** The end of its membership, seconds since 1970; 0 while unknown. */
  readonly certExpiryUnix: bigint;
  /** Where our last session with it was. Ours alone, never told to others. */
  readonly lastAddr: SocketAddress | null;
}

/** Another node that can be dialled. */
export interface KnownPeer {
  /** Its key. */
  readonly peerId: PeerKey;
  /** The 32 bytes of `peerId`. */
  readonly identityPub: Uint8Array<ArrayBuffer>;
  /** IP literals, in the order in which the node gave them. */
  readonly ips: readonly string[];
  /** The UDP port it listens on; 0 while unknown. */
  readonly localPort: number;
  /** The UDP port others see it at, through NAT; 0 while unknown. */
  readonly externalPort: number;
  /** Where our last session with it was; null when there was none. */
  readonly lastAddr: SocketAddress | null;
}

/** A forward that should exist: `localPort` of this machine to `remotePort` of the peer's. */
export interface Connection {
  /** The peer that serves. */
  readonly peerId: PeerKey;
  /** A port there, and its transport. */
  readonly remotePort: ServicePort;
  /** The port that it had last, 1…65535. Another one may be bound when that is taken. */
  readonly localPort: number;
  /** The name that it follows when the peer serves that on another port; absent: none. */
  readonly service?: string;
}

/** What applying a batch led to. */
export interface ApplyResult {
  /** Own events that must go out: others held events of ours that we do not. */
  readonly rebroadcast: readonly GossipEvent[];
  /** The events that were new here, in the order in which they came. */
  readonly applied: readonly GossipEvent[];
  /** Subjects revoked for the first time, in the order in which they came. */
  readonly revoked: readonly PeerKey[];
}

/**
 * How soon a change should reach the disk. `now`: a person or the root demanded something that must
 * survive a crash. `soon`: what the network would tell us again.
 */
export type SaveUrgency = "soon" | "now";

/** What a node knew of another one when it last ran. */
export interface RememberedPeer {
  readonly peer: PeerKey;
  readonly ips: readonly string[];
  readonly localPort: number;
  readonly externalPort: number;
  readonly lastAddr: SocketAddress | null;
  readonly services: ReadonlyMap<string, ServicePort>;
}

/** Own attributes that a next run must announce as deleted, unless it sets them again. */
export interface EndedAttributes {
  readonly services: readonly string[];
  readonly reachability: readonly PeerKey[];
  readonly externalPort: boolean;
  readonly publiclyAccessible: boolean;
}

/** What outlives a run. */
export interface Snapshot {
  /** The highest number this node has put on an event. */
  readonly counter: bigint;
  readonly ended: EndedAttributes;
  /** Own services. */
  readonly services: ReadonlyMap<string, ServicePort>;
  readonly peers: readonly RememberedPeer[];
  readonly connections: readonly Connection[];
  readonly revocations: readonly SignedRevocation[];
}
