// Which peers turn this node away, and with what words. Only what they say now: a session that ends
// otherwise, or one that is there, takes it back.

import { type PeerEvent, type PeerKey, REFUSING_PEERS_MAX } from "../types/mod.ts";

/** A peer's words. They are its own: another member could say anything. */
export interface PeerRefusal {
  readonly peer: PeerKey;
  readonly text: string;
  /** Whether it says that this node was revoked. */
  readonly isRevoked: boolean;
}

/** What a peer says that closes a session because of who this node is (pollen/1). */
const REVOKED = "revoked";
const REFUSED = /^identity failed: /;

export class Refusals {
  readonly #byPeer = new Map<PeerKey, PeerRefusal>();

  note(event: PeerEvent): void {
    if (event.kind !== "disconnected") return;
    const { peer, text } = event;
    this.#byPeer.delete(peer);
    if (!event.isRemote || !(text === REVOKED || REFUSED.test(text))) return;
    if (this.#byPeer.size >= REFUSING_PEERS_MAX) {
      this.#byPeer.delete(this.#byPeer.keys().next().value!);
    }
    const isRevoked = text === REVOKED || /has been revoked/.test(text);
    this.#byPeer.set(peer, { peer, text: text.replace(REFUSED, ""), isRevoked });
  }

  /** Those of peers that are not connected, the newest last. */
  current(connected: ReadonlySet<PeerKey>): PeerRefusal[] {
    return [...this.#byPeer.values()].filter(({ peer }) => !connected.has(peer));
  }
}
