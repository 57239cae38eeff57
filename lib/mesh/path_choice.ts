// Which path a session takes. Pure: what happens goes in with its moment, what to do comes out.
//
//   what happens                            what follows
//   packets of the session from elsewhere   that address is asked
//   a question from elsewhere               it is answered, and that address is asked
//   we send and hear nothing for a second   the path and all other addresses are asked, each second
//   nothing is sent for two seconds         the path is asked if a router may forget it
//   this machine's addresses change         the same, at once
//   the path is relayed                     direct addresses are asked, ever less often
//   an answer from where we asked           if it is not the path: it becomes the path where packets or
//                                           questions came from there last, or the path is silent
//
// Between a relayed path and a direct one, the direct one has precedence: from relayed to direct an
// answer is enough; the other way round the direct one has to be silent for another second, and the
// peer's packets over a relay only cause the question whether the direct path still answers.
//
// A path that answers questions and carries nothing else counts as silent all the same (hearing.ts).
// Left for a relayed one, it is not taken again for a minute.
//
// Invariant: a path is moved only to an address from where an authenticated answer came to a
// question that was sent there. Nothing is asked more often than the bounds of types/limits/ways.ts say, whatever
// others send.

import {
  addMs,
  formatAddress,
  type LimitCounter,
  type MonotonicMs,
  PATH_ANSWER_PAUSE_MS,
  PATH_ANSWERS_AT_ONCE_MAX,
  PATH_CANDIDATES_MAX,
  PATH_QUESTION_PAUSE_MS,
  PATH_QUESTIONS_AT_ONCE_MAX,
  PATH_QUESTIONS_WAITING_MAX,
  type SocketAddress,
  uncounted,
} from "../types/mod.ts";
import { Bucket } from "./bucket.ts";
import { Hearing, type Traffic } from "./hearing.ts";
import { isRelayed } from "./relays.ts";

/** How long the direct path may leave a question unanswered while the peer speaks over a relay. */
const DOUBT_MS = 1_000;
/** Looks from one round of questions to the next while the path is silent: a second. */
const ROUND_LOOKS = 2;
/**
 * How long nothing goes over a path that a router may forget. Found out by looks, it is 2.5 s at most;
 * with one question lost the next one goes after 4.5 s, before a router forgets that keeps a mapping
 * for five seconds (RFC 4787 asks for two minutes).
 */
const REST_MS = 1_750;
/** How long an answer is waited for. */
const ANSWER_MS = 5_000;
/** Between two rounds in which the direct addresses are asked of a peer that is relayed: first and longest. */
const UPGRADE_PAUSE_MS = 1_000;
const UPGRADE_PAUSE_MS_MAX = 60_000;
/** How long a direct address is left alone that answered and carried nothing. */
const SHUNNED_MS = 60_000;

/** What is to be done. */
export type PathOutput =
  | { readonly kind: "ask"; readonly to: SocketAddress; readonly number: bigint }
  | { readonly kind: "answer"; readonly to: SocketAddress; readonly number: bigint }
  | { readonly kind: "move"; readonly to: SocketAddress };

