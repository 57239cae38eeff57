// What others said, on its way to those whom they do not reach themselves. A revocation goes to all of
// them at once. Other news go to a few at once, who pass them on in the same way, and to the rest with
// the next tick; who reaches whom waits for that altogether, because by then nearly all have heard it
// of its author. Where much is said, as when a whole network starts, the rest is left to digests:
// whoever told everybody then would do it for nothing. Pure.

import type { GossipEvent } from "../proto/mod.ts";
import { attributeKey } from "../store/mod.ts";
import { comparePeerKeys, type PeerKey } from "../types/mod.ts";

/** An event that was new here. */
export interface Heard {
  readonly event: GossipEvent;
  /** Who told us. */
  readonly from: PeerKey;
  /** Whom we have told. */
  readonly told: ReadonlySet<PeerKey>;
}

/** So many peers are few: what is new goes to all of them at once. */
const FEW_PEERS = 8;
/** Events within a tick that everybody is told of. */
const LITTLE = 16;

export class Hearsay {
  /** By author and attribute: within the bounds of the state. */
  readonly #waiting = new Map<string, Heard>();

  /** Keeps an event until the next `take`: the newest word alone. */
  keep(heard: Heard): void {
    const { peerId, change } = heard.event;
    if (change !== undefined) this.#waiting.set(`${peerId} ${attributeKey(change)}`, heard);
  }

  /** What waited, in the order in which it came first, and whether that is little. */
  take(): { heard: Heard[]; isLittle: boolean } {
    const heard = [...this.#waiting.values()];
    this.#waiting.clear();
    return { heard, isLittle: heard.length <= LITTLE };
  }
}

/**
 * Those who hear at once: all where they are few, else the first, the second, the fourth and so on
 * after us in the circle of keys. Where everybody is connected with everybody and does the same, all
 * have heard it after as many steps.
 *
 * @param peers Sorted.
 */
export function firstTold(local: PeerKey, peers: readonly PeerKey[]): ReadonlySet<PeerKey> {
  if (peers.length <= FEW_PEERS) return new Set(peers);
  const next = peers.findIndex((peer) => comparePeerKeys(peer, local) > 0);
  const start = next < 0 ? 0 : next;
  const told = new Set<PeerKey>();
  for (let step = 1; step <= peers.length; step *= 2) {
    told.add(peers[(start + step - 1) % peers.length]!);
  }
  return told;
}
