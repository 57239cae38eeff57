// The verdict on the peer of a session, with what this node knows now: its network, its clock, who
// was revoked, and which key is its own.

import { type PeerKey, PollenError, type Session } from "../types/mod.ts";
import type { MeshOptions } from "./mesh_options.ts";
import { verifyMember } from "./verifier.ts";

export type VerdictOptions = Pick<
  MeshOptions,
  "identity" | "credentials" | "clock" | "isRevoked" | "signedTimes"
>;

export class Verdict {
  readonly #options: VerdictOptions;

  constructor(options: VerdictOptions) {
    this.#options = options;
  }

  /**
   * The member at the other end.
   *
   * @param expected The key that was dialled; null for somebody who dialled us.
   * @throws {PollenError} `unauthenticated`, `identity_mismatch` or `refused`.
   */
  member(session: Session, expected: PeerKey | null): PeerKey {
    const peer = this.#verify(session, expected);
    if (peer === this.#options.identity.peerKey) {
      throw new PollenError("identity_mismatch", "That address leads back to this very node.");
    }
    return peer;
  }

  #verify(session: Session, expected: PeerKey | null): PeerKey {
    const { credentials, clock, isRevoked, signedTimes } = this.#options;
    const options = { credentials, now: clock.wallNow(), expected, isRevoked };
    try {
      return verifyMember(session.peerCertificate, options);
    } catch (thrown) {
      signedTimes?.learn(thrown);
      throw thrown;
    }
  }
}
