// Which path a session takes. Pure: what happens goes in with its moment, what to do comes out.
//
//   what happens                            what follows
//   packets of the session from elsewhere   that address is asked
//   a question from elsewhere               it is answered, and that address is asked
//   we send and hear nothing for a second   the path and all other addresses are asked, each second
//   this machine's addresses change         the same, at once
//   the path is relayed                     direct addresses are asked, ever less often
//   an answer from where we asked           if it is not the path: it becomes the path where packets or
//                                           questions came from there last, or the path is silent
//
// Between a relayed path and a direct one, the direct one has precedence: from relayed to direct an
// answer is enough; the other way round the direct one has to be silent for another second, and the
// peer's packets over a relay only cause the question whether the direct path still answers.
//
// A path that answers questions and carries nothing else counts as silent all the same. Left for a
// relayed one, it is not taken again for a minute.
//
// Invariant: a path is moved only to an address from where an authenticated answer came to a
// question that was sent there. Nothing is asked more often than the bounds below say, whatever
// others send.

import { addMs, formatAddress, type MonotonicMs, type SocketAddress } from "../types/mod.ts";
import { isRelayed } from "./relays.ts";

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
/** Rounds in which we sent and nothing came, after which it does not count that the path answers. */
const VAIN_ROUNDS = 2;
/** Between two rounds in which the direct addresses are asked of a peer that is relayed: first and longest. */
const UPGRADE_PAUSE_MS = 1_000;
const UPGRADE_PAUSE_MS_MAX = 60_000;
/** How long a direct address is left alone that answered and carried nothing. */
const SHUNNED_MS = 60_000;
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

/** An address that answered. */
interface Answered {
  readonly address: SocketAddress;
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
  /** Rounds since something of the session came, in which we sent. */
  #vainRounds = 0;
  /** When the path last answered a question. */
  #vouchedAt: MonotonicMs | null = null;
  /** Since when it is asked whether the direct path still carries what we send. */
  #doubtedAt: MonotonicMs | null = null;
  /** A relayed path that answered while the direct one was silent. */
  #fallback: Answered | null = null;
  #upgradeAt: MonotonicMs;
  #upgradePauseMs = UPGRADE_PAUSE_MS;
  /** A direct address that answers and carries nothing. */
  #shunned: { readonly address: string; readonly until: MonotonicMs } | null = null;
  readonly #reactions = new Bucket(REACTIONS_BURST, REACTION_PAUSE_MS);
  readonly #answers = new Bucket(ANSWERS_BURST, ANSWER_PAUSE_MS);

  constructor(now: MonotonicMs, current: SocketAddress) {
    this.#current = current;
    this.#heardAt = now;
    this.#upgradeAt = now;
  }

  /** Where the session's packets go. */
  get current(): SocketAddress {
    return this.#current;
  }

  /** Whether nothing is heard over the path although we send. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Whether it stays so, although the path may answer questions. */
  get isDead(): boolean {
    return this.#isSilent && this.#vainRounds >= VAIN_ROUNDS;
  }

  /** Packets of the session came from elsewhere. */
  strayed(now: MonotonicMs, from: SocketAddress): PathOutput[] {
    return this.#called(now, from);
  }

