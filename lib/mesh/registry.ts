// Who is connected: at most one session per peer, and those who wait for one.
//
// When a second session to the same peer appears, both ends must come to keep the same one, whatever
// the order in which each sees things. What decides is known to both alike:
//
//   the peer shows another certificate ............ the new one: the peer is a new process, or has
//                                                   another membership and lost the old session
//   the old one is older than any crossing dial ... the new one: the other side has lost the old one
//   one dialled by each side ...................... the one dialled by the smaller key; what was
//                                                   begun on the other goes on to its end
//   both dialled by us ............................ the old one
//   both dialled by the peer ...................... the peer's choice: the new one stands by until the
//                                                   peer closes one of the two
//
// A peer that races its ways to us chooses among several, so several may stand by; what stands by
// goes when the current session gives way to one that the peer did not dial in the same breath.
//
// A loser that drains may be full of what the peer may have us keep, and others wait behind it; so
// those of one crossing drain at a time, and all of a peer's go when it comes as a new process, or
// anew where nothing crosses. Over pollen/1 nothing drains: there the ends have no way to agree when.

import {
  ALPN_MEMBER_2,
  type LimitCounter,
  type MonotonicMs,
  type PeerKey,
  PollenError,
  type Session,
  STANDBY_SESSIONS_MAX,
  uncounted,
} from "../types/mod.ts";

/** A verified session and what decides between two of them. */
export interface Member {
  readonly peer: PeerKey;
  readonly session: Session;
  readonly addedAtMs: MonotonicMs;
}

/**
 * The longest time in which two dials can cross: longer than a dial may take. A session that is older was
 * there when the other side began to dial, so the other side does not have it any more.
 */
export const CROSSING_MS = 5_000;

/**
 * What is to become of a second session. Where two dials cross, the one that `win`s replaces the
 * other, which drains, and one that `lose`s drains itself.
 */
export type Decision = "replace" | "refuse" | "stand_by" | "win" | "lose";

/** Decides between the session that is there and a candidate. Pure. */
export function decide(current: Member, candidate: Member, local: PeerKey): Decision {
  if (!sameBytes(current.session.peerCertificate, candidate.session.peerCertificate)) {
    return "replace";
  }
  if (candidate.addedAtMs - current.addedAtMs > CROSSING_MS) return "replace";
  const isCandidateOurs = !candidate.session.inbound;
  if (isCandidateOurs === !current.session.inbound) return isCandidateOurs ? "refuse" : "stand_by";
  const isOursPreferred = local < candidate.peer;
  const drains = [current, candidate].every(({ session }) => session.alpn === ALPN_MEMBER_2);
  if (isCandidateOurs === isOursPreferred) return drains ? "win" : "replace";
  return drains ? "lose" : "refuse";
}

/**
 * What `add` did. `losers` are no longer known here and are the caller's to close; those in
 * `draining` are kept until they end, which the caller has to see to.
 */
export type Added =
  | {
    readonly kind: "current";
    readonly losers: readonly Member[];
    readonly draining: readonly Member[];
  }
  | { readonly kind: "standing_by" }
  | { readonly kind: "draining" }
  | { readonly kind: "refused" };

/** What `remove` did. */
export type Removed =
  | { readonly kind: "gone" }
  | { readonly kind: "succeeded"; readonly successor: Member }
  | { readonly kind: "was_not_current" };

interface Waiter {
  deliver(session: Session): void;
  fail(error: PollenError): void;
}

export class SessionRegistry {
  readonly #local: PeerKey;
  readonly #members = new Map<PeerKey, Member>();
  /** The oldest first. */
  readonly #standby = new Map<PeerKey, Member[]>();
  /** Of no use but for what was begun on them. */
  readonly #draining = new Map<PeerKey, readonly Member[]>();
  readonly #waiters = new Map<PeerKey, Set<Waiter>>();
  readonly #limits: LimitCounter;
  #isClosed = false;

  /** @param limits Takes what finds no room. Default: nobody does. */
  constructor(local: PeerKey, limits: LimitCounter = uncounted) {
    this.#local = local;
    this.#limits = limits;
  }

