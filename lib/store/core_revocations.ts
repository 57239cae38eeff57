// Who was revoked, for good, and of whom that is news.

import type { SignedRevocation } from "../proto/mod.ts";
import { comparePeerKeys, type PeerKey } from "../types/mod.ts";
import { revokedSubject } from "./core_attribute.ts";
import type { Authority } from "./records.ts";

export class Revocations {
  readonly #authority: Authority;
  readonly #bySubject = new Map<PeerKey, SignedRevocation>();
  #news: PeerKey[] = [];

  constructor(authority: Authority) {
    this.#authority = authority;
  }

  has(subject: PeerKey): boolean {
    return this.#bySubject.has(subject);
  }

  /** All of them, by subject. */
  list(): [PeerKey, SignedRevocation][] {
    return [...this.#bySubject].sort(([a], [b]) => comparePeerKeys(a, b));
  }

  /** Whom a revocation is about; null when its signature does not hold. */
  verify(revocation: SignedRevocation | undefined): PeerKey | null {
    if (revocation === undefined) return null;
    const subject = revokedSubject({ kind: "revocation", value: { revocation } });
    return subject !== null && this.#authority.verifyRevocation(revocation) ? subject : null;
  }

  /** Keeps one that holds, of a subject of whom there is none. */
  add(subject: PeerKey, revocation: SignedRevocation): void {
    this.#bySubject.set(subject, revocation);
    this.#news.push(subject);
  }

  /** The subjects added since they were taken. */
  get news(): readonly PeerKey[] {
    return this.#news;
  }

  takeNews(): PeerKey[] {
    const news = this.#news;
    this.#news = [];
    return news;
  }
}
