// When a peer is tried again. All waits of the state machine stand here, as numbers of the pollen/1
// behaviour, so that two nodes that lost each other come back at moments both can predict.

import { assert, type DisconnectReason } from "../types/mod.ts";
import type { ConnectStage } from "./peer.ts";

/** Milliseconds before the first attempt of a new stage: long enough not to spin. */
export const BACKOFF_FIRST_MS = 500;

/** Milliseconds after the first failure within a stage; doubles with each further one. */
export const BACKOFF_BASE_MS = 1_000;

/** The longest wait between two attempts, in milliseconds. */
export const BACKOFF_MAX_MS = 60_000;

/** Milliseconds a peer rests after every way to it failed, before all are tried again. */
export const UNREACHABLE_PAUSE_MS = 20_000;

/**
 * Milliseconds an attempt may take before it counts as failed. A punch takes two messages, 4 s at
 * most, and a dial of 2 s: only an attempt whose answer was lost gets here.
 */
export const CONNECTING_DEADLINE_MS = 10_000;
assert(
  CONNECTING_DEADLINE_MS > 4_000 + 2_000 + 2_000,
  "no attempt that still runs is called failed",
);

/** Failures after which the next stage begins. */
export const STAGE_ATTEMPTS: Readonly<Record<ConnectStage, number>> = {
  eagerRetry: 1,
  direct: 2,
  punch: 2,
};

/** Milliseconds between a lost session and the first attempt to get it back. */
export const RECONNECT_DELAY_MS: Readonly<Record<DisconnectReason, number>> = {
  unknown: 3_000,
  // The path was cut: it may be back at once.
  idle_timeout: 1_000,
  // The peer's process died; it needs a moment to start again.
  stateless_reset: 5_000,
  graceful: 3_000,
  // The session is only being renewed.
  cert_rotation: 1_000,
  cert_expired: 3_000,
  // Both dialled and each kept the other session, as happens with nodes that choose by another rule
  // than ours. They come back after 3 s and the rest of a second: two dials that crossed then, too,
  // would end each other for ever.
  duplicate: 5_000,
  // They do not want us. Asking stays possible, for they may have been told wrong.
  revoked: UNREACHABLE_PAUSE_MS,
};

/** Milliseconds to wait after `attempts` failures within a stage. */
export function backoffMs(attempts: number): number {
  assert(Number.isInteger(attempts) && attempts >= 0, "failures are counted from zero");
  if (attempts === 0) return BACKOFF_FIRST_MS;
  return Math.min(BACKOFF_BASE_MS * 2 ** (attempts - 1), BACKOFF_MAX_MS);
}
