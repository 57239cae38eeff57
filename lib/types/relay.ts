// Relayed flows: packets between two engines that a third one carries, at their ends and at the carrier.
// Who may have one is decided above.

import type { SocketAddress } from "./address.ts";
import type { Session } from "./session.ts";

/**
 * One of the two halves of a relayed flow: between an end and its carrier, over the path of the
 * session that these two have. Tags and keys are agreed between them, different in each direction.
 *
 * A pair of key and tag is used for one leg and never again: who used a key twice would give away
 * what authenticates, and old packets would count as new.
 */
export interface RelayLeg {
  /** With the carrier at an end; with an end at the carrier. The leg ends with it. */
  readonly session: Session;
  /** What the other side knows our packets by, 8 bytes. */
  readonly sendTag: Uint8Array;
  /** The AES-128 key that they are sealed with, 16 bytes. */
  readonly sendKey: Uint8Array;
  /** What we know the other side's packets by, 8 bytes, no other leg's in this engine. */
  readonly receiveTag: Uint8Array;
  /** The AES-128 key that those are sealed with, 16 bytes. */
  readonly receiveKey: Uint8Array;
}

/** What a relayed flow has passed since its start, in both directions together. */
export interface RelayStats {
  /** Packets that were genuine and went on: into the engine or out of it. */
  readonly packets: number;
  /** Their bytes, those of the relay's header excluded. */
  readonly bytes: number;
  /**
   * Packets that went nowhere: altered, replayed or malformed, over the rate or the queue's bound, or
   * without a path to go.
   */
  readonly dropped: number;
}

/** A relayed flow at one of its ends: a way over which to dial, accept, `setPath` and `sendRaw`. */
export interface RelayedWay {
  /** The way, for this engine alone. */
  readonly address: SocketAddress;
  /** The counters as they are now; once closed, as they were last. */
  stats(): RelayStats;
  /** Ends it, as does the end of the session with the carrier. Idempotent. */
  close(): void;
}

/** How much a carried flow may pass. */
export interface CarriedLimit {
  /** In each direction, 1,024…10^10. */
  readonly bytesPerSecond: number;
}

/** A relayed flow at its carrier. */
export interface Carried {
  /**
   * Holds from now on. What waits and would take longer than 50 ms at this rate is dropped. Without
   * effect once it is closed.
   *
   * @throws {PollenError} `invalid_argument` for a rate out of range.
   */
  setLimit(limit: CarriedLimit): void;
  /** The counters as they are now; once closed, as they were last. */
  stats(): RelayStats;
  /** Ends it, as does the end of either session. Idempotent. */
  close(): void;
}
