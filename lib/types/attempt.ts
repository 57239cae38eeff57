// Attempts to reach us, before any work is spent on them: see `Engine.setGatekeeper`.

import type { SocketAddress } from "./address.ts";

/** The first packet of somebody who wants to reach us; nothing was spent on it yet. */
export interface ConnectionAttempt {
  /** Where it says it comes from. */
  readonly address: SocketAddress;
  /** Whether its sender has shown that he receives what is sent there; otherwise anybody can forge it. */
  readonly isAddressProved: boolean;
  /** Handshakes and verdicts that are outstanding in the engine, this one excluded. */
  readonly openHandshakes: number;
}

/** What becomes of an attempt. */
export type AttemptVerdict =
  /** The handshake begins. */
  | "take"
  /** Its sender is to prove his address and come again. For one who has proved it this is `refuse`. */
  | "retry"
  /** It is told no, if answers are not over their bound. */
  | "refuse"
  /** It is not answered. */
  | "drop";
