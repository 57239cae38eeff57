// The names, numbers and reasons that both ends must agree on, beside those of lib/types/link.ts.

/** ALPN on which somebody who is not a member yet redeems an invite, as the original speaks it: in datagrams. */
export const ALPN_INVITE_1 = "pollen-invite/1";

/** The same on a stream, sealed to who issued the invite. */
export const ALPN_INVITE_2 = "pollen-invite/2";

/** The X.509 extension that carries the membership certificate: the UUID 9197192d-fb57-43c0-8399-ad704a8b0245 under 2.25. */
export const MEMBERSHIP_EXTENSION_OID = "2.25.37271.6445.64343.17344.33689.44400.19083.581.1.1";

/**
 * What a close says. The original decides nothing by these texts; we wait longer before we dial again
 * after "revoked", "identity failed", "duplicate" and "replaced". People read them.
 */
export const CloseReason = {
  shutdown: "shutdown",
  duplicate: "duplicate",
  replaced: "replaced",
  revoked: "revoked",
  identityFailed: "identity failed",
  inviteRedeemed: "invite redeemed",
  inviteFailed: "invite failed",
  noHello: "no hello",
  badControl: "control stream failed",
  unexpectedMessage: "unexpected message on invite connection",
} as const;
