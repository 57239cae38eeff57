// Which path a session takes. Pure: what happens goes in with its moment, what to do comes out.
//
//   what happens                            what follows
//   packets of the session from elsewhere   that address is asked
//   a question from elsewhere               it is answered, and that address is asked
//   we send and hear nothing for a second   the path and all other addresses are asked, each second
//   this machine's addresses change         the same, at once
//   an answer from where we asked           if it is not the path: it becomes the path where packets or
//                                           questions came from there last, or the path is silent
//
// Invariant: a path is moved only to an address from where an authenticated answer came to a
// question that was sent there. Nothing is asked more often than the bounds below say, whatever
// others send.

import { addMs, formatAddress, type MonotonicMs, type SocketAddress } from "../types/mod.ts";

/** Silence after which other paths are looked for, although we send; probing goes on as often. */
export const SILENT_MS = 1_000;
/** How long an answer is waited for. */
const ANSWER_MS = 5_000;
/** Questions that packets or questions from elsewhere may cause, at once; and the time for one more. */
const REACTIONS_BURST = 8;
const REACTION_PAUSE_MS = 250;
/** Answers that a peer's questions may cause, at once; and the time for one more. */
const ANSWERS_BURST = 32;
const ANSWER_PAUSE_MS = 50;
/** Addresses of one peer that are asked in a round. */
export const CANDIDATES_MAX = 16;
/** Questions whose answers are waited for. */
const ASKED_MAX = 64;

/** What is to be done. */
export type PathOutput =
  | { readonly kind: "ask"; readonly to: SocketAddress; readonly number: bigint }
  | { readonly kind: "answer"; readonly to: SocketAddress; readonly number: bigint }
  | { readonly kind: "move"; readonly to: SocketAddress };

interface Asked {
  readonly address: string;
  readonly at: MonotonicMs;
}

export class PathChoice {
  #current: SocketAddress;
  /** From where the peer's packets or questions came last, if that is not the path. */
  #calledFrom: string | null = null;
  readonly #asked = new Map<bigint, Asked>();
  #lastNumber = 0n;
  /** The highest number of the peer's questions: older ones were recorded and are sent again. */
  #heardNumber = 0n;
  #bytesSent = 0;
  #bytesReceived = 0;
  #heardAt: MonotonicMs;
  #isSilent = false;
  readonly #reactions = new Bucket(REACTIONS_BURST, REACTION_PAUSE_MS);
  readonly #answers = new Bucket(ANSWERS_BURST, ANSWER_PAUSE_MS);

  constructor(now: MonotonicMs, current: SocketAddress) {
    this.#current = current;
    this.#heardAt = now;
  }

  /** Where the session's packets go. */
  get current(): SocketAddress {
    return this.#current;
  }

  /** Packets of the session came from elsewhere. */
  strayed(now: MonotonicMs, from: SocketAddress): PathOutput[] {
    this.#calledFrom = formatAddress(from);
    return this.#reactions.allow(now) ? [this.#ask(now, from)] : [];
  }

  /** The peer asks. */
  questioned(now: MonotonicMs, from: SocketAddress, number: bigint): PathOutput[] {
    if (number <= this.#heardNumber || !this.#answers.allow(now)) return [];
    this.#heardNumber = number;
    const outputs: PathOutput[] = [{ kind: "answer", to: from, number }];
    const address = formatAddress(from);
    if (address !== formatAddress(this.#current)) {
      this.#calledFrom = address;
      if (this.#reactions.allow(now)) outputs.push(this.#ask(now, from));
    }
    return outputs;
  }

  /** The peer answers. */
  answered(now: MonotonicMs, from: SocketAddress, number: bigint): PathOutput[] {
    const asked = this.#asked.get(number);
    const address = formatAddress(from);
    if (asked?.address !== address || now - asked.at > ANSWER_MS) return [];
    this.#asked.delete(number);
    if (address === formatAddress(this.#current)) {
      this.#heard(now);
      return [];
    }
    if (!this.#isSilent && address !== this.#calledFrom) return [];
    this.#current = from;
    this.#calledFrom = null;
    this.#heard(now);
    return [{ kind: "move", to: from }];
  }

  /**
   * Time goes by: about once a second.
   *
   * @param traffic Bytes of the session so far.
   * @param candidates Where the peer may be besides.
   */
  tick(
    now: MonotonicMs,
    traffic: { readonly bytesSent: number; readonly bytesReceived: number },
    candidates: () => readonly SocketAddress[],
  ): PathOutput[] {
    const hasSent = traffic.bytesSent > this.#bytesSent;
    const hasReceived = traffic.bytesReceived > this.#bytesReceived;
    this.#bytesSent = traffic.bytesSent;
    this.#bytesReceived = traffic.bytesReceived;
    for (const [number, { at }] of this.#asked) {
      if (now - at > ANSWER_MS) this.#asked.delete(number);
    }
    if (hasReceived) this.#heard(now);
    else if (hasSent && now - this.#heardAt >= SILENT_MS) this.#isSilent = true;
    return this.#isSilent ? this.#askAll(now, candidates()) : [];
  }

  /** This machine's addresses changed, or it slept: the path may lead nowhere. */
  shaken(now: MonotonicMs, candidates: readonly SocketAddress[]): PathOutput[] {
    return this.#askAll(now, candidates);
  }

  #heard(now: MonotonicMs): void {
    this.#heardAt = now;
    this.#isSilent = false;
  }

  #askAll(now: MonotonicMs, candidates: readonly SocketAddress[]): PathOutput[] {
    const all = new Map([this.#current, ...candidates].map((to) => [formatAddress(to), to]));
    return [...all.values()].slice(0, CANDIDATES_MAX).map((to) => this.#ask(now, to));
  }

  #ask(now: MonotonicMs, to: SocketAddress): PathOutput {
    const number = ++this.#lastNumber;
    if (this.#asked.size >= ASKED_MAX) this.#asked.delete(this.#asked.keys().next().value!);
    this.#asked.set(number, { address: formatAddress(to), at: now });
    return { kind: "ask", to, number };
  }
}

/** So many at once, then one more after each pause. */
class Bucket {
  readonly #burst: number;
  readonly #pauseMs: number;
  #fullAt: MonotonicMs | null = null;

  constructor(burst: number, pauseMs: number) {
    this.#burst = burst;
    this.#pauseMs = pauseMs;
  }

  allow(now: MonotonicMs): boolean {
    const from = this.#fullAt === null || this.#fullAt < now ? now : this.#fullAt;
    const next = addMs(from, this.#pauseMs);
    if (next - now > this.#burst * this.#pauseMs) return false;
    this.#fullAt = next;
    return true;
  }
}
