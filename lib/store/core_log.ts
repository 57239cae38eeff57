// The log of one author: per attribute the event with the highest counter, deletions included.
// Deletions stay for good; that is why an old event cannot bring back what was deleted.
//
// A log holds the author's own signed events, or, of an author who was never heard over pollen/2,
// unsigned ones. The first signed event makes whatever others said in the author's name void.

import { sha256 } from "@noble/hashes/sha2.js";
import { type EventRecord, GossipEvent, type SignedEvent } from "../proto/mod.ts";
import type { AttributeKey } from "./core_attribute.ts";

/** Bytes of a fingerprint. */
export const FINGERPRINT_BYTES = 8;

/** How much of a log somebody has: see `Position` of state/v2. */
export interface LogPosition {
  readonly counter: bigint;
  readonly fingerprint: bigint;
}

interface Entry {
  readonly event: GossipEvent;
  /** As it travels over pollen/2; null for what was heard over pollen/1, and for our own until it is asked for. */
  signed: SignedEvent | null;
  /** Of the event as it travels; null until it is asked for. */
  hash: bigint | null;
}

export class AuthorLog {
  /** The highest counter seen of this author; never decreases while its events are signed, or while they are not. */
  max = 0n;
  #isSigned = false;
  readonly #entries = new Map<AttributeKey, Entry>();
  /** The same by counter; of two that have one, the one that came last. */
  readonly #byCounter = new Map<bigint, Entry>();
  /** Signs our own events; null in the log of another author. */
  readonly #sign: ((event: GossipEvent) => SignedEvent) | null;
  /** Of all entries but those in `#fresh`. */
  #fingerprint = 0n;
  /** The highest counter of all entries. */
  #counter = 0n;
  /** Entries that were put since somebody asked for the position. */
  readonly #fresh = new Set<Entry>();

  constructor(sign: ((event: GossipEvent) => SignedEvent) | null = null) {
    this.#sign = sign;
  }

  /** Whether what is held was signed by the author. */
  get isSigned(): boolean {
    return this.#isSigned || this.#sign !== null;
  }

  /** Attributes, deleted ones included. */
  get size(): number {
    return this.#entries.size;
  }

  get(key: AttributeKey): GossipEvent | undefined {
    return this.#entries.get(key)?.event;
  }

