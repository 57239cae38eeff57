// Redeeming invites: from a stranger's invite and the key it has proved to a join token.
//
// Invariants: only invites of our own network count, whatever root a token brings along; an invite
// gives one key one membership; the answer is on disk before it leaves.

import { CertTtls, type ConsumedInvites } from "../config/mod.ts";
import { type InviteToken, JoinToken } from "../proto/mod.ts";
import {
  JOIN_TOKEN_SECONDS_MAX,
  LIFE_MS_MAX,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  PollenError,
  unixSeconds,
  type WallMs,
} from "../types/mod.ts";
import { type AdminSigner } from "./admin_signer.ts";
import { verifyInviteToken } from "./tokens.ts";
import { isSameTrust } from "./trust.ts";

/** How invites are answered. */
export interface RedeemerOptions {
  /** Lifetime in milliseconds of memberships whose invite names none. Default 365 days. */
  readonly membershipTtlMs?: number;
  /** Whether this key was revoked: a node's, or an administrator's. Default: none is. */
  readonly isRevoked?: (key: PeerKey) => boolean;
}

/** Turns invites into join tokens. */
export class InviteRedeemer {
  readonly #signer: AdminSigner;
  readonly #consumed: ConsumedInvites;
  readonly #membershipTtlMs: number;
  readonly #isRevoked: (key: PeerKey) => boolean;

  /**
   * Answers with the signer's key, noting each answer in `consumed`, which nobody else may write.
   */
  constructor(signer: AdminSigner, consumed: ConsumedInvites, options: RedeemerOptions = {}) {
    this.#signer = signer;
    this.#consumed = consumed;
    this.#membershipTtlMs = options.membershipTtlMs ?? new CertTtls().membershipTtl();
    this.#isRevoked = options.isRevoked ?? (() => false);
  }

  /**
   * The join token for `subject`, whose key the caller has seen proved. Asked again by the same
   * key, it gives the same join token while that is valid, and then the same membership in a fresh one.
   *
   * @throws {PollenError} `refused` when the invite is of another network, has expired, was redeemed
   *   by another key, or a key is revoked; `unauthenticated` when it does not verify; `exhausted`,
   *   `permission_denied`, `io` when it cannot be noted, and may be redeemed later.
   */
  async redeem(token: InviteToken, subject: PeerKey, now: WallMs): Promise<JoinToken> {
    const remaining = this.#check(token, subject, now);
    const lifeSeconds = remaining < JOIN_TOKEN_SECONDS_MAX ? remaining : JOIN_TOKEN_SECONDS_MAX;
    const bytes = await this.#consumed.tryConsume(
      token,
      subject,
      now,
      (earlier) => this.#answer(token, subject, now, lifeSeconds, earlier),
    );
    if (bytes === null) {
      throw new PollenError("refused", "invite token already consumed.", {
        fix: "Ask for a new invite.",
      });
    }
    return JoinToken.decode(bytes);
  }

  /** Throws unless this key may redeem this invite now; returns the seconds that the invite has left. */
  #check(token: InviteToken, subject: PeerKey, now: WallMs): bigint {
    const trust = token.claims?.trust;
    // Before any signature: a root made up for the occasion signs whatever it likes.
    if (trust !== undefined && !isSameTrust(trust, this.#signer.trust)) {
      throw new PollenError("refused", "invite token belongs to another network.", {
        fix: "Ask an administrator of this network for an invite.",
      });
    }
    verifyInviteToken(token, now, peerKeyBytes(subject));
    const { issuer, expiresAtUnix } = token.claims!;
    if (this.#isRevoked(peerKeyFromBytes(issuer!.claims!.adminPub))) {
      throw new PollenError("refused", "invite token issuer has been revoked.");
    }
    if (this.#isRevoked(subject)) {
      throw new PollenError("refused", "subject has been revoked.");
    }
    const remaining = expiresAtUnix - unixSeconds(now);
    if (remaining <= 0n) {
      throw new PollenError("refused", "invite token expired.", { fix: "Ask for a new one." });
    }
    return remaining;
  }

  #answer(
    token: InviteToken,
    subject: PeerKey,
    now: WallMs,
    lifeSeconds: bigint,
    earlier: Uint8Array | null,
  ): Uint8Array {
    const given = earlier === null ? undefined : JoinToken.decode(earlier).claims;
    if (given !== undefined && given.expiresAtUnix > unixSeconds(now)) return earlier!;
    const { membershipTtlSeconds, nonRenewable, bootstrap } = token.claims!;
    const cert = given?.memberCert ?? this.#signer.issueMembership({
      subject,
      ttlMs: this.#membershipLifeMs(membershipTtlSeconds),
      nonRenewable,
      now,
    });
    const ttlMs = Number(lifeSeconds) * 1000;
    return JoinToken.encode(this.#signer.issueJoinToken({ cert, bootstrap, ttlMs, now }));
  }

  /** What the invite asks for, or our own default; the signer cuts it to its certificate's end. */
  #membershipLifeMs(wantedSeconds: bigint): number {
    if (wantedSeconds <= 0n) return this.#membershipTtlMs;
    return Math.min(Number(wantedSeconds) * 1000, LIFE_MS_MAX);
  }
}
