// What the peer state machine takes and gives: a peer and its state, inputs, outputs. Each state
// holds only the facts that exist in it, so that no moment or counter of another state can leak.

import type { DisconnectReason, MonotonicMs, PeerKey, SocketAddress } from "../types/mod.ts";

/** How a peer is tried: where it was last, then at every known address, then through a coordinator. */
export type ConnectStage = "eagerRetry" | "direct" | "punch";

/** What is being done about a peer, with the facts that exist in that state alone. */
export type PeerState =
  /** Waiting to be tried with `stage` at `dueAt`, after `attempts` failures within that stage. */
  | {
    readonly kind: "discovered";
    readonly stage: ConnectStage;
    readonly attempts: number;
    readonly dueAt: MonotonicMs;
  }
  /** Being tried; from `deadlineAt` on the attempt counts as failed. */
  | {
    readonly kind: "connecting";
    readonly stage: ConnectStage;
    readonly attempts: number;
    readonly deadlineAt: MonotonicMs;
  }
  /** There is a session, since `connectedAt`, with `address`; null over a carrier. */
  | {
    readonly kind: "connected";
    readonly connectedAt: MonotonicMs;
    readonly address: SocketAddress | null;
    readonly inbound: boolean;
  }
  /** Every stage failed; all are tried again at `dueAt`. */
  | { readonly kind: "unreachable"; readonly dueAt: MonotonicMs };

/** The name of a state. */
export type PeerStateKind = PeerState["kind"];

/** A peer as of one moment; later steps do not change it. */
export interface Peer {
  /** Its key. */
  readonly peer: PeerKey;
  /** IP literals it may answer at. */
  readonly ips: readonly string[];
  /** The port that goes with them; 0 while unknown. */
  readonly port: number;
  /** Where its last session was. */
  readonly lastAddr: SocketAddress | null;
  /** What is being done about it. */
  readonly state: PeerState;
}

/** What happened, told to the state machine. */
export type PeerInput =
  /** The peer exists, at these addresses. `port` 0 and `lastAddr` null leave what is known. */
  | {
    readonly kind: "discoverPeer";
    readonly peer: PeerKey;
    readonly ips: readonly string[];
    readonly port: number;
    readonly lastAddr: SocketAddress | null;
  }
  /** Time went by. */
  | { readonly kind: "tick" }
  /** There is a session with the peer, whoever dialled; over a carrier without `address`. */
  | {
    readonly kind: "connectPeer";
    readonly peer: PeerKey;
    readonly address: SocketAddress | null;
    readonly inbound: boolean;
  }
  /** The attempt that an output asked for failed. */
  | { readonly kind: "connectFailed"; readonly peer: PeerKey }
  /** The session with the peer is gone. */
  | {
    readonly kind: "peerDisconnected";
    readonly peer: PeerKey;
    readonly reason: DisconnectReason;
  }
  /** Somebody wants the peer now: no more waiting. */
  | { readonly kind: "retryPeer"; readonly peer: PeerKey }
  /** The peer is to be left alone for good: it was revoked. */
  | { readonly kind: "forgetPeer"; readonly peer: PeerKey };

/** What the state machine wants done. Attempts that fail are reported back as `connectFailed`. */
export type PeerOutput =
  | {
    readonly kind: "peerConnected";
    readonly peer: PeerKey;
    readonly address: SocketAddress | null;
    readonly inbound: boolean;
  }
  /** Dial the address of the last session, and only that. */
  | {
    readonly kind: "attemptEagerConnect";
    readonly peer: PeerKey;
    readonly address: SocketAddress;
  }
  /** Dial these; there may be none, which is a failure like any other. */
  | {
    readonly kind: "attemptConnect";
    readonly peer: PeerKey;
    readonly ips: readonly string[];
    readonly port: number;
  }
  /** Ask a common peer to coordinate a hole punch. */
  | {
    readonly kind: "requestPunchCoordination";
    readonly peer: PeerKey;
    readonly ips: readonly string[];
  };
