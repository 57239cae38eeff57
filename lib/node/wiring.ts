// What a node is wired from, and what of it may be tuned.

import type { Envelope, Frame, MembershipCert } from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import type { Manager } from "../tunnel/mod.ts";
import type {
  Clock,
  ExceededLimits,
  Log,
  Mesh,
  PeerKey,
  PortMapping,
  Random,
  SocketAddress,
} from "../types/mod.ts";
import type { BootstrapPeer } from "./steps.ts";

/** What may be tuned. Times in milliseconds. */
export interface Config {
  /** The addresses to tell others; without any, those of the machine's interfaces, looked up again and again. */
  readonly advertisedIps: readonly string[];
  /** `host:port` at which others reach this node besides; names are told as they are where they can be. Default: none. */
  readonly advertised: readonly string[];
  /** Peers to find the network through when nobody else is known. Default: none. */
  readonly bootstrapPeers: readonly BootstrapPeer[];
  /** Between two rounds in which our clock goes to every peer. Default 10 000. */
  readonly gossipIntervalMs: number;
  /** Each round comes earlier or later by up to this share of the interval, so that nodes do not march in step. Default 0.1. */
  readonly gossipJitter: number;
  /** Rounds at exact intervals: for tests. Default false. */
  readonly disableGossipJitter: boolean;
  /** Between two looks at whom to dial. Default 1 000. */
  readonly peerTickIntervalMs: number;
  /**
   * Bytes per second that this node carries in each direction for one member, over all of its relays
   * together, 1,024…10^10; null to carry nothing for others. The mesh has to say the same (`MeshOptions.carries`). Default null.
   */
  readonly relayBytesPerSecond: number | null;
}

/** The defaults of pollen/1. */
export const DEFAULT_CONFIG: Config = {
  advertisedIps: [],
  advertised: [],
  bootstrapPeers: [],
  gossipIntervalMs: 10_000,
  gossipJitter: 0.1,
  disableGossipJitter: false,
  peerTickIntervalMs: 1_000,
  relayBytesPerSecond: null,
};

/** What memberships are renewed with. */
export interface MembershipSource {
  /** Whether this node has a key that signs for the network. */
  readonly signs: boolean;
  /** This node's own. */
  own(): MembershipCert;
  /** The membership of a connected peer; null of anybody else. */
  of(peer: PeerKey): MembershipCert | null;
  /** What takes the place of this membership; null when none is due, and where nothing signs. */
  successorOf(membership: MembershipCert): MembershipCert | null;
  /**
   * Makes it this node's own: on disk, and for new sessions.
   *
   * @throws {PollenError} `unauthenticated` when it is not this node's; `failed_precondition`, `io`,
   *   `permission_denied`.
   */
  take(membership: MembershipCert): Promise<void>;
  /**
   * From now on it is the peer's.
   *
   * @throws {PollenError} `unauthenticated` when it is not.
   */
  note(peer: PeerKey, membership: MembershipCert): void;
}

/**
 * What a node is wired from; `openNode` does it. The node closes mesh, tunnels and store when it
 * ends.
 */
export interface NodeDeps {
  /** This node's own key: that of the mesh and of the store. */
  readonly local: PeerKey;
  /** Carries envelopes, frames and tunnels to the peers. It is bound already. */
  readonly mesh: Mesh<Envelope, Frame>;
  /** Serves ports and keeps forwards. Not started yet: `Node.start` does that. */
  readonly tunnels: Manager;
  /** The replicated state, loaded. The node saves it whenever it has to. */
  readonly store: Store;
  /** Drives the timers. */
  readonly clock: Clock;
  /** Draws the jitter of the gossip rounds. */
  readonly random: Random;
  /** Takes what happens on the node. */
  readonly log: Log;
  /** Renews memberships. Default: none are. */
  readonly memberships?: MembershipSource;
  /** Counts what finds no room, and is closed with the node. Default: nobody does. */
  readonly limits?: ExceededLimits;
  /** The addresses of this machine that others can reach. */
  machineAddresses(): readonly string[];
  /**
   * Begins to keep a port of the router mapped to this one, and tells where that can be reached.
   * Default: nobody does.
   */
  mapPort?(port: number, onChange: (address: SocketAddress | null) => void): PortMapping;
  /** The socket addresses of `host:port` texts; names that do not resolve are left out. */
  resolve(addresses: readonly string[]): Promise<SocketAddress[]>;
}
