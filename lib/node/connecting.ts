// Whom this node tries to connect with, and by which means: it dials, has a punch coordinated, or asks
// for a carrier. It owns the peer state machine, which says when each is due. Pure.
//
//   what happens            what follows
//   time goes by            known peers are discovered, due ones are tried
//   an attempt fails        it is tried again after its pause, and soon after the machine slept
//   a session begins, ends  nothing more is tried; a retry is planned

import { PeerStore } from "../peer/mod.ts";
import type { Store } from "../store/mod.ts";
import {
  addMs,
  assertNever,
  type MonotonicMs,
  type PeerEvent,
  type PeerKey,
} from "../types/mod.ts";
import { addressesOf } from "./addresses.ts";
import type { PunchTalk } from "./punch_talk.ts";
import type { Relaying } from "./relaying.ts";
import type { BootstrapPeer, NodeOutput } from "./steps.ts";

/**
 * How long after a sleep nobody waits: the network comes back some seconds later than the machine,
 * and sessions show only then whether they live.
 */
const RESUMING_MS = 30_000;

export interface ConnectingOptions {
  readonly store: Store;
  /** Peers that are tried from the start, this node not among them. */
  readonly bootstrapPeers: readonly BootstrapPeer[];
  readonly punches: Pick<PunchTalk, "request">;
  readonly relaying: Pick<Relaying, "seek" | "isSought">;
}

export class Connecting {
  readonly #options: ConnectingOptions;
  readonly #peers = new PeerStore();
  /** Until when peers are tried without waiting. */
  #resumingUntil: MonotonicMs | null = null;

  constructor(options: ConnectingOptions) {
    this.#options = options;
  }

  /** Peers with a live session, sorted. */
  connected(): readonly PeerKey[] {
    return this.#peers.connected();
  }

  isConnected(peer: PeerKey): boolean {
    return this.#peers.inState(peer, "connected");
  }

  /** A session with the peer has begun. */
  begin(
    now: MonotonicMs,
    { peer, address, inbound }: Extract<PeerEvent, { kind: "connected" }>,
  ): void {
    this.#peers.step(now, { kind: "connectPeer", peer, address, inbound });
  }

  /** The session with the peer has ended; whether the peer is to be tried at once. */
  end(
    now: MonotonicMs,
    { peer, reason }: Extract<PeerEvent, { kind: "disconnected" }>,
  ): boolean {
    this.#peers.step(now, { kind: "peerDisconnected", peer, reason });
    // The peer gave the session up while we slept; it is there all the same.
    const wasSlept = this.#isResuming(now) &&
      (reason === "idle_timeout" || reason === "stateless_reset");
    if (wasSlept) this.#peers.step(now, { kind: "retryPeer", peer });
    return wasSlept;
  }

  /** The peer is no member any more. */
  forget(now: MonotonicMs, peer: PeerKey): void {
    this.#peers.step(now, { kind: "forgetPeer", peer });
  }

  /** Known peers are discovered, and those that are due are tried. */
  tick(now: MonotonicMs): NodeOutput[] {
    const { store, bootstrapPeers } = this.#options;
    for (const { peerKey } of bootstrapPeers) {
      if (store.isSubjectRevoked(peerKey)) continue;
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
    for (const known of store.knownPeers()) {
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
          return this.requestPunch(now, output.peer);
        case "peerConnected":
          return [];
        default:
          return assertNever(output);
      }
    });
  }

  /** A carrier is asked for as long as the peer is not connected. */
  seekRelay(now: MonotonicMs, peer: PeerKey): NodeOutput[] {
    if (this.#peers.get(peer) === null || this.#peers.inState(peer, "connected")) return [];
    return this.#options.relaying.seek(now, peer);
  }

  /** Without anybody to ask, the peer is tried again from the start after its pause. */
  requestPunch(now: MonotonicMs, peer: PeerKey): NodeOutput[] {
    const asked = this.#options.punches.request(peer);
    if (asked !== null) return [asked];
    this.fail(now, peer);
    return [];
  }

  /** An attempt failed. After a sleep the long rest is left out. */
  fail(now: MonotonicMs, peer: PeerKey): void {
    this.#peers.step(now, { kind: "connectFailed", peer });
    if (this.#isResuming(now) && this.#peers.inState(peer, "unreachable")) {
      this.#peers.step(now, { kind: "retryPeer", peer });
    }
  }

  /** The peer is tried now, if it waits. */
  retry(now: MonotonicMs, peer: PeerKey): NodeOutput[] {
    this.#peers.step(now, { kind: "retryPeer", peer });
    return this.tick(now);
  }

  /** Every peer that waits is tried now. */
  retryAll(now: MonotonicMs): NodeOutput[] {
    for (const { peer } of this.#peers.getAll()) this.#peers.step(now, { kind: "retryPeer", peer });
    return this.tick(now);
  }

  /** The machine slept. */
  resume(now: MonotonicMs): NodeOutput[] {
    this.#resumingUntil = addMs(now, RESUMING_MS);
    return this.retryAll(now);
  }

  #isResuming(now: MonotonicMs): boolean {
    return this.#resumingUntil !== null && now < this.#resumingUntil;
  }

  /** One that was not reached before is not waited for. */
  #seekAgain(now: MonotonicMs, peer: PeerKey): NodeOutput[] {
    return this.#options.relaying.isSought(peer) ? this.#options.relaying.seek(now, peer) : [];
  }

  #dialEverything(peer: PeerKey): NodeOutput {
    const { store, bootstrapPeers } = this.#options;
    const known = store.get(peer);
    const names = bootstrapPeers.find(({ peerKey }) => peerKey === peer)?.addrs ?? [];
    return {
      kind: "connect",
      peer,
      addresses: known === null ? [] : addressesOf(known),
      names,
    };
  }
}
