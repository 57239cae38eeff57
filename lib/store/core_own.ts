// What this node says about itself. Each statement gets the next number of one sequence, so that
// others can say in one number how much of it they know; a statement already in force gets none.

import type { GossipEvent } from "../proto/mod.ts";
import {
  assert,
  ATTRIBUTES_PER_AUTHOR_MAX,
  COUNTER_MAX,
  type LimitCounter,
  type PeerKey,
  PollenError,
} from "../types/mod.ts";
import {
  type AttributeKey,
  attributeKey,
  type Change,
  saySame,
  withoutValue,
} from "./core_attribute.ts";
import { type InOurName, settleContradictions } from "./core_conflict.ts";
import type { AuthorLog } from "./core_log.ts";

export class OwnLog {
  readonly #local: PeerKey;
  readonly #log: AuthorLog;
  readonly #onStatement: (change: Change) => void;

  /** @param onStatement Called after each new statement. */
  constructor(local: PeerKey, log: AuthorLog, onStatement: (change: Change) => void) {
    this.#local = local;
    this.#log = log;
    this.#onStatement = onStatement;
  }

  /** The highest number given out. */
  get counter(): bigint {
    return this.#log.max;
  }

  /** Whether one more thing can be said that others will keep. */
  get hasRoom(): boolean {
    return this.#log.size < ATTRIBUTES_PER_AUTHOR_MAX;
  }

  /** Whether `publish` has room for this. */
  canPublish(change: Change): boolean {
    return this.hasRoom || this.has(attributeKey(change));
  }

  /** Whether anything was ever said under this key, deletions included. */
  has(key: AttributeKey): boolean {
    return this.#log.get(key) !== undefined;
  }

  /** All statements, deletions included, in no order. */
  events(): Iterable<GossipEvent> {
    return this.#log.events();
  }

  /**
   * Says something; nothing goes out when it is in force already.
   *
   * @throws {PollenError} `exhausted` when there is no room.
   */
  publish(change: Change): GossipEvent[] {
    const key = attributeKey(change);
    const current = this.#log.get(key);
    const next: GossipEvent = { peerId: this.#local, counter: 0n, deleted: false, change };
    return current !== undefined && saySame(current, next) ? [] : [this.#state(key, change, false)];
  }

  /** Takes something back; nothing goes out when it is not in force. */
  retract(change: Change): GossipEvent[] {
    const key = attributeKey(change);
    const current = this.#log.get(key);
    return current === undefined || current.deleted
      ? []
      : [this.#state(key, withoutValue(change), true)];
  }

  /** Says that something of which we know nothing any more is over. */
  bury(change: Change): void {
    const key = attributeKey(change);
    if (!this.has(key) && this.hasRoom) this.#state(key, withoutValue(change), true);
  }

  /** Answers events in our name that are not ours, all with fresh numbers. */
  contradict(inOurName: readonly InOurName[], limits: LimitCounter): GossipEvent[] {
    return settleContradictions(this.#log, inOurName, limits)
      .map(({ key, change, deleted }) => this.#state(key, change, deleted));
  }

  /** Goes on counting above what an earlier run may have used. */
  raiseCounter(counter: bigint): void {
    assert(this.#log.max <= counter, "a counter never decreases");
    this.#log.max = counter;
  }

  #state(key: AttributeKey, change: Change, deleted: boolean): GossipEvent {
    if (this.#log.max >= COUNTER_MAX) {
      throw new PollenError("exhausted", "This node's event counter is used up.", {
        fix: "Leave the network and join it again with a new key.",
      });
    }
    if (change.kind !== "revocation" && !this.canPublish(change)) {
      throw new PollenError(
        "exhausted",
        `This node has announced ${ATTRIBUTES_PER_AUTHOR_MAX} things, past ones included, and cannot announce another.`,
      );
    }
    const event = { peerId: this.#local, counter: this.#log.max + 1n, deleted, change };
    this.#log.put(key, event);
    this.#onStatement(change);
    return event;
  }
}
