// What is said about punches, in every part that a node has in them: it asks for one, it is told of
// one, it brings two others together. What is plausible is judged in punching.ts, and what two others
// are to do is found in coordinating.ts. Pure.

import type { Envelope, Frame, PunchCoordTrigger, PunchCoordUnequal } from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import {
  type LimitCounter,
  type MonotonicMs,
  PEER_KEY_BYTES,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  type PunchPart,
  type SocketAddress,
} from "../types/mod.ts";
import { Coordinating, type MaybeSeen } from "./coordinating.ts";
import type { Exchange } from "./exchange.ts";
import { natKindFrom } from "./nat_reports.ts";
import { Punching } from "./punching.ts";
import type { NodeOutput } from "./steps.ts";
import type { Whereabouts } from "./whereabouts.ts";

export interface PunchTalkOptions {
  readonly store: Store;
  /** Takes what finds no room. */
  readonly limits: LimitCounter;
  readonly exchange: Exchange;
  readonly whereabouts: Whereabouts;
  /** The peers with a live session, sorted. */
  connected(): readonly PeerKey[];
  /** Whether there is a session with the peer that needs no carrier. */
  isReached(peer: PeerKey): boolean;
  /** Who carries between us and the peer. */
  carriersOf(peer: PeerKey): readonly PeerKey[];
  /** The attempt to reach the peer has failed. */
  fail(now: MonotonicMs, peer: PeerKey): void;
}

export class PunchTalk {
  readonly #options: PunchTalkOptions;
  readonly #punching: Punching;
  readonly #coordinating: Coordinating;

  constructor(options: PunchTalkOptions) {
    const { store, limits, exchange, whereabouts } = options;
    this.#options = options;
    this.#punching = new Punching({
      store,
      limits,
      natKind: () => whereabouts.natKind(),
      takesFrames: (peer) => exchange.takesFrames(peer),
    });
    this.#coordinating = new Coordinating(exchange);
  }

  /** Asks a common peer; null when there is none. */
  request(peer: PeerKey): NodeOutput | null {
    const carriers = this.#options.carriersOf(peer);
    const coordinator = this.#punching.coordinatorFor(peer, this.#coordinators(), carriers);
    if (coordinator === null) return null;
    const value = { peerId: peerKeyBytes(peer) };
    return this.#options.exchange.say(coordinator, { kind: "punchCoordRequest", value });
  }

  /** Tells two peers where the other one is seen from here; the first, if that is of no use. */
  coordinate(now: MonotonicMs, from: MaybeSeen, target: MaybeSeen): NodeOutput[] {
    return this.#coordinating.coordinate(now, from, target);
  }

  /** A session with the peer has begun, at this address. */
  met(peer: PeerKey, address: SocketAddress): void {
    this.#punching.met(peer, address);
  }

  /** The peer is gone. */
  forget(peer: PeerKey): void {
    this.#coordinating.forget(peer);
  }

  /** What both protocols have about punches; null for anything else. */
  onShared(
    now: MonotonicMs,
    from: PeerKey,
    body: Envelope["body"] | Frame["body"],
  ): NodeOutput[] | null {
    switch (body?.kind) {
      case "punchCoordRequest":
        return this.#onRequest(now, from, body.value.peerId);
      case "punchCoordTrigger":
        return this.#onTrigger(now, from, body.value);
      default:
        return null;
    }
  }

  /** What only frames have about punches; null for anything else. */
  onFrame(now: MonotonicMs, from: PeerKey, body: Frame["body"]): NodeOutput[] | null {
    switch (body?.kind) {
      case "punchCoordRefusal":
        return this.#onRefused(now, body.value.peerId);
      case "punchCoordUnequal":
        return this.#onUnequal(now, from, body.value);
      case "natReport":
        this.#coordinating.report(from, natKindFrom(body.value.mapping));
        return [];
      default:
        return null;
    }
  }

  /** Who sees us from outside comes first, then who can say no. */
  #coordinators(): PeerKey[] {
    const { connected, whereabouts, exchange } = this.#options;
    const rank = (peer: PeerKey) =>
      (whereabouts.isSeenBy(peer) ? 2 : 0) + (exchange.takesFrames(peer) ? 1 : 0);
    return connected().toSorted((a, b) => rank(b) - rank(a));
  }

  #onRequest(now: MonotonicMs, from: PeerKey, peerId: Uint8Array): NodeOutput[] {
    const target = this.#punching.requested(now, from, peerId);
    return target === null ? [] : [{ kind: "coordinatePunch", from, target }];
  }

  #onTrigger(
    now: MonotonicMs,
    from: PeerKey,
    trigger: PunchCoordTrigger,
    part?: PunchPart,
  ): NodeOutput[] {
    const { isReached, fail } = this.#options;
    const punch = this.#punching.triggered(now, from, trigger, part);
    if (punch === null || isReached(punch.peer)) return [];
    const begun = this.#punching.begin(now, punch);
    if (begun === "begun") return [{ kind: "punch", ...punch }];
    // What runs says itself what became of it.
    if (begun === "resting") fail(now, punch.peer);
    return [];
  }

  #onUnequal(
    now: MonotonicMs,
    from: PeerKey,
    { trigger, isHard }: PunchCoordUnequal,
  ): NodeOutput[] {
    if (trigger === undefined) return [];
    return this.#onTrigger(now, from, trigger, isHard ? "hard" : "easy");
  }

  /** Nobody there: the next attempt asks another one. */
  #onRefused(now: MonotonicMs, peerId: Uint8Array): NodeOutput[] {
    if (peerId.length === PEER_KEY_BYTES) this.#options.fail(now, peerKeyFromBytes(peerId));
    return [];
  }
}
