// How often each peer may do something: a burst at once, then one more after each pause.

import { addMs, type MonotonicMs } from "./clock.ts";
import type { PeerKey } from "./peer_key.ts";
import { RATED_PEERS_MAX } from "./limits.ts";

/** Pure: moments come in as arguments. */
export class PeerRateLimiter {
  readonly #burst: number;
  readonly #refillMs: number;
  readonly #onExceeded: () => void;
  /** When the peer's whole burst will be allowed again. */
  readonly #fullAt = new Map<PeerKey, MonotonicMs>();

  /**
   * @param burst How many at once, at least 1.
   * @param refillMs One more is allowed after each such time.
   * @param onExceeded Called where something is not allowed. Default: nothing happens.
   */
  constructor(burst: number, refillMs: number, onExceeded: () => void = () => {}) {
    this.#burst = burst;
    this.#refillMs = refillMs;
    this.#onExceeded = onExceeded;
  }

  /** Whether the peer may do it now; counts it if so. */
  allow(peer: PeerKey, now: MonotonicMs): boolean {
    const fullAt = this.#fullAt.get(peer) ?? now;
    const next = addMs(fullAt > now ? fullAt : now, this.#refillMs);
    if (next - now > this.#burst * this.#refillMs) {
      this.#onExceeded();
      return false;
    }
    this.#fullAt.delete(peer);
    this.#fullAt.set(peer, next);
    if (this.#fullAt.size > RATED_PEERS_MAX) this.#fullAt.delete(this.#fullAt.keys().next().value!);
    return true;
  }
}
