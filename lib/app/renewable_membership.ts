// This node's membership as it is now, and how it and those of others go on.

import {
  type AdminSigner,
  type IdentityKey,
  type NodeCredentials,
  renewed,
  renewMembership,
  type SignedTimes,
} from "../auth/mod.ts";
import type { Mesh } from "../mesh/mod.ts";
import type { MembershipSource } from "../node/mod.ts";
import type { MembershipCert } from "../proto/mod.ts";
import {
  type Clock,
  type Disk,
  errorText,
  type Log,
  type PeerKey,
  PollenError,
} from "../types/mod.ts";

export interface RenewableMembershipOptions {
  readonly disk: Disk;
  /** The state folder, absolute. */
  readonly dir: string;
  readonly identity: IdentityKey;
  readonly credentials: NodeCredentials;
  readonly mesh: Mesh;
  /** What signs; null without an administrator's key. */
  readonly signer: AdminSigner | null;
  /** How long a renewed membership lasts, in milliseconds. */
  readonly ttlMs: number;
  /** Learns of moments that this machine's clock has not reached. */
  readonly signedTimes: SignedTimes;
  /** Its wall clock says what is due. */
  readonly clock: Clock;
  readonly log: Log;
}

export class RenewableMembership implements MembershipSource {
  readonly #options: RenewableMembershipOptions;
  #own: MembershipCert;
  #isLapsed = false;

  constructor(options: RenewableMembershipOptions) {
    this.#options = options;
    this.#own = options.credentials.cert;
  }

  get signs(): boolean {
    return this.#options.signer !== null;
  }

  own(): MembershipCert {
    return this.#own;
  }

  of(peer: PeerKey): MembershipCert | null {
    return this.#options.mesh.membershipOf(peer);
  }

  successorOf(membership: MembershipCert): MembershipCert | null {
    const { signer, ttlMs, clock, log } = this.#options;
    if (signer === null) return null;
    try {
      const successor = renewed(signer, membership, ttlMs, clock.wallNow());
      if (successor !== null) this.#isLapsed = false;
      return successor;
    } catch (thrown) {
      if (!(thrown instanceof PollenError)) throw thrown;
      // It is asked for every few seconds, and one word is enough.
      if (!this.#isLapsed) log.warn("no membership can be renewed", { reason: errorText(thrown) });
      this.#isLapsed = true;
      return null;
    }
  }

  async take(membership: MembershipCert): Promise<void> {
    const { disk, dir, identity, credentials, mesh, clock, signedTimes } = this.#options;
    const now = clock.wallNow();
    try {
      const { cert } = await renewMembership(disk, dir, identity, credentials, membership, now);
      await mesh.showMembership(cert);
      this.#own = cert;
    } catch (thrown) {
      signedTimes.learn(thrown);
      throw thrown;
    }
  }

  note(peer: PeerKey, membership: MembershipCert): void {
    this.#options.mesh.noteMembership(peer, membership);
  }
}
