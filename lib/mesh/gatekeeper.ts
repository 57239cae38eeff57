// Who may begin a handshake with us. A handshake costs a fifth of a millisecond and some memory,
// and a source address costs an attacker nothing to forge, so:
//
//   a source that let itself be seen as a member's ... taken
//   anybody else while few handshakes are open ....... taken
//   above that ....................................... must prove its address, then is taken
//   at the bounds .................................... refused if proved, else not answered
//
// Each source has a share. Whoever forges a source uses up only what is
// for unproved addresses; its owner proves his and is let in beside him.

import {
  addMs,
  type AttemptVerdict,
  type ConnectionAttempt,
  HANDSHAKE_TIMEOUT_MS,
  HANDSHAKES_MAX,
  HANDSHAKES_PROVED_PER_SOURCE_MAX,
  HANDSHAKES_UNPROVED_MAX,
  HANDSHAKES_UNPROVED_PER_SOURCE_MAX,
  MEMBER_SOURCES_MAX,
  type MonotonicMs,
} from "../types/mod.ts";
import { SourceCounts, sourceOf } from "./sources.ts";

interface Taken {
  readonly source: string;
  readonly untilMs: MonotonicMs;
}

/** Pure: moments come in as arguments. */
export class Gatekeeper {
  readonly #members = new Set<string>();
  readonly #begun = new SourceCounts();
  /** Handshakes that count, the oldest first: each for as long as the engine allows for one. */
  readonly #taken = new Set<Taken>();

  /** The verdict on an attempt; counts it if it is taken. */
  decide(attempt: ConnectionAttempt, now: MonotonicMs): AttemptVerdict {
    this.#expire(now);
    const source = sourceOf(attempt.address.ip);
    const verdict = this.#judge(attempt, source);
    if (verdict === "take") {
      this.#taken.add({ source, untilMs: addMs(now, HANDSHAKE_TIMEOUT_MS) });
      this.#begun.add(source);
    }
    return verdict;
  }

  /**
   * A member was let in from there, or found there if we dialled. What others begin counts until
   * its time is over, also when it was complete at once: the work was done all the same.
   */
  memberSeen(ip: string, { inbound }: { readonly inbound: boolean }): void {
    const source = sourceOf(ip);
    this.#members.delete(source);
    this.#members.add(source);
    if (this.#members.size > MEMBER_SOURCES_MAX) this.#members.delete(firstOf(this.#members));
    if (!inbound) return;
    for (const taken of this.#taken) {
      if (taken.source === source) return this.#forget(taken);
    }
  }

  #judge({ isAddressProved, openHandshakes }: ConnectionAttempt, source: string): AttemptVerdict {
    const isMember = this.#members.has(source);
    const share = isAddressProved
      ? HANDSHAKES_PROVED_PER_SOURCE_MAX
      : HANDSHAKES_UNPROVED_PER_SOURCE_MAX;
    const hasShare = this.#begun.of(source) < share;
    if (isAddressProved) {
      return hasShare && (isMember || openHandshakes < HANDSHAKES_MAX) ? "take" : "refuse";
    }
    if (hasShare && (isMember || openHandshakes < HANDSHAKES_UNPROVED_MAX)) return "take";
    return isMember || openHandshakes < HANDSHAKES_MAX ? "retry" : "drop";
  }

  #expire(now: MonotonicMs): void {
    for (const taken of this.#taken) {
      if (taken.untilMs > now) return;
      this.#forget(taken);
    }
  }

  #forget(taken: Taken): void {
    this.#taken.delete(taken);
    this.#begun.remove(taken.source);
  }
}

function firstOf<T>(set: ReadonlySet<T>): T {
  return set.values().next().value!;
}
