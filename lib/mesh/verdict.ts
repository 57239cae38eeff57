// The verdict on the peer of a session, with what this node knows now: its network, its clock, who
// was revoked, whose membership was renewed while its session lived, and which key is its own.

import type { MembershipCert } from "../proto/mod.ts";
import { type PeerKey, PollenError, type Session } from "../types/mod.ts";
import type { MeshOptions } from "./mesh_options.ts";
import {
  membershipIn,
  type MembershipOptions,
  verifyMember,
  verifyMembership,
} from "./verifier.ts";

export type VerdictOptions = Pick<
  MeshOptions,
  "identity" | "credentials" | "clock" | "isRevoked" | "signedTimes"
>;

export class Verdict {
  readonly #options: VerdictOptions;
  /** What the peers of sessions showed when these began, or were renewed with since. */
  readonly #memberships = new WeakMap<Session, MembershipCert>();

  constructor(options: VerdictOptions) {
    this.#options = options;
  }

  /**
   * The member at the other end of a session that begins.
   *
   * @param expected The key that was dialled; null for somebody who dialled us.
   * @throws {PollenError} `unauthenticated`, `identity_mismatch` or `refused`.
   */
  member(session: Session, expected: PeerKey | null): PeerKey {
    const peer = this.#learning((known) =>
      verifyMember(session.peerCertificate, { ...known, expected })
    );
    if (peer === this.#options.identity.peerKey) {
      throw new PollenError("identity_mismatch", "That address leads back to this very node.");
    }
    return peer;
  }

  /**
   * Looks again at the peer of a session that `member` let in.
   *
   * @throws {PollenError} `unauthenticated` or `refused` when it is no member any more.
   */
  recheck(session: Session, peer: PeerKey): void {
    this.#learning((known) => verifyMembership(this.membership(session), peer, known));
  }

  /** The membership of the peer of a session that `member` let in. */
  membership(session: Session): MembershipCert {
    const found = this.#memberships.get(session) ?? membershipIn(session.peerCertificate);
    this.#memberships.set(session, found);
    return found;
  }

  /**
   * From now on this is the membership of the session's peer.
   *
   * @throws {PollenError} `unauthenticated` or `refused` when it is not.
   */
  renew(session: Session, peer: PeerKey, membership: MembershipCert): void {
    this.#learning((known) => verifyMembership(membership, peer, known));
    this.#memberships.set(session, membership);
  }

  /** Judges with what is known now, and learns from a refusal whether the clock is behind. */
  #learning<T>(judge: (known: MembershipOptions) => T): T {
    const { credentials, clock, isRevoked, signedTimes } = this.#options;
    const now = clock.wallNow();
    try {
      return judge({ credentials, now, isRevoked });
    } catch (thrown) {
      signedTimes?.learn(thrown);
      throw thrown;
    }
  }
}
