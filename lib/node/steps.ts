// What goes into the node's core, and what comes out of it.

import type { Envelope, Frame, GossipEvent, MembershipCert, SignedPage } from "../proto/mod.ts";
import type { Punch } from "./punching.ts";
import type {
  LogFields,
  Packet,
  PeerEvent,
  PeerFrame,
  PeerKey,
  ServicePort,
  SocketAddress,
} from "../types/mod.ts";

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
  /** The peer has not answered for as long as a near one takes. */
  | { readonly kind: "connectPending"; readonly peer: PeerKey }
  /** What `openRelay` led to. */
  | {
    readonly kind: "relayOpened";
    readonly carrier: PeerKey;
    readonly flow: number;
    readonly peer: PeerKey;
    readonly isOpen: boolean;
  }
  /** What each flow that we carry has passed, in bytes. */
  | { readonly kind: "carriedBytes"; readonly passed: ReadonlyMap<number, number> }
  /** What `carry` led to. */
  | { readonly kind: "carried"; readonly flow: number; readonly isOpen: boolean }
  /** Somebody on this machine wants the peer: no more waiting. */
  | { readonly kind: "retryPeer"; readonly peer: PeerKey }
  /** The machine slept, or this process was stopped: what was planned is of the past. */
  | { readonly kind: "resumed" }
  /** The peer was revoked. */
  | { readonly kind: "revoked"; readonly peer: PeerKey }
  /** The addresses of this machine's interfaces, or those that its owner named; the port we are bound to. */
  | { readonly kind: "ownAddresses"; readonly ips: readonly string[]; readonly port: number }
  /** Where the names that the owner gave lead at present. */
  | { readonly kind: "namedAddresses"; readonly addresses: readonly SocketAddress[] }
  /** Where a port mapping of the router lets others reach us; null without one. */
  | { readonly kind: "mappedAddress"; readonly address: SocketAddress | null }
  /** We changed our own state; the peers are to hear of it. */
  | { readonly kind: "localEvents"; readonly events: readonly GossipEvent[] }
  /** What we say of our agents changed. */
  | { readonly kind: "localAgents"; readonly pages: readonly SignedPage[] };

/** What both protocols have, in the same words. */
export type SharedBody = Extract<NonNullable<Envelope["body"]>, NonNullable<Frame["body"]>>;

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
    readonly remotePort: ServicePort;
    readonly localPort: number;
  }
  /** The peer serves what the forward follows on another port now. */
  | {
    readonly kind: "moveForward";
    readonly peer: PeerKey;
    readonly service: string;
    readonly remotePort: ServicePort;
    readonly toPort: ServicePort;
  }
  /** Opens a way to a peer that does the same, and dials it. */
  | { readonly kind: "punch" } & Punch
  /** Tells two peers where the other one is seen from here, or the first that it cannot be done. */
  | { readonly kind: "coordinatePunch"; readonly from: PeerKey; readonly target: PeerKey }
  /** Opens this node's end of a flow that a carrier granted, and dials the peer over it where that is this end's part. */
  | {
    readonly kind: "openRelay";
    readonly carrier: PeerKey;
    readonly flow: number;
    readonly peer: PeerKey;
  }
  | { readonly kind: "closeRelay"; readonly carrier: PeerKey; readonly flow: number }
  /** Carries packets between two peers, so many bytes in each direction. */
  | {
    readonly kind: "carry";
    readonly flow: number;
    readonly ends: readonly [PeerKey, PeerKey];
    readonly bytesPerSecond: number;
  }
  | { readonly kind: "limitCarried"; readonly flow: number; readonly bytesPerSecond: number }
  | { readonly kind: "endCarried"; readonly flow: number }
  /** Sessions may lead nowhere from where this machine is now. */
  | { readonly kind: "shakePaths" }
  /** Whether a router stands between this node and the Internet. At first it is taken for granted. */
  | { readonly kind: "router"; readonly isThere: boolean }
  /** The peer told of a membership. */
  | {
    readonly kind: "membershipTold";
    readonly peer: PeerKey;
    readonly membership: MembershipCert;
  }
  /** The peer, of pollen/1, asks for another membership. */
  | { readonly kind: "renewalAsked"; readonly peer: PeerKey }
  | { readonly kind: "log"; readonly message: string; readonly fields: LogFields };
