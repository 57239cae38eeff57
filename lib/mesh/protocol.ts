// The names, numbers and reasons of pollen/1 that both ends must agree on.

/** ALPN of the link between two members. */
export const ALPN_MEMBER = "pollen/1";

/** ALPN on which somebody who is not a member yet redeems an invite. */
export const ALPN_INVITE = "pollen-invite/1";

/** A stream between members starts with the service's port, two bytes, big-endian. */
export const STREAM_HEAD_BYTES = 2;

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
  unexpectedMessage: "unexpected message on invite connection",
} as const;
