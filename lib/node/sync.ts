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
  type MonotonicMs,
  type PeerKey,
  PeerRateLimiter,
  RECORDS_BYTES,
} from "../types/mod.ts";

/** Bytes of events that answer one summary, give or take an author. */
const ANSWER_BYTES = 262_144;

/** Summaries of one peer that are answered at once; the state of a thousand nodes takes ten. */
const ANSWERS_BURST = 32;
/** One more is answered after each such time. */
const ANSWERS_PAUSE_MS = 500;

/** Between two summaries for digests that differ: the first time, and when it never led to anything. */
const SUMMARY_PAUSE_MS = 5_000;
const SUMMARY_PAUSE_MS_MAX = 300_000;

/** Some 400 bytes each: a quarter of what a frame holds. */
const MEMBERSHIPS_PER_FRAME = 128;

interface PeerSync {
  /** When a digest that differs is answered again. */
  summaryAt: MonotonicMs;
  pauseMs: number;
  /** Authors whose membership went to the peer in this session: once is enough. */
  readonly vouched: Set<string>;
}

export class Sync {
  readonly #store: Store;
  readonly #peers = new Map<PeerKey, PeerSync>();
  readonly #answers = new PeerRateLimiter(ANSWERS_BURST, ANSWERS_PAUSE_MS);

  constructor(store: Store) {
    this.#store = store;
  }

  /** Whether the exchange with this peer goes on. */
  has(peer: PeerKey): boolean {
    return this.#peers.has(peer);
  }

  begin(now: MonotonicMs, peer: PeerKey): Frame[] {
    const summaryAt = addMs(now, SUMMARY_PAUSE_MS);
    this.#peers.set(peer, { summaryAt, pauseMs: SUMMARY_PAUSE_MS, vouched: new Set() });
    return [this.#summary()];
  }

  end(peer: PeerKey): void {
    this.#peers.delete(peer);
  }

  /** What each peer gets in a gossip round. */
  round(): Frame {
    return { body: { kind: "digest", value: { hash: this.#store.digest() } } };
  }

  onDigest(now: MonotonicMs, peer: PeerKey, hash: Uint8Array): Frame[] {
    const sync = this.#peers.get(peer);
    if (sync === undefined || sync.summaryAt > now) return [];
    if (hash.toHex() === this.#store.digest().toHex()) {
      sync.pauseMs = SUMMARY_PAUSE_MS;
      return [];
    }
    sync.summaryAt = addMs(now, sync.pauseMs);
    sync.pauseMs = Math.min(2 * sync.pauseMs, SUMMARY_PAUSE_MS_MAX);
    return [this.#summary()];
  }

  onSummary(now: MonotonicMs, peer: PeerKey, summary: Summary): Frame[] {
    if (!this.#answers.allow(peer, now)) return [];
    const missing = this.#store.missingRecords(summary, { bytesMax: ANSWER_BYTES });
    const frames = recordFrames(missing);
    const sync = this.#peers.get(peer);
    if (sync !== undefined && sync.summaryAt <= now && this.#store.mayLack(summary)) {
      sync.summaryAt = addMs(now, sync.pauseMs);
      frames.push(this.#summary());
    }
    return frames;
  }

  /** What follows once the peer's records were applied. */
  onRecords(peer: PeerKey, isNew: boolean, more: boolean): Frame[] {
    const sync = this.#peers.get(peer);
    if (sync !== undefined && isNew) sync.pauseMs = SUMMARY_PAUSE_MS;
    // Records that lead to nothing are no reason to ask for more of them.
    return more && isNew ? [this.#summary()] : [];
  }

  /** The frames that tell a peer of events. A membership that got lost is sent again with an answer. */
  tell(peer: PeerKey, events: readonly GossipEvent[]): Frame[] {
    const records = this.#store.recordsOf(events);
    const vouched = this.#peers.get(peer)?.vouched ?? new Set();
    const memberships = records.memberships.filter(({ claims }) => {
      const author = claims?.subjectPub.toHex() ?? "";
      return !vouched.has(author) && vouched.add(author);
    });
    return recordFrames({ ...records, memberships });
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