  /** The peer asks. */
  questioned(now: MonotonicMs, from: SocketAddress, number: bigint): PathOutput[] {
    if (number <= this.#heardNumber || !this.#answers.allow(now)) return [];
    this.#heardNumber = number;
    const answer: PathOutput = { kind: "answer", to: from, number };
    return this.#isCurrent(from) ? [answer] : [answer, ...this.#called(now, from)];
  }

  /** The peer answers. */
  answered(now: MonotonicMs, from: SocketAddress, number: bigint): PathOutput[] {
    const asked = this.#asked.get(number);
    const address = formatAddress(from);
    if (asked?.address !== address || now - asked.at > ANSWER_MS) return [];
    this.#asked.delete(number);
    if (this.#isCurrent(from)) {
      this.#vouchedAt = now;
      this.#doubtedAt = null;
      if (this.#vainRounds < VAIN_ROUNDS) this.#heard(now);
      return [];
    }
    return this.#mayMoveTo(now, from) ? [this.#moveTo(now, from)] : [];
  }

  /** Somebody says that the peer may be reached there. */
  suggested(now: MonotonicMs, address: SocketAddress): PathOutput[] {
    const isOfUse = this.#isSilent || isRelayed(this.#current) && !isRelayed(address);
    return isOfUse && !this.#isCurrent(address) && this.#reactions.allow(now)
      ? [this.#ask(now, address)]
      : [];
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
    for (const [number, { at }] of this.#asked) {
      if (now - at > ANSWER_MS) this.#asked.delete(number);
    }
    this.#listen(now, traffic);
    if (this.#isSilent) return [...this.#fallBack(now), ...this.#askAll(now, candidates())];
    if (!isRelayed(this.#current) || now < this.#upgradeAt) return [];
    this.#upgradeAt = addMs(now, this.#upgradePauseMs);
    this.#upgradePauseMs = Math.min(2 * this.#upgradePauseMs, UPGRADE_PAUSE_MS_MAX);
    const direct = candidates().filter((to) => !isRelayed(to));
    return direct.slice(0, CANDIDATES_MAX).map((to) => this.#ask(now, to));
  }

  /** This machine's addresses changed, or it slept: the path may lead nowhere. */
  shaken(now: MonotonicMs, candidates: readonly SocketAddress[]): PathOutput[] {
    this.#upgradePauseMs = UPGRADE_PAUSE_MS;
    this.#shunned = null;
    return this.#askAll(now, candidates);
  }

  #listen(
    now: MonotonicMs,
    traffic: { readonly bytesSent: number; readonly bytesReceived: number },
  ): void {
    const hasSent = traffic.bytesSent > this.#bytesSent;
    const hasReceived = traffic.bytesReceived > this.#bytesReceived;
    this.#bytesSent = traffic.bytesSent;
    this.#bytesReceived = traffic.bytesReceived;
    if (hasReceived) {
      this.#vainRounds = 0;
      if (this.#doubtedAt === null) this.#fallback = null;
      this.#heard(now);
    } else if (hasSent) {
      this.#vainRounds++;
      const isUnheard = now - this.#heardAt >= SILENT_MS;
      if (isUnheard || this.#vainRounds >= VAIN_ROUNDS) this.#isSilent = true;
    }
    // What came may have come over a carrier, because nothing of ours arrives over the path.
    if (this.#doubtedAt !== null && now - this.#doubtedAt >= SILENT_MS) this.#isSilent = true;
  }

  /** The peer's packets come from an address that is not the path. */
  #called(now: MonotonicMs, from: SocketAddress): PathOutput[] {
    const isDoubt = isRelayed(from) && !isRelayed(this.#current);
    if (isDoubt) this.#doubtedAt ??= now;
    else this.#calledFrom = formatAddress(from);
    if (!this.#reactions.allow(now)) return [];
    return [this.#ask(now, isDoubt && !this.#isSilent ? this.#current : from)];
  }

  #mayMoveTo(now: MonotonicMs, to: SocketAddress): boolean {
    const address = formatAddress(to);
    const [isFromRelayed, isToRelayed] = [isRelayed(this.#current), isRelayed(to)];
    if (isFromRelayed && !isToRelayed) {
      return this.#shunned?.address !== address || now >= this.#shunned.until;
    }
    if (!isFromRelayed && isToRelayed) {
      this.#fallback = { address: to, at: now };
      return this.isDead;
    }
    return this.#isSilent || address === this.#calledFrom;
  }

  /** From a direct path that goes on to be silent to a relayed one that has answered. */
  #fallBack(now: MonotonicMs): PathOutput[] {
    const fallback = this.#fallback;
    if (fallback === null || isRelayed(this.#current)) return [];
    if (now - fallback.at > ANSWER_MS) return [];
    if (this.#vouchedAt !== null && now - this.#vouchedAt <= ANSWER_MS) {
      const address = formatAddress(this.#current);
      this.#shunned = { address, until: addMs(now, SHUNNED_MS) };
    }
    return [this.#moveTo(now, fallback.address)];
  }

  #moveTo(now: MonotonicMs, to: SocketAddress): PathOutput {
    this.#current = to;
    this.#calledFrom = null;
    this.#doubtedAt = null;
    this.#fallback = null;
    this.#vouchedAt = null;
    this.#vainRounds = 0;
    this.#upgradePauseMs = UPGRADE_PAUSE_MS;
    this.#upgradeAt = addMs(now, UPGRADE_PAUSE_MS);
    this.#heard(now);
    return { kind: "move", to };
  }

  #heard(now: MonotonicMs): void {
    this.#heardAt = now;
    this.#isSilent = false;
  }

  #isCurrent(address: SocketAddress): boolean {
    return formatAddress(address) === formatAddress(this.#current);
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
