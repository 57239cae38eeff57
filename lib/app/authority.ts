// What the replicated state believes, and how it signs: this node's keys and its network's trust.

import {
  eventSigner,
  type IdentityKey,
  isGenuineMembership,
  type NodeCredentials,
  pageSigner,
  verifyEvent,
  verifyPage,
  verifyRevocation,
} from "../auth/mod.ts";
import type { Authority } from "../store/mod.ts";
import type { Clock } from "../types/mod.ts";

/** The authority of a member. Its wall clock tells memberships that have not begun. */
export function authorityOf(
  identity: IdentityKey,
  { cert, trust }: NodeCredentials,
  clock: Clock,
): Authority {
  return {
    membership: cert,
    sign: eventSigner(identity),
    verifyEvent,
    signPage: pageSigner(identity),
    verifyPage,
    isGenuine: (membership) => isGenuineMembership(membership, trust, clock.wallNow()),
    verifyRevocation: (revocation) => {
      try {
        verifyRevocation(revocation, trust);
        return true;
      } catch {
        return false;
      }
    },
  };
}
