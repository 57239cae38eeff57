// Where the others see this node: behind a router it cannot see that itself, and no third party is
// asked. Each connected peer's newest word counts once; the address that most of them name wins, so
// that one liar or one odd path moves nothing while others disagree. Pure.

import { isPublicIp } from "../mesh/mod.ts";
import { isIpLiteral, type PeerKey, type SocketAddress, splitHostPort } from "../types/mod.ts";

/** The most peers whose word is kept. */
const OBSERVERS_MAX = 1_024;

export class Observations {
  readonly #seenBy = new Map<PeerKey, string>();
  #current: string | null = null;

  /** A peer says where it sees us. Anything but a public address is of no use to others and ignored. */
  note(peer: PeerKey, text: string): void {
    if (!isPublicAddress(text)) return;
    if (!this.#seenBy.has(peer) && this.#seenBy.size >= OBSERVERS_MAX) return;
    this.#seenBy.set(peer, text);
    this.#settle();
  }

  /** The peer is gone, and its word with it. */
  forget(peer: PeerKey): void {
    if (this.#seenBy.delete(peer)) this.#settle();
  }

  /** What most peers say; null while nobody says anything. It outlives those who said it until somebody says otherwise. */
  get address(): SocketAddress | null {
    if (this.#current === null) return null;
    const { host, port } = splitHostPort(this.#current);
    return { ip: host, port };
  }

  #settle(): void {
    const votes = new Map<string, number>();
    for (const text of this.#seenBy.values()) votes.set(text, (votes.get(text) ?? 0) + 1);
    const most = Math.max(0, ...votes.values());
    const best = [...votes].filter(([, count]) => count === most).map(([text]) => text).sort();
    if (best.length > 0 && !best.includes(this.#current ?? "")) this.#current = best[0]!;
  }
}

function isPublicAddress(text: string): boolean {
  try {
    const { host } = splitHostPort(text);
    return isIpLiteral(host) && isPublicIp(host);
  } catch {
    return false;
  }
}