  /** Keys in ascending order. */
  keys(): AttributeKey[] {
    return [...this.#entries.keys()].sort();
  }

  /** Every event, in no order. */
  events(): Iterable<GossipEvent> {
    return this.#entries.values().map(({ event }) => event);
  }

  /**
   * Whether an event is its attribute's newest: by its counter. An author who signed two with the
   * same one lies, or lost in a crash what he had said; then the deletion is taken, else the larger
   * bytes, so that all keep the same.
   */
  supersedes(key: AttributeKey, event: GossipEvent, signed: SignedEvent | null): boolean {
    const current = this.#entries.get(key);
    if (current === undefined || event.counter > current.event.counter) return true;
    if (event.counter < current.event.counter || signed === null || current.signed === null) {
      return false;
    }
    if (event.deleted !== current.event.deleted) return event.deleted;
    return signed.event.toHex() > current.signed.event.toHex();
  }

  /** Whether an event of this counter that was signed in these very bytes is in force. */
  holds(counter: bigint, signed: Uint8Array): boolean {
    const held = this.#byCounter.get(counter)?.signed?.event;
    return held !== undefined && haveSameBytes(held, signed);
  }

  /** Records an event as its attribute's newest. */
  put(key: AttributeKey, event: GossipEvent, signed: SignedEvent | null = null): void {
    if (signed !== null && !this.isSigned) this.#beginSigned();
    const entry = { event, signed, hash: null };
    this.#drop(this.#entries.get(key));
    this.#entries.set(key, entry);
    this.#byCounter.set(event.counter, entry);
    this.#fresh.add(entry);
    if (event.counter > this.#counter) this.#counter = event.counter;
    if (event.counter > this.max) this.max = event.counter;
  }

  /** Events above a counter, by counter: what somebody who knows up to there lacks. */
  above(counter: bigint): GossipEvent[] {
    return this.max <= counter ? [] : this.#above(counter).map(({ event }) => event);
  }

  /** The same as they travel over pollen/2. */
  recordsAbove(counter: bigint): EventRecord[] {
    return this.#above(counter).map((entry) => this.#record(entry));
  }

  /** Those of them that say who the author is, and those that say whom it reaches. */
  introduction(): EventRecord[] {
    return this.#above(0n).filter((entry) => !isReachability(entry))
      .map((entry) => this.#record(entry));
  }

  reachability(): EventRecord[] {
    return this.#above(0n).filter(isReachability).map((entry) => this.#record(entry));
  }

  /** An event of this log as it travels over pollen/2; undefined when it is not in force any more. */
  record(key: AttributeKey, counter: bigint): EventRecord | undefined {
    const entry = this.#entries.get(key);
    return entry?.event.counter === counter ? this.#record(entry) : undefined;
  }

  /** Where this log stands; null while it is empty. */
  get position(): LogPosition | null {
    if (this.#entries.size === 0) return null;
    for (const entry of this.#fresh) this.#fingerprint ^= this.#hash(entry);
    this.#fresh.clear();
    return { counter: this.#counter, fingerprint: this.#fingerprint };
  }

  /** The fingerprint of what is held up to a counter. */
  fingerprintUpTo(counter: bigint): bigint {
    if (counter >= this.#counter) return this.position?.fingerprint ?? 0n;
    let fingerprint = 0n;
    for (const entry of this.#entries.values()) {
      if (entry.event.counter <= counter) fingerprint ^= this.#hash(entry);
    }
    return fingerprint;
  }

  /** Forgets everything but revocations, which count whoever passed them on. The maximum stays. */
  keepOnlyRevocations(): void {
    this.#counter = 0n;
    for (const [key, entry] of this.#entries) {
      const { counter, change } = entry.event;
      if (change?.kind === "revocation") {
        if (counter > this.#counter) this.#counter = counter;
      } else {
        this.#drop(entry);
        this.#entries.delete(key);
      }
    }
  }

  /** The entry is none of this log any more. */
  #drop(entry: Entry | undefined): void {
    if (entry === undefined) return;
    const { counter } = entry.event;
    if (this.#byCounter.get(counter) === entry) this.#byCounter.delete(counter);
    if (!this.#fresh.delete(entry)) this.#fingerprint ^= this.#hash(entry);
  }

  #beginSigned(): void {
    this.#isSigned = true;
    this.#entries.clear();
    this.#byCounter.clear();
    this.#fresh.clear();
    this.#fingerprint = this.#counter = 0n;
    this.max = 0n;
  }

  #above(counter: bigint): Entry[] {
    return [...this.#entries.values()]
      .filter(({ event }) => event.counter > counter)
      .sort((a, b) => a.event.counter < b.event.counter ? -1 : 1);
  }

  #record(entry: Entry): EventRecord {
    entry.signed ??= this.#sign?.(entry.event) ?? null;
    return entry.signed === null
      ? { body: { kind: "unsigned", value: entry.event } }
      : { body: { kind: "signed", value: entry.signed } };
  }

  #hash(entry: Entry): bigint {
    if (entry.hash === null) {
      const { body } = this.#record(entry);
      const bytes = body!.kind === "signed" ? body!.value.event : GossipEvent.encode(body!.value);
      entry.hash = new DataView(sha256(bytes).buffer).getBigUint64(0);
    }
    return entry.hash;
  }
}

function isReachability({ event: { change } }: Entry): boolean {
  return change?.kind === "reachability";
}

function haveSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) {
    if (a[at] !== b[at]) return false;
  }
  return true;
}