  /** Takes the member in as `decide` says. Wakes those who wait for the peer. */
  add(member: Member): Added {
    const { peer } = member;
    const current = this.#members.get(peer);
    const decision = current === undefined ? "replace" : decide(current, member, this.#local);
    if (decision === "refuse") return { kind: "refused" };
    const standby = this.#standby.get(peer) ?? [];
    const draining = this.#draining.get(peer) ?? [];
    if (decision === "stand_by" || decision === "lose") {
      if (standby.length + draining.length >= STANDBY_SESSIONS_MAX) {
        this.#limits.count("standby_sessions");
        return { kind: "refused" };
      }
      if (decision === "stand_by") this.#standby.set(peer, [...standby, member]);
      else this.#draining.set(peer, [...draining, member]);
      return { kind: decision === "stand_by" ? "standing_by" : "draining" };
    }
    const others = current === undefined ? [] : [current, ...standby];
    this.#standby.delete(peer);
    if (decision === "win") this.#draining.set(peer, others);
    else this.#draining.delete(peer);
    this.#members.set(peer, member);
    const waiters = this.#waiters.get(peer) ?? [];
    this.#waiters.delete(peer);
    for (const waiter of waiters) waiter.deliver(member.session);
    if (decision === "win") return { kind: "current", losers: draining, draining: others };
    return { kind: "current", losers: [...others, ...draining], draining: [] };
  }

  /** Whether the member is another process than the one that is connected with the same key. */
  isRestart({ peer, session }: Member): boolean {
    const current = this.get(peer);
    return current !== null && !sameBytes(current.peerCertificate, session.peerCertificate);
  }

  get(peer: PeerKey): Session | null {
    return this.#members.get(peer)?.session ?? null;
  }

  /** Removes exactly this session. The oldest one that stood by takes its place. */
  remove(peer: PeerKey, session: Session): Removed {
    const draining = (this.#draining.get(peer) ?? []).filter((other) => other.session !== session);
    if (draining.length === 0) this.#draining.delete(peer);
    else this.#draining.set(peer, draining);
    const standby = (this.#standby.get(peer) ?? []).filter((other) => other.session !== session);
    const isCurrent = this.#members.get(peer)?.session === session;
    const successor = isCurrent ? standby.shift() : undefined;
    if (standby.length === 0) this.#standby.delete(peer);
    else this.#standby.set(peer, standby);
    if (!isCurrent) return { kind: "was_not_current" };
    if (successor === undefined) {
      this.#members.delete(peer);
      return { kind: "gone" };
    }
    this.#members.set(peer, successor);
    return { kind: "succeeded", successor };
  }

  /** Removes every session of the peer and hands them back, the current one first. */
  removeAll(peer: PeerKey): Member[] {
    const current = this.#members.get(peer);
    const standby = this.#standby.get(peer) ?? [];
    const draining = this.#draining.get(peer) ?? [];
    this.#members.delete(peer);
    this.#standby.delete(peer);
    this.#draining.delete(peer);
    return [...current === undefined ? [] : [current], ...standby, ...draining];
  }

  /** Every member, those that stand by or drain included. */
  all(): Member[] {
    const others = [...this.#standby.values(), ...this.#draining.values()].flat();
    return [...this.#members.values(), ...others];
  }

  /** Peers with a session, sorted. */
  peers(): PeerKey[] {
    return [...this.#members.keys()].sort();
  }

  /**
   * The session with the peer, now or when there is one.
   *
   * @throws {PollenError} `cancelled` by the signal, `closed`.
   */
  waitFor(peer: PeerKey, signal?: AbortSignal): Promise<Session> {
    const session = this.get(peer);
    if (session !== null) return Promise.resolve(session);
    if (this.#isClosed) return Promise.reject(closedError());
    if (signal?.aborted) return Promise.reject(cancelledError());
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(peer) ?? new Set<Waiter>();
      this.#waiters.set(peer, waiters);
      const onAbort = () => {
        waiters.delete(waiter);
        if (waiters.size === 0 && this.#waiters.get(peer) === waiters) this.#waiters.delete(peer);
        reject(cancelledError());
      };
      const waiter: Waiter = {
        deliver: (delivered) => {
          signal?.removeEventListener("abort", onAbort);
          resolve(delivered);
        },
        fail: (error) => {
          signal?.removeEventListener("abort", onAbort);
          reject(error);
        },
      };
      waiters.add(waiter);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Fails those who wait and hands back the members. Nothing is added afterwards by a correct caller. */
  close(): Member[] {
    this.#isClosed = true;
    for (const waiters of this.#waiters.values()) {
      for (const waiter of waiters) waiter.fail(closedError());
    }
    this.#waiters.clear();
    const members = this.all();
    this.#members.clear();
    this.#standby.clear();
    this.#draining.clear();
    return members;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

function closedError(): PollenError {
  return new PollenError("closed", "This node is shutting down.");
}

function cancelledError(): PollenError {
  return new PollenError("cancelled", "Nobody waits for the peer any longer.");
}
