// How often a peer may replace its session by that of a new process. A machine that crashes does so
// now and then; two machines that share one key would take the session from each other for ever.

import { addMs, type MonotonicMs, type PeerKey } from "../types/mod.ts";

/** Replacements in quick succession that are taken for restarts. */
const BURST = 8;
/** One more is allowed after each such time. A supervisor restarts a crashing daemon about as often. */
const REFILL_MS = 5_000;
/** Peers that are kept account of; the one that was quiet the longest is forgotten first. */
const PEERS_MAX = 1_024;

/** Pure: moments come in as arguments. */
export class RestartLimiter {
  /** When the peer's whole burst will be allowed again. */
  readonly #fullAt = new Map<PeerKey, MonotonicMs>();

  /** Whether the peer may replace its session now; counts it if so. */
  allow(peer: PeerKey, now: MonotonicMs): boolean {
    const fullAt = this.#fullAt.get(peer) ?? now;
    const next = addMs(fullAt > now ? fullAt : now, REFILL_MS);
    if (next - now > BURST * REFILL_MS) return false;
    this.#fullAt.delete(peer);
    this.#fullAt.set(peer, next);
    if (this.#fullAt.size > PEERS_MAX) this.#fullAt.delete(this.#fullAt.keys().next().value!);
    return true;
  }
}
