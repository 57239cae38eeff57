// When this machine's clock must be wrong: its network has signed something at a moment that the
// clock has not reached yet. A clock that is ahead cannot be told from certificates that ended.

import type { MembershipCert } from "../proto/mod.ts";
import { CLOCK_SKEW_SECONDS, PollenError, unixSeconds, type WallMs } from "../types/mod.ts";

/** The newest moment at which the network is known to have signed something. */
export class SignedTimes {
  #newestUnix: bigint;

  /** Begins with this node's own membership, and the certificate of who issued it. */
  constructor({ claims, issuer }: MembershipCert) {
    const own = claims?.notBeforeUnix ?? 0n;
    const issued = issuer?.claims?.notBeforeUnix ?? 0n;
    this.#newestUnix = own > issued ? own : issued;
  }

  /** Learns from a refusal: a certificate whose signature verified may be valid only later. */
  learn(thrown: unknown): void {
    if (!(thrown instanceof PollenError)) return;
    const { reason, validFromUnix } = thrown.details;
    if (reason !== "not_yet_valid" || typeof validFromUnix !== "number") return;
    const validFrom = BigInt(validFromUnix);
    if (validFrom > this.#newestUnix) this.#newestUnix = validFrom;
  }

  /** The newest moment, in seconds since 1970, when the clock is more than 60 s before it; else null. */
  aheadOf(now: WallMs): bigint | null {
    return unixSeconds(now) + BigInt(CLOCK_SKEW_SECONDS) < this.#newestUnix
      ? this.#newestUnix
      : null;
  }
}
