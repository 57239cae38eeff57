// How often a peer is sent a summary because its digest differs from ours, or its summary has more:
// seldom, and less and less often as long as nothing comes of it.

import { addMs, type MonotonicMs, type PeerKey } from "../types/mod.ts";

/** Between two summaries for digests that differ: the first time, and when it never led to anything. */
const SUMMARY_PAUSE_MS = 5_000;
const SUMMARY_PAUSE_MS_MAX = 300_000;

export class SummaryPauses {
  readonly #peers = new Map<PeerKey, { summaryAt: MonotonicMs; pauseMs: number }>();

  /** Our summary goes to a new peer. */
  begin(now: MonotonicMs, peer: PeerKey): void {
    const summaryAt = addMs(now, SUMMARY_PAUSE_MS);
    this.#peers.set(peer, { summaryAt, pauseMs: SUMMARY_PAUSE_MS });
  }

  end(peer: PeerKey): void {
    this.#peers.delete(peer);
  }

  has(peer: PeerKey): boolean {
    return this.#peers.has(peer);
  }

  /** Whether a peer may be sent a summary now. */
  allows(now: MonotonicMs, peer: PeerKey): boolean {
    const pause = this.#peers.get(peer);
    return pause !== undefined && pause.summaryAt <= now;
  }

  /** A summary goes to the peer. */
  asked(now: MonotonicMs, peer: PeerKey): void {
    const pause = this.#peers.get(peer);
    if (pause !== undefined) pause.summaryAt = addMs(now, pause.pauseMs);
  }

  /** Whether a digest is to be answered by a summary, which goes out then. */
  onDigest(now: MonotonicMs, peer: PeerKey, isSame: boolean): boolean {
    const pause = this.#peers.get(peer);
    if (pause === undefined || pause.summaryAt > now) return false;
    if (isSame) {
      pause.pauseMs = SUMMARY_PAUSE_MS;
      return false;
    }
    this.asked(now, peer);
    pause.pauseMs = Math.min(2 * pause.pauseMs, SUMMARY_PAUSE_MS_MAX);
    return true;
  }

  /** Something new came of it. */
  wasWorthIt(peer: PeerKey): void {
    const pause = this.#peers.get(peer);
    if (pause !== undefined) pause.pauseMs = SUMMARY_PAUSE_MS;
  }
}
