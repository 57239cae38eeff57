// What an administrator does with its key: memberships, invites, join tokens, and, for the root,
// administrators and revocations. Invariant: nothing it issues outlives its own certificate, and
// everything it issues verifies under its network's trust at the moment it is issued.

import type {
  AdminCert,
  BootstrapPeer,
  InviteToken,
  JoinToken,
  MembershipCert,
  SealedRedemption,
  SignedRevocation,
  TrustBundle,
} from "../proto/mod.ts";
import {
  LIFE_MS_MAX,
  type PeerKey,
  peerKeyBytes,
  PollenError,
  type Random,
  unixSeconds,
  type WallMs,
} from "../types/mod.ts";
import {
  BACKDATE_SECONDS,
  issueAdminCert,
  issueMembershipCert,
  verifyAdminCert,
} from "./certificates.ts";
import { within } from "./refusal.ts";
import { signRevocation } from "./revocations.ts";
import { type OpenedRedemption, openRedemption } from "./sealed_redemption.ts";
import type { SigningKey } from "./signature.ts";
import { inviteId, joinTokenId } from "./token_ids.ts";
import { signInviteToken, signJoinToken } from "./tokens.ts";
import { isSameBytes } from "./trust.ts";

/** A membership to be issued. */
export interface MembershipRequest {
  /** The key that becomes a member. */
  readonly subject: PeerKey;
  /** Wanted lifetime in milliseconds; cut to that of the issuer's certificate. */
  readonly ttlMs: number;
  /** Whether the member has to ask for a new invite when it lapses. Default false. */
  readonly nonRenewable?: boolean;
  /** The moment of issue. */
  readonly now: WallMs;
  /** From when it is valid, seconds since 1970. Default: a minute before the moment of issue. */
  readonly notBeforeUnix?: bigint;
}

/** An invite to be issued. */
export interface InviteRequest {
  /** The only key that may redeem it; absent: whoever comes first. */
  readonly subject?: PeerKey;
  /** Where to redeem it: at least one peer with an address. */
  readonly bootstrap: readonly BootstrapPeer[];
  /** Life of the invite in milliseconds, at least 1 s. */
  readonly ttlMs: number;
  /** Lifetime of the membership in seconds; 0 or absent: what the redeeming node gives by itself. */
  readonly membershipTtlSeconds?: number;
  /** Whether the member has to ask for a new invite when its membership lapses. Default false. */
  readonly nonRenewable?: boolean;
  /** The moment of issue. */
  readonly now: WallMs;
}

/** A join token to be issued. */
export interface JoinTokenRequest {
  /** The membership it brings. */
  readonly cert: MembershipCert;
  /** Where the new member finds the network. */
  readonly bootstrap: readonly BootstrapPeer[];
  /** Life of the token in milliseconds, at least 1 s. */
  readonly ttlMs: number;
  /** The moment of issue. */
  readonly now: WallMs;
}

/** Gives an administrator a certificate that is valid now, and from that second since 1970 on. */
export type Recertify = (now: WallMs, fromUnix?: bigint) => AdminCert;

/** Signs for a network with an administrator's key. */
export class AdminSigner {
  /** The network that is signed for. */
  readonly trust: TrustBundle;
  readonly #key: SigningKey;
  readonly #random: Random;
  readonly #recertify: Recertify | null;
  #issuer: AdminCert;

  /**
   * The certificate must be that of the key, and valid. Use `loadAdminSigner` for one on disk.
   *
   * @param recertify Gives another certificate where time is against this one: to a root alone.
   */
  constructor(
    key: SigningKey,
    trust: TrustBundle,
    issuer: AdminCert,
    random: Random,
    recertify: Recertify | null = null,
  ) {
    this.#key = key;
    this.#random = random;
    this.#recertify = recertify;
    this.trust = trust;
    this.#issuer = issuer;
  }

  /** The administrator's own certificate, which goes into everything it signs. */
  get issuer(): AdminCert {
    return this.#issuer;
  }

  /** The administrator's public key, which is not its node's key. */
  get publicKey(): Uint8Array {
    return this.#key.publicKey;
  }

