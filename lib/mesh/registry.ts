// Who is connected: at most one session per peer, and those who wait for one.
//
// When a second session to the same peer appears, both ends must come to keep the same one, whatever
// the order in which each sees things. What decides is known to both alike:
//
//   the peer shows another certificate ............ the new one: the peer is a new process
//   the old one is older than any crossing dial ... the new one: the other side has lost the old one
//   one dialled by each side ...................... the one dialled by the smaller key
//   both dialled by us ............................ the old one
//   both dialled by the peer ...................... the peer's choice: the new one stands by until the
//                                                   peer closes one of the two

import {
  type MonotonicMs,
  type PeerKey,
  PollenError,
  type Session,
  type SocketAddress,
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

/** What is to become of a second session. */
export type Decision = "replace" | "refuse" | "stand_by";

/** Decides between the session that is there and a candidate. Pure. */
export function decide(current: Member, candidate: Member, local: PeerKey): Decision {
  if (!sameBytes(current.session.peerCertificate, candidate.session.peerCertificate)) {
    return "replace";
  }
  if (candidate.addedAtMs - current.addedAtMs > CROSSING_MS) return "replace";
  const isCandidateOurs = !candidate.session.inbound;
  if (isCandidateOurs === !current.session.inbound) return isCandidateOurs ? "refuse" : "stand_by";
  const isOursPreferred = local < candidate.peer;
  return isCandidateOurs === isOursPreferred ? "replace" : "refuse";
}

/** What `add` did. `loser` is no longer known here and is the caller's to close. */
export type Added =
  | { readonly kind: "current"; readonly loser: Member | null }
  | { readonly kind: "standing_by"; readonly loser: Member | null }
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
  readonly #standby = new Map<PeerKey, Member>();
  readonly #waiters = new Map<PeerKey, Set<Waiter>>();
  #isClosed = false;

  constructor(local: PeerKey) {
    this.#local = local;
  }

  /** Takes the member in as `decide` says. Wakes those who wait for the peer. */
  add(member: Member): Added {
    const { peer } = member;
    const current = this.#members.get(peer);
    const decision = current === undefined ? "replace" : decide(current, member, this.#local);
    if (decision === "refuse") return { kind: "refused" };
    if (decision === "stand_by") {
      const loser = this.#standby.get(peer) ?? null;
      this.#standby.set(peer, member);
      return { kind: "standing_by", loser };
    }
    this.#members.set(peer, member);
    const waiters = this.#waiters.get(peer) ?? [];
    this.#waiters.delete(peer);
    for (const waiter of waiters) waiter.deliver(member.session);
    return { kind: "current", loser: current ?? null };
  }

  get(peer: PeerKey): Session | null {
    return this.#members.get(peer)?.session ?? null;
  }

  /** Removes exactly this session. One that stood by takes its place. */
  remove(peer: PeerKey, session: Session): Removed {
    if (this.#standby.get(peer)?.session === session) this.#standby.delete(peer);
    if (this.#members.get(peer)?.session !== session) return { kind: "was_not_current" };
    const successor = this.#standby.get(peer);
    this.#standby.delete(peer);
    if (successor === undefined) {
      this.#members.delete(peer);
      return { kind: "gone" };
    }
    this.#members.set(peer, successor);
    return { kind: "succeeded", successor };
  }

  /** Peers with a session, sorted. */
  peers(): PeerKey[] {
    return [...this.#members.keys()].sort();
  }

  address(peer: PeerKey): SocketAddress | null {
    return this.get(peer)?.remoteAddress ?? null;
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
    const members = [...this.#members.values(), ...this.#standby.values()];
    this.#members.clear();
    this.#standby.clear();
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
