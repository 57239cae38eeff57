// What a mesh is made of.

import type { IdentityKey, NodeCredentials, SignedTimes } from "../auth/mod.ts";
import type {
  Clock,
  Engine,
  LimitCounter,
  Log,
  PeerKey,
  Random,
  SocketAddress,
} from "../types/mod.ts";
import type { Redeemer } from "./redeemer.ts";

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
  /** Takes what finds no room. Default: nobody does. */
  readonly limits?: LimitCounter;
  /** Learns of moments that this machine's clock has not reached. Default: nobody does. */
  readonly signedTimes?: SignedTimes;
  /** Where a peer may be, besides where its session leads. Default: nowhere else. */
  candidates?(peer: PeerKey): readonly SocketAddress[];
  /** Whether a peer lost its membership. Asked at each handshake and by `recheckPeers`. */
  isRevoked(peer: PeerKey): boolean;
}