/** What is known of this look, and of the path. */
export interface TickOptions {
  /** It came later than it was due. Default: it did not. */
  readonly isLate?: boolean;
  /** A router forgets the path when nothing is sent over it. Default: none does. */
  readonly isForgotten?: boolean;
}

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
  readonly #hearing = new Hearing();
  /** Looks since the path went silent, and with that one; 0 while it is not. */
  #silentLooks = 0;
  #isSearching = false;
  /** When it was last seen that something went over the path. */
  #sentAt: MonotonicMs;
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
  readonly #reactions = new Bucket(PATH_QUESTIONS_AT_ONCE_MAX, PATH_QUESTION_PAUSE_MS);
  readonly #answers: Bucket;

  /** @param limits Takes the questions that are not answered. Default: nobody does. */
  constructor(now: MonotonicMs, current: SocketAddress, limits: LimitCounter = uncounted) {
    this.#answers = new Bucket(
      PATH_ANSWERS_AT_ONCE_MAX,
      PATH_ANSWER_PAUSE_MS,
      () => limits.count("path_answers"),
    );
    this.#current = current;
    this.#sentAt = now;
    this.#upgradeAt = now;
  }

  /** Where the session's packets go. */
  get current(): SocketAddress {
    return this.#current;
  }

  /** Whether nothing is heard over the path although we send. */
  get isSilent(): boolean {
    return this.#silentLooks > 0;
  }

  /** Whether it stays so, although the path may answer questions. */
  get isDead(): boolean {
    return this.#hearing.isDead;
  }

  /** Whether the last look asked everywhere, because the path is silent. */
  get isSearching(): boolean {
    return this.#isSearching;
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
    if (!this.#isCurrent(from)) return [answer, ...this.#called(now, from)];
    this.#sentAt = now;
    return [answer];
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
      this.#hearing.answered();
      if (!this.isDead) this.#silentLooks = 0;
      return [];
    }
    return this.#mayMoveTo(now, from) ? [this.#moveTo(now, from)] : [];
  }

  /** Somebody says that the peer may be reached there. */
  suggested(now: MonotonicMs, address: SocketAddress): PathOutput[] {
    const isOfUse = this.isSilent || isRelayed(this.#current) && !isRelayed(address);
    return isOfUse && !this.#isCurrent(address) && this.#reactions.allow(now)
      ? [this.#ask(now, address)]
      : [];
  }

  /**
   * Time goes by: every `LOOK_MS`.
   *
   * @param traffic Of the session.
   * @param candidates Where the peer may be besides.
   */
  tick(
    now: MonotonicMs,
    traffic: Traffic,
    candidates: () => readonly SocketAddress[],
    { isLate = false, isForgotten = false }: TickOptions = {},
  ): PathOutput[] {
    for (const [number, { at }] of this.#asked) {
      if (now - at > ANSWER_MS) this.#asked.delete(number);
    }
    const wasDead = this.isDead;
    this.#listen(now, traffic, isLate);
    const isRound = this.#silentLooks % ROUND_LOOKS === 1 || this.isDead && !wasDead;
    this.#isSearching = this.isSilent && isRound;
    if (this.#isSearching) return [...this.#fallBack(now), ...this.#askAll(now, candidates())];
    if (!isRelayed(this.#current)) {
      const isDue = isForgotten && now - this.#sentAt >= REST_MS;
      return isDue ? [this.#ask(now, this.#current)] : [];
    }
    if (this.isSilent || now < this.#upgradeAt) return [];
    this.#upgradeAt = addMs(now, this.#upgradePauseMs);
    this.#upgradePauseMs = Math.min(2 * this.#upgradePauseMs, UPGRADE_PAUSE_MS_MAX);
    const direct = candidates().filter((to) => !isRelayed(to));
    return direct.slice(0, PATH_CANDIDATES_MAX).map((to) => this.#ask(now, to));
  }

  /** This machine's addresses changed, or it slept: the path may lead nowhere. */
  shaken(now: MonotonicMs, candidates: readonly SocketAddress[]): PathOutput[] {
    this.#upgradePauseMs = UPGRADE_PAUSE_MS;
    this.#shunned = null;
    return this.#askAll(now, candidates);
  }

  #listen(now: MonotonicMs, traffic: Traffic, isLate: boolean): void {
    const { hasSent, hasReceived } = this.#hearing.look(traffic, isLate);
    if (hasSent) this.#sentAt = now;
    if (hasReceived && this.#doubtedAt === null) this.#fallback = null;
    // What came may have come over a carrier, because nothing of ours arrives over the path.
    const isDoubted = this.#doubtedAt !== null && now - this.#doubtedAt >= DOUBT_MS;
    if (!this.#hearing.isSilent && !isDoubted) this.#silentLooks = 0;
    else if (!isLate) this.#silentLooks++;
  }

  /** The peer's packets come from an address that is not the path. */
  #called(now: MonotonicMs, from: SocketAddress): PathOutput[] {
    const isDoubt = isRelayed(from) && !isRelayed(this.#current);
    if (isDoubt) this.#doubtedAt ??= now;
    else this.#calledFrom = formatAddress(from);
    if (!this.#reactions.allow(now)) return [];
    return [this.#ask(now, isDoubt && !this.isSilent ? this.#current : from)];
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
    return this.isSilent || address === this.#calledFrom;
  }

  /** From a direct path that goes on to be silent to a relayed one that has answered. */
  #fallBack(now: MonotonicMs): PathOutput[] {
    const fallback = this.#fallback;
    if (fallback === null || isRelayed(this.#current)) return [];
    if (this.#silentLooks <= ROUND_LOOKS && !this.isDead) return [];
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
    this.#hearing.begin();
    this.#silentLooks = 0;
    this.#sentAt = now;
    this.#upgradePauseMs = UPGRADE_PAUSE_MS;
    this.#upgradeAt = addMs(now, UPGRADE_PAUSE_MS);
    return { kind: "move", to };
  }

  #isCurrent(address: SocketAddress): boolean {
    return formatAddress(address) === formatAddress(this.#current);
  }

  #askAll(now: MonotonicMs, candidates: readonly SocketAddress[]): PathOutput[] {
    const all = new Map([this.#current, ...candidates].map((to) => [formatAddress(to), to]));
    return [...all.values()].slice(0, PATH_CANDIDATES_MAX).map((to) => this.#ask(now, to));
  }

  #ask(now: MonotonicMs, to: SocketAddress): PathOutput {
    if (this.#isCurrent(to)) this.#sentAt = now;
    const number = ++this.#lastNumber;
    if (this.#asked.size >= PATH_QUESTIONS_WAITING_MAX) {
      this.#asked.delete(this.#asked.keys().next().value!);
    }
    this.#asked.set(number, { address: formatAddress(to), at: now });
    return { kind: "ask", to, number };
  }
}
