// When this node says whom it reaches. The first few changes are said at once. When more come, as
// where a whole network starts, each would go to everybody and be followed by the next: they wait for
// a lull and are said together, so that nobody spends on them what the sessions themselves need. Pure.

import type { GossipEvent } from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import { type MonotonicMs, type PeerKey, PeerRateLimiter } from "../types/mod.ts";
import { Lull } from "./lull.ts";

/** Changes that are said at once, and the time after which one more is. */
const BURST = 8;
const REFILL_MS = 5_000;
/**
 * How much longer the lull has to be for each change that waits, at most; the node's key says where
 * in between. So those who waited for the same sessions do not all speak in the same moment: a
 * hundred nodes that reach each other say a million things altogether.
 */
const SPREAD_MS = 500;

export class Reach {
  readonly #store: Store;
  /** Where in the spread this node has its turn, from 0 to 1. */
  readonly #turn: number;
  /** Whom we reach, or no longer, without having said so. */
  readonly #waiting = new Map<PeerKey, boolean>();
  readonly #lull = new Lull();
  readonly #allowed = new PeerRateLimiter(BURST, REFILL_MS);

  constructor(store: Store) {
    this.#store = store;
    this.#turn = Number.parseInt(store.local.slice(0, 4), 16) / 0x1_0000;
  }

  /** Whether something waits for a lull: much changes. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** A session with the peer began, or ended; the events that say so now. */
  change(now: MonotonicMs, peer: PeerKey, isConnected: boolean): GossipEvent[] {
    if (this.#waiting.size === 0 && this.#allowed.allow(this.#store.local, now)) {
      return this.#store.setLocalConnected(peer, isConnected);
    }
    this.#waiting.set(peer, isConnected);
    this.#lull.note(now);
    return [];
  }

  /** What has waited long enough. */
  tick(now: MonotonicMs): GossipEvent[] {
    if (!this.#lull.take(now, this.#turn * SPREAD_MS * this.#waiting.size)) return [];
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    return waiting.flatMap(([peer, isConnected]) =>
      this.#store.setLocalConnected(peer, isConnected)
    );
  }
}
