// The exchange of agents' pages with peers over pollen/2, beside that of the state and in its manner: a
// summary at the beginning, a hash in each gossip round, what is new at once. Pure.

import type { AgentPages, AgentSummary, Frame, SignedPage } from "../proto/mod.ts";
import { pageBytes, type Pages } from "../store/mod.ts";
import {
  type LimitCounter,
  type MonotonicMs,
  type PeerKey,
  PeerRateLimiter,
  RECORDS_BYTES,
  SUMMARIES_AT_ONCE_MAX,
  SUMMARY_ANSWER_BYTES,
  SUMMARY_ANSWER_PAUSE_MS,
} from "../types/mod.ts";
import { Asks } from "./asks.ts";
import { SummaryPauses } from "./summary_pauses.ts";

export class AgentSync {
  readonly #pages: Pages;
  readonly #asks: Asks;
  readonly #pauses = new SummaryPauses();
  readonly #answers: PeerRateLimiter;

  /** @param limits Takes what finds no room. */
  constructor(local: PeerKey, pages: Pages, limits: LimitCounter) {
    this.#pages = pages;
    const onExceeded = () => limits.count("agent_summaries");
    this.#answers = new PeerRateLimiter(
      SUMMARIES_AT_ONCE_MAX,
      SUMMARY_ANSWER_PAUSE_MS,
      onExceeded,
    );
    this.#asks = new Asks(local);
  }

  begin(now: MonotonicMs, peer: PeerKey): Frame[] {
    this.#pauses.begin(now, peer);
    return this.#ask(now, peer);
  }

  end(peer: PeerKey): void {
    this.#pauses.end(peer);
    this.#asks.forget(peer);
  }

  /** The summaries that had to wait. */
  tick(now: MonotonicMs): [PeerKey, Frame][] {
    return this.#asks.due(now).map((peer) => [peer, this.#summary()]);
  }

  /** For the digest of a gossip round. */
  hash(): Uint8Array {
    return this.#pages.digest();
  }

  /** @param hash Empty from a peer that knows nothing of agents. */
  onHash(now: MonotonicMs, peer: PeerKey, hash: Uint8Array): Frame[] {
    if (hash.length === 0) return [];
    const isSame = hash.toHex() === this.#pages.digest().toHex();
    if (isSame) this.#asks.forget(peer);
    return this.#pauses.onDigest(now, peer, isSame) ? this.#ask(now, peer) : [];
  }

  onSummary(now: MonotonicMs, peer: PeerKey, summary: AgentSummary): Frame[] {
    if (!this.#answers.allow(peer, now)) return [];
    const frames = pageFrames(this.#pages.missing(summary, { bytesMax: SUMMARY_ANSWER_BYTES }));
    if (this.#pauses.allows(now, peer) && this.#pages.mayLack(summary)) {
      this.#pauses.asked(now, peer);
      frames.push(...this.#ask(now, peer));
    }
    return frames;
  }

  /** What follows once the peer's pages were applied. */
  onPages(peer: PeerKey, isNew: boolean, more: boolean): Frame[] {
    if (isNew) this.#pauses.wasWorthIt(peer);
    // Pages that lead to nothing are no reason to ask for more of them.
    return more && isNew ? [this.#summary()] : [];
  }

  /** The frames that tell of new pages. */
  tell(pages: readonly SignedPage[]): Frame[] {
    return pageFrames({ pages, more: false });
  }

  /** A summary, now or when there is time. */
  #ask(now: MonotonicMs, peer: PeerKey): Frame[] {
    return this.#asks.take(now, peer) ? [this.#summary()] : [];
  }

  #summary(): Frame {
    return { body: { kind: "agentSummary", value: this.#pages.summary() } };
  }
}

/** Frames with all the pages, in order. */
function pageFrames({ pages, more }: AgentPages): Frame[] {
  const batches: SignedPage[][] = [];
  let bytes = Infinity;
  for (const page of pages) {
    bytes += pageBytes(page);
    if (bytes > RECORDS_BYTES) {
      batches.push([]);
      bytes = pageBytes(page);
    }
    batches.at(-1)!.push(page);
  }
  return batches.map((batch, index) => ({
    body: {
      kind: "agentPages",
      value: { pages: batch, more: more && index === batches.length - 1 },
    },
  }));
}
