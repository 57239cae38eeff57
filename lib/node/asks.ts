// Which peers are asked for what is missing, and when. Each answers with all of it, so who asks one
// after the other is told everything once, and not by each. Pure.

import { type MonotonicMs, type PeerKey, PeerRateLimiter } from "../types/mod.ts";

/** How many are asked at once, and the time after which one more is. */
const BURST = 4;
const PAUSE_MS = 1_000;

export class Asks {
  readonly #local: PeerKey;
  readonly #allowed = new PeerRateLimiter(BURST, PAUSE_MS);
  /** Whom to ask when there is time; who came last knows most. */
  readonly #waiting = new Set<PeerKey>();

  constructor(local: PeerKey) {
    this.#local = local;
  }

  /** Whether the peer is asked now; otherwise it is when there is time. */
  take(now: MonotonicMs, peer: PeerKey, isBusy = false): boolean {
    this.#waiting.delete(peer);
    if (!isBusy && this.#allowed.allow(this.#local, now)) return true;
    this.#waiting.add(peer);
    return false;
  }

  /** The peer is not to be asked any more. */
  forget(peer: PeerKey): void {
    this.#waiting.delete(peer);
  }

  /** Those that waited and are asked now. */
  due(now: MonotonicMs): PeerKey[] {
    const due: PeerKey[] = [];
    for (const peer of [...this.#waiting].reverse()) {
      if (!this.take(now, peer)) break;
      due.push(peer);
    }
    return due;
  }
}
