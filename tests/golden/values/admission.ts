// The messages of admission.golden.

import { MembershipCertClaims } from "../../../lib/proto/mod.ts";
import {
  ADMIN_CERT,
  BOOTSTRAP,
  BOUND_INVITE,
  GUEST,
  JOIN_TOKEN,
  MEMBERSHIP,
  OPEN_INVITE,
  REVOCATION,
  ROOT_CERT,
  TRUST,
} from "../network.ts";

export const ADMISSION_VALUES = {
  "a trust bundle": TRUST,
  "the root's certificate: claims": ROOT_CERT.claims!,
  "the root's certificate": ROOT_CERT,
  "an administrator's certificate: claims": ADMIN_CERT.claims!,
  "an administrator's certificate": ADMIN_CERT,
  "a membership: claims": MEMBERSHIP.claims!,
  "a membership": MEMBERSHIP,
  "a guest's membership: claims": GUEST.claims!,
  "a guest's membership": GUEST,
  "a join token: claims": JOIN_TOKEN.claims!,
  "a join token": JOIN_TOKEN,
  "an open invite: claims": OPEN_INVITE.claims!,
  "an open invite": OPEN_INVITE,
  "a bound invite: claims": BOUND_INVITE.claims!,
  "a bound invite": BOUND_INVITE,
  "a revocation: entry": REVOCATION.entry!,
  "a revocation": REVOCATION,
  "a bootstrap peer": BOOTSTRAP,
  "claims with the lowest numbers": MembershipCertClaims.create({
    notBeforeUnix: -1n,
    notAfterUnix: -(2n ** 63n),
  }),
} as const;
