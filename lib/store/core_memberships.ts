// The memberships of those who sign what they say. Whoever is no member cannot say anything, however
// many keys he makes; whoever was one is believed what he said.

import type { MembershipCert } from "../proto/mod.ts";
import {
  AUTHORS_MAX,
  type LimitCounter,
  PEER_KEY_BYTES,
  type PeerKey,
  peerKeyFromBytes,
} from "../types/mod.ts";
import type { Authority } from "./records.ts";

export class Memberships {
  readonly #authority: Authority;
  readonly #limits: LimitCounter;
  readonly #certs = new Map<PeerKey, MembershipCert>();

  constructor(local: PeerKey, authority: Authority, limits: LimitCounter) {
    this.#authority = authority;
    this.#limits = limits;
    this.#certs.set(local, authority.membership);
  }

  has(peer: PeerKey): boolean {
    return this.#certs.has(peer);
  }

  get(peer: PeerKey): MembershipCert | undefined {
    return this.#certs.get(peer);
  }

  /** Keeps a genuine one of somebody of whom there is none. */
  add(cert: MembershipCert): void {
    const subject = cert.claims?.subjectPub;
    if (subject?.length !== PEER_KEY_BYTES) return;
    const peer = peerKeyFromBytes(subject);
    if (this.#certs.has(peer)) return;
    if (this.#certs.size >= AUTHORS_MAX) return this.#limits.count("memberships");
    if (this.#authority.isGenuine(cert)) this.#certs.set(peer, cert);
  }
}
