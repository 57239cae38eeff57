// Who reaches whom, as others say, on its way to those whom they do not reach themselves. In a network
// that starts, this is most of what is said, and whoever waits a moment before he passes it on finds
// that nearly everybody has heard it of its author. So it goes on with the next tick, the newest word
// alone; everything else goes on at once.

import type { GossipEvent } from "../proto/mod.ts";
import type { PeerKey } from "../types/mod.ts";

/** An event that was new here, and who told. */
export interface Heard {
  readonly event: GossipEvent;
  readonly from: PeerKey;
}

export class Hearsay {
  /** By author and whom he reaches: within the bounds of the state. */
  readonly #waiting = new Map<string, Heard>();

  /** Keeps an event until the next `take`; false when it is nothing that can wait. */
  add(event: GossipEvent, from: PeerKey): boolean {
    if (event.change?.kind !== "reachability") return false;
    this.#waiting.set(`${event.peerId} ${event.change.value.peerId}`, { event, from });
    return true;
  }

  /** What waited, in the order in which it came first. */
  take(): Heard[] {
    const heard = [...this.#waiting.values()];
    this.#waiting.clear();
    return heard;
  }
}
