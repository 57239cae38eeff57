// When a peer may be punched again whose router, or ours, is a strict one. An attempt sends a
// thousand packets, to an address that a member says is its own: the more of them were in vain, the
// longer the next one has to wait. Pure.

import {
  addMs,
  type MonotonicMs,
  type PeerKey,
  RATED_PEERS_MAX,
  type SocketAddress,
} from "../types/mod.ts";

/** After the first attempt; doubles with each. One lasts 4 s, so that a second one may follow at once. */
const PAUSE_FIRST_MS = 5_000;
const PAUSE_MAX_MS = 10 * 60_000;

/** How long an attempt takes; until then a second word about it is no other one. */
const ATTEMPT_MS = 4_000;

interface Tried {
  readonly ip: string;
  readonly begunAt: MonotonicMs;
  readonly pauseMs: number;
  readonly until: MonotonicMs;
}

export class PunchPauses {
  readonly #tried = new Map<PeerKey, Tried>();

  /** Begins to try the peer at this IP, unless it is tried already, or has to rest. */
  begin(now: MonotonicMs, peer: PeerKey, ip: string): "begun" | "running" | "resting" {
    const before = this.#tried.get(peer);
    if (before !== undefined && before.until > now) {
      return addMs(before.begunAt, ATTEMPT_MS) > now ? "running" : "resting";
    }
    const pauseMs = Math.min((before?.pauseMs ?? PAUSE_FIRST_MS / 2) * 2, PAUSE_MAX_MS);
    this.#tried.delete(peer);
    this.#tried.set(peer, { ip, begunAt: now, pauseMs, until: addMs(now, pauseMs) });
    if (this.#tried.size > RATED_PEERS_MAX) {
      this.#tried.delete(this.#tried.keys().next().value!);
    }
    return "begun";
  }

  /** The peer has answered there: if that is where it was tried, it was not in vain. */
  met(peer: PeerKey, at: SocketAddress): void {
    if (this.#tried.get(peer)?.ip === at.ip) this.#tried.delete(peer);
  }
}