  /** Whether this is the network's root, which alone certifies administrators and revokes. */
  get isRoot(): boolean {
    return isSameBytes(this.#key.publicKey, this.trust.rootPub);
  }

  /**
   * A membership until `ttlMs` from now, or until the issuer's certificate ends.
   *
   * @throws {PollenError} `invalid_argument` for a lifetime that is not positive, `unauthenticated`
   *   when the issuer's own certificate has lapsed.
   */
  issueMembership(request: MembershipRequest): MembershipCert {
    const { subject, ttlMs, nonRenewable = false, now } = request;
    const { notBeforeUnix = unixSeconds(now) - BACKDATE_SECONDS } = request;
    const notAfterUnix = this.endOfMembership(ttlMs, now, notBeforeUnix);
    return issueMembershipCert(this.#key, this.issuer, {
      clusterId: this.trust.clusterId,
      subjectPub: peerKeyBytes(subject),
      notBeforeUnix,
      notAfterUnix,
      serial: randomSerial(this.#random),
      nonRenewable,
    });
  }

  /**
   * When a membership ends that is issued now, in seconds since 1970: after `ttlMs`, or with the
   * issuer's certificate. A root first certifies itself for all of that time, as far as it may.
   *
   * @throws {PollenError} as `issueMembership` does.
   */
  endOfMembership(ttlMs: number, now: WallMs, notBeforeUnix: bigint): bigint {
    this.#checkIssuer(now);
    const wanted = unixSeconds(now) + wholeSeconds(ttlMs, "membership ttl");
    const { claims } = this.#issuer;
    if (claims!.notAfterUnix < wanted || claims!.notBeforeUnix > notBeforeUnix) {
      this.#issuer = this.#recertify?.(now, notBeforeUnix) ?? this.#issuer;
    }
    const issuerEndsAt = this.#issuer.claims!.notAfterUnix;
    return wanted < issuerEndsAt ? wanted : issuerEndsAt;
  }

  /**
   * An invite that one node may redeem once.
   *
   * @throws {PollenError} `invalid_argument` for a life under 1 s or without bootstrap peers;
   *   `unauthenticated` when the issuer's own certificate has lapsed.
   */
  issueInvite(request: InviteRequest): InviteToken {
    const { subject, bootstrap, ttlMs, membershipTtlSeconds = 0, nonRenewable = false } = request;
    this.#checkIssuer(request.now);
    const issuedAtUnix = unixSeconds(request.now);
    return signInviteToken(this.#key, {
      tokenId: inviteId(this.#random),
      trust: this.trust,
      issuer: this.issuer,
      bootstrap,
      subjectPub: subject === undefined ? new Uint8Array(0) : peerKeyBytes(subject),
      issuedAtUnix,
      expiresAtUnix: issuedAtUnix + wholeSeconds(ttlMs, "token ttl"),
      membershipTtlSeconds: membershipTtlSeconds === 0
        ? 0n
        : wholeSeconds(membershipTtlSeconds * 1000, "membership ttl"),
      nonRenewable,
    });
  }

  /**
   * Reads a request to redeem an invite that is sealed to this administrator.
   *
   * @throws {PollenError} `unauthenticated` when it is not, or the one who asks does not prove its
   *   key; `malformed`.
   */
  openRedemption(request: SealedRedemption): OpenedRedemption {
    return openRedemption(request, this.#key, this.#random);
  }

  /**
   * A join token that brings this membership to its subject.
   *
   * @throws {PollenError} `invalid_argument` for a life under 1 s or bootstrap peers that are none;
   *   `unauthenticated` when the issuer's own certificate has lapsed.
   */
  issueJoinToken(request: JoinTokenRequest): JoinToken {
    this.#checkIssuer(request.now);
    const issuedAtUnix = unixSeconds(request.now);
    return signJoinToken(this.#key, {
      tokenId: joinTokenId(this.#random),
      trust: this.trust,
      issuer: this.issuer,
      memberCert: request.cert,
      bootstrap: request.bootstrap,
      issuedAtUnix,
      expiresAtUnix: issuedAtUnix + wholeSeconds(request.ttlMs, "token ttl"),
    });
  }

  /**
   * The root's word that this key is a member no longer. It cannot be taken back.
   *
   * @throws {PollenError} `refused` when this is not the root.
   */
  issueRevocation(subject: PeerKey, now: WallMs): SignedRevocation {
    if (!this.isRoot) {
      throw new PollenError("refused", "only the root admin can revoke peers.", {
        fix: "Revoke on the node that founded the network.",
      });
    }
    return signRevocation(this.#key, {
      clusterId: this.trust.clusterId,
      subjectPub: peerKeyBytes(subject),
      revokedAtUnix: unixSeconds(now),
    });
  }

  /**
   * Certifies another administrator, who may invite and issue memberships, but neither certify
   * administrators nor revoke.
   *
   * @throws {PollenError} `refused` when this is not the root, `invalid_argument` for a lifetime
   *   that is not positive.
   */
  delegate(adminPub: Uint8Array, ttlMs: number, now: WallMs): AdminCert {
    if (!this.isRoot) {
      throw new PollenError("refused", "only root admin can delegate relay admin certs.", {
        fix: "Certify administrators on the node that founded the network.",
      });
    }
    return certifyAdmin(this.#key, this.trust, adminPub, { now, ttlMs, random: this.#random });
  }

  #checkIssuer(now: WallMs): void {
    try {
      within("issuer admin cert invalid", () => verifyAdminCert(this.issuer, this.trust, now));
    } catch (thrown) {
      const isTime = thrown instanceof PollenError && thrown.details["reason"] !== undefined;
      if (this.#recertify === null || !isTime) throw thrown;
      this.#issuer = this.#recertify(now);
    }
  }
}

/** An administrator's certificate from a minute ago, or earlier, until `ttlMs` from now. */
export function certifyAdmin(
  root: SigningKey,
  trust: TrustBundle,
  adminPub: Uint8Array,
  { now, ttlMs, random, fromUnix }: {
    now: WallMs;
    ttlMs: number;
    random: Random;
    fromUnix?: bigint | undefined;
  },
): AdminCert {
  const aMinuteAgo = unixSeconds(now) - BACKDATE_SECONDS;
  return issueAdminCert(root, {
    clusterId: trust.clusterId,
    adminPub,
    notBeforeUnix: fromUnix !== undefined && fromUnix < aMinuteAgo ? fromUnix : aMinuteAgo,
    notAfterUnix: unixSeconds(now) + wholeSeconds(ttlMs, "admin ttl"),
    serial: randomSerial(random),
  });
}

/** Milliseconds as the whole seconds that signed objects carry; part of a second does not count. */
function wholeSeconds(durationMs: number, what: string): bigint {
  if (!(durationMs >= 1000)) {
    throw new PollenError("invalid_argument", `${what} must be positive.`, {
      fix: "Name a duration of at least a second.",
    });
  }
  if (durationMs > LIFE_MS_MAX) {
    throw new PollenError("invalid_argument", `${what} must not exceed 1000 years.`);
  }
  return BigInt(Math.floor(durationMs / 1000));
}

/** Eight random bytes as a number that is not zero. */
function randomSerial(random: Random): bigint {
  const serial = BigInt(`0x${random.bytes(8).toHex()}`);
  return serial === 0n ? 1n : serial;
}
