// What this node shows in TLS for each of its protocols. A certificate is minted anew by each
// process, so that another certificate of the same key tells peers of a restart, and for each
// membership.

import type { IdentityKey } from "../auth/mod.ts";
import type { MembershipCert } from "../proto/mod.ts";
import {
  ALPN_MEMBER_1,
  ALPN_MEMBER_2,
  type Clock,
  MEMBER_ALPNS,
  type Protocol,
  type Random,
  STREAM_HEAD_BYTES,
} from "../types/mod.ts";
import { createTlsIdentity } from "./certificate.ts";
import { ALPN_INVITE_1, ALPN_INVITE_2 } from "./protocol.ts";

/** What a TLS certificate is minted from. */
export interface IdentityOptions {
  /** The key pair that the certificate is of. */
  readonly identity: IdentityKey;
  /** Validity of the certificate, in milliseconds. */
  readonly tlsIdentityTtlMs: number;
  /** Its wall clock dates the certificate. */
  readonly clock: Clock;
  /** Draws the serial number. */
  readonly random: Random;
}

/** The protocols between members, the preferred one first; served. */
export async function memberProtocols(
  options: IdentityOptions,
  membership: MembershipCert,
): Promise<Protocol[]> {
  const identity = await mint(options, membership);
  return MEMBER_ALPNS.map((alpn) => ({
    alpn,
    identity,
    serve: true,
    headBytes: STREAM_HEAD_BYTES[alpn],
    ...(alpn === ALPN_MEMBER_2
      ? { fallback: ALPN_MEMBER_1, movesPaths: true, carriesFlows: true }
      : {}),
  }));
}

/**
 * The protocols on which invites are redeemed, with a certificate that holds the key alone. Every
 * member serves sealed requests; invites in the clear only who redeems them.
 */
export async function inviteProtocols(
  options: IdentityOptions,
  { serve }: { readonly serve: "none" | "sealed" | "all" },
): Promise<Protocol[]> {
  const common = { identity: await mint(options), headBytes: 0 };
  return [
    { ...common, alpn: ALPN_INVITE_2, fallback: ALPN_INVITE_1, serve: serve !== "none" },
    { ...common, alpn: ALPN_INVITE_1, serve: serve === "all" },
  ];
}

function mint(options: IdentityOptions, membership?: MembershipCert) {
  const { identity, clock, random, tlsIdentityTtlMs: ttlMs } = options;
  return createTlsIdentity({
    publicKey: identity.publicKey,
    seed: identity.seed,
    now: clock.wallNow(),
    ttlMs,
    random,
    ...(membership === undefined ? {} : { membership }),
  });
}
