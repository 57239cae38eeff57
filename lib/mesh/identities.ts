// What this node shows in TLS for each of its protocols. A certificate is minted anew by each
// process, so that another certificate of the same key tells peers of a restart.

import type { IdentityKey } from "../auth/mod.ts";
import type { MembershipCert } from "../proto/mod.ts";
import type { Clock, Protocol, Random } from "../types/mod.ts";
import { createTlsIdentity } from "./certificate.ts";
import { ALPN_INVITE, ALPN_MEMBER, STREAM_HEAD_BYTES } from "./protocol.ts";

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

/** The protocol between members; served. */
export async function memberProtocol(
  options: IdentityOptions,
  membership: MembershipCert,
): Promise<Protocol> {
  return {
    alpn: ALPN_MEMBER,
    identity: await mint(options, membership),
    serve: true,
    headBytes: STREAM_HEAD_BYTES,
  };
}

/** The protocol on which invites are redeemed, with a certificate that holds the key alone. */
export async function inviteProtocol(
  options: IdentityOptions,
  { serve }: { readonly serve: boolean },
): Promise<Protocol> {
  return { alpn: ALPN_INVITE, identity: await mint(options), serve, headBytes: 0 };
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
