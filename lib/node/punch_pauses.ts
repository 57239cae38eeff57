// When a peer may be punched again whose router, or ours, is a strict one. An attempt sends a
// thousand packets, to an address that a member says is its own: the more of them were in vain, the
// longer the next one has to wait, at the peer's other addresses and for other peers at that IP.
// Keys cost nothing, so that without the latter whoever has many could aim us at one IP all the time.
// Pure.

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

/** The last attempt at somebody. */
interface Tried {
  readonly peer: PeerKey;
  readonly ip: string;
  readonly begunAt: MonotonicMs;
  readonly pauseMs: number;
  readonly until: MonotonicMs;
}

export class PunchPauses {
  /** By peer and by IP: neither looks like the other. */
  readonly #tried = new Map<string, Tried>();

  /** Begins to try the peer at this IP, unless it is tried already, or one of the two has to rest. */
  begin(now: MonotonicMs, peer: PeerKey, ip: string): "begun" | "running" | "resting" {
    const before = [peer, ip].flatMap((who) => this.#tried.get(who) ?? []);
    const waits = before.filter(({ until }) => until > now);
    if (waits.length > 0) {
      const isRunning = waits.some((tried) =>
        tried.peer === peer && addMs(tried.begunAt, ATTEMPT_MS) > now
      );
      return isRunning ? "running" : "resting";
    }
    const longest = Math.max(PAUSE_FIRST_MS / 2, ...before.map(({ pauseMs }) => pauseMs));
    const pauseMs = Math.min(longest * 2, PAUSE_MAX_MS);
    const tried = { peer, ip, begunAt: now, pauseMs, until: addMs(now, pauseMs) };
    this.#note(peer, tried);
    this.#note(ip, tried);
    return "begun";
  }

  /** The peer has answered there: if that is where it was tried, it was not in vain. */
  met(peer: PeerKey, at: SocketAddress): void {
    if (this.#tried.get(peer)?.ip !== at.ip) return;
    this.#tried.delete(peer);
    this.#tried.delete(at.ip);
  }

  #note(who: string, tried: Tried): void {
    this.#tried.delete(who);
    this.#tried.set(who, tried);
    if (this.#tried.size > 2 * RATED_PEERS_MAX) {
      this.#tried.delete(this.#tried.keys().next().value!);
    }
  }
}
