// This machine's two clocks and its timers. Invariant: a timer never calls back early, however the
// runtime rounds, and not at all once it was taken back.

import { assert, type Clock, type MonotonicMs, type WallMs } from "../types/mod.ts";

/** The longest delay the runtime's own timers take, in milliseconds (2^31 − 1); longer ones are cut up. */
const RUNTIME_DELAY_MAX_MS = 2_147_483_647;

/** This machine's clocks. */
export const systemClock: Clock = {
  monotonicNow: () => performance.now() as MonotonicMs,
  wallNow: () => Date.now() as WallMs,
  setTimer(delayMs, callback) {
    assert(!Number.isNaN(delayMs), "a delay is a number");
    const dueAt = performance.now() + delayMs;
    let handle: ReturnType<typeof setTimeout>;
    const arm = () => {
      const leftMs = Math.max(0, Math.ceil(dueAt - performance.now()));
      handle = setTimeout(() => {
        if (performance.now() < dueAt) arm();
        else callback();
      }, Math.min(leftMs, RUNTIME_DELAY_MAX_MS));
    };
    arm();
    return () => clearTimeout(handle);
  },
};
