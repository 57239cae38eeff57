// Both parts that a node has in relays: an end's (relaying.ts) and a carrier's (carrying.ts). Pure.

import type { Frame } from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import type { LimitCounter, MonotonicMs, PeerKey, RelayPeer } from "../types/mod.ts";
import { Carrying } from "./carrying.ts";
import { Relaying } from "./relaying.ts";
import type { NodeInput, NodeOutput } from "./steps.ts";

export interface RelaysOptions {
  readonly store: Store;
  /** What is carried for one member in each direction; null to carry nothing for others. */
  readonly bytesPerSecond: number | null;
  /** Takes what finds no room. */
  readonly limits: LimitCounter;
  /** The peers that can take part in relays. */
  peers(): ReadonlyMap<PeerKey, RelayPeer>;
}

export class Relays {
  readonly relaying: Relaying;
  readonly #carrying: Carrying;

  constructor(options: RelaysOptions) {
    this.relaying = new Relaying(options);
    this.#carrying = new Carrying(options);
  }

  tick(now: MonotonicMs): NodeOutput[] {
    return [...this.relaying.tick(now), ...this.#carrying.tick(now)];
  }

  /** What rested on a peer's session, which is another one now, gone, or relayed itself. */
  endPeer(now: MonotonicMs, peer: PeerKey): NodeOutput[] {
    return [...this.relaying.endCarrier(now, peer), ...this.#carrying.endPeer(peer)];
  }

  /** What the driver did. */
  performed(input: Extract<NodeInput, { kind: "relayOpened" | "carried" }>): NodeOutput[] {
    if (input.kind === "carried") return this.#carrying.opened(input.flow, input.isOpen);
    return this.relaying.opened(input.carrier, input.flow, input.peer, input.isOpen);
  }

  /** What each flow that we carry has passed, in bytes. */
  measured(now: MonotonicMs, passed: ReadonlyMap<number, number>): NodeOutput[] {
    return this.#carrying.measured(now, passed);
  }

  /** What a peer says about relays; null for anything else. */
  onFrame(now: MonotonicMs, peer: PeerKey, body: Frame["body"]): NodeOutput[] | null {
    switch (body?.kind) {
      case "relayRequest":
        return this.#carrying.requested(now, peer, body.value.peerId);
      case "relayGrant":
        return this.relaying.granted(now, peer, body.value);
      case "relayAcceptance":
        return this.#carrying.accepted(peer, body.value.flow);
      case "relayRefusal":
        return this.relaying.refused(now, peer, body.value.peerId);
      case "relayWithdrawal":
        return body.value.carried
          ? this.relaying.withdrawn(now, peer, body.value.flow)
          : this.#carrying.withdrawn(peer, body.value.flow);
      default:
        return null;
    }
  }
}
