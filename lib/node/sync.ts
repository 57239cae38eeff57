// The exchange of state with peers over pollen/2. Pure: frames with their moment go in, frames for
// the same peer come out.
//
//   what happens          what follows
//   a session begins      each end sends its summary
//   a summary comes       its sender gets what it lacks; if it may have more than we, our summary too
//   more was to come      our summary asks for the rest
//   a gossip round        each peer gets our digest, which is small
//   another digest comes  our summary; where that changes nothing, less and less often
//
// In between, what is new goes out at once. A summary that follows another too fast is not answered:
// the next digest brings it up again.

import type { EventRecord, EventRecords, Frame, GossipEvent, Summary } from "../proto/mod.ts";
import { recordBytes, type Store } from "../store/mod.ts";
import {
  addMs,
  type LimitCounter,
  MEMBERSHIPS_PER_FRAME,
  type MonotonicMs,
  type PeerKey,
  PeerRateLimiter,
  RECORDS_BYTES,
  SUMMARIES_AT_ONCE_MAX,
  SUMMARY_ANSWER_BYTES,
  SUMMARY_ANSWER_PAUSE_MS,
  uncounted,
} from "../types/mod.ts";
import { Asks } from "./asks.ts";
import { SummaryPauses } from "./summary_pauses.ts";

/** Nobody is asked while so much comes by itself: to verify it takes a hundredth of a core. */
const BUSY_BYTES_PER_MS = 16;
/** But for this long at most: what is missing may be who else there is. */
const BUSY_MS_MAX = 3_000;

export class Sync {
  readonly #store: Store;
  readonly #asks: Asks;
  #busyUntil: MonotonicMs | null = null;
  readonly #pauses = new SummaryPauses();
  /** Authors whose membership went to the peer in this session: once is enough. */
  readonly #vouched = new Map<PeerKey, Set<string>>();
  readonly #answers: PeerRateLimiter;

  /** @param limits Takes what finds no room. Default: nobody does. */
  constructor(store: Store, limits: LimitCounter = uncounted) {
    this.#store = store;
    const onExceeded = () => limits.count("summaries");
    this.#answers = new PeerRateLimiter(
      SUMMARIES_AT_ONCE_MAX,
      SUMMARY_ANSWER_PAUSE_MS,
      onExceeded,
    );
    this.#asks = new Asks(store.local);
  }

  /** Whether the exchange with this peer goes on. */
  has(peer: PeerKey): boolean {
    return this.#pauses.has(peer);
  }

  begin(now: MonotonicMs, peer: PeerKey): Frame[] {
    this.#pauses.begin(now, peer);
    this.#vouched.set(peer, new Set());
    return this.#ask(now, peer);
  }

  end(peer: PeerKey): void {
    this.#pauses.end(peer);
    this.#vouched.delete(peer);
    this.#asks.forget(peer);
  }

  /** The summaries that had to wait. */
  tick(now: MonotonicMs): [PeerKey, Frame][] {
    if (this.#isBusy(now)) return [];
    return this.#asks.due(now).map((peer) => [peer, this.#summary()]);
  }

  /** What each peer gets in a gossip round, with the hash of what else there is. */
  round(agents: Uint8Array): Frame {
    return { body: { kind: "digest", value: { hash: this.#store.digest(), agents } } };
  }

  onDigest(now: MonotonicMs, peer: PeerKey, hash: Uint8Array): Frame[] {
    const isSame = hash.toHex() === this.#store.digest().toHex();
    if (isSame) this.#asks.forget(peer);
    return this.#pauses.onDigest(now, peer, isSame) ? this.#ask(now, peer) : [];
  }

  onSummary(now: MonotonicMs, peer: PeerKey, summary: Summary): Frame[] {
    if (!this.#answers.allow(peer, now)) return [];
    const missing = this.#store.missingRecords(summary, { bytesMax: SUMMARY_ANSWER_BYTES });
    const frames = recordFrames(missing);
    if (!this.#store.mayLack(summary)) {
      this.#asks.forget(peer);
    } else if (this.#pauses.allows(now, peer)) {
      this.#pauses.asked(now, peer);
      frames.push(...this.#ask(now, peer));
    }
    return frames;
  }

  /** What follows once the peer's records were applied. */
  onRecords(
    now: MonotonicMs,
    peer: PeerKey,
    { records, more }: EventRecords,
    isNew: boolean,
  ): Frame[] {
    const bytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
    const from = this.#busyUntil === null || this.#busyUntil < now ? now : this.#busyUntil;
    const busyMs = Math.min(from - now + bytes / BUSY_BYTES_PER_MS, BUSY_MS_MAX);
    this.#busyUntil = addMs(now, busyMs);
    if (isNew) this.#pauses.wasWorthIt(peer);
    // Records that lead to nothing are no reason to ask for more of them.
    return more && isNew ? [this.#summary()] : [];
  }

  /** The frames that tell a peer of events. A membership that got lost is sent again with an answer. */
  tell(peer: PeerKey, events: readonly GossipEvent[]): Frame[] {
    const records = this.#store.recordsOf(events);
    const vouched = this.#vouched.get(peer) ?? new Set();
    const memberships = records.memberships.filter(({ claims }) => {
      const author = claims?.subjectPub.toHex() ?? "";
      return !vouched.has(author) && vouched.add(author);
    });
    return recordFrames({ ...records, memberships });
  }

  /** A summary, now or when there is time. */
  #ask(now: MonotonicMs, peer: PeerKey): Frame[] {
    return this.#asks.take(now, peer, this.#isBusy(now)) ? [this.#summary()] : [];
  }

  #isBusy(now: MonotonicMs): boolean {
    return this.#busyUntil !== null && now < this.#busyUntil;
  }

  #summary(): Frame {
    return { body: { kind: "summary", value: this.#store.summary() } };
  }
}

/** Frames with all the records, in order, after those with the memberships that they rest on. */
function recordFrames({ records, memberships, more }: EventRecords): Frame[] {
  const frames: EventRecords[] = [];
  for (let at = 0; at < memberships.length; at += MEMBERSHIPS_PER_FRAME) {
    const some = memberships.slice(at, at + MEMBERSHIPS_PER_FRAME);
    frames.push({ records: [], memberships: some, more: false });
  }
  let batch: EventRecord[] = [];
  let bytes = Infinity;
  for (const record of records) {
    bytes += recordBytes(record);
    if (bytes > RECORDS_BYTES) {
      batch = [];
      frames.push({ records: batch, memberships: [], more: false });
      bytes = recordBytes(record);
    }
    batch.push(record);
  }
  return frames.map((value, index) => ({
    body: { kind: "records", value: { ...value, more: more && index === frames.length - 1 } },
  }));
}
