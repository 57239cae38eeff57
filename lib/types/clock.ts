// Time and chance as arguments. Decisions take a moment as a value; only drivers hold a Clock.
// Two kinds of moment that cannot be mixed up: monotonic time drives timers and never jumps, wall
// clock time is for the validity of certificates and for people.

declare const monotonic: unique symbol;
declare const wall: unique symbol;

/** Milliseconds since an arbitrary start; never goes back. */
export type MonotonicMs = number & { readonly [monotonic]: true };

/** Milliseconds since 1970-01-01T00:00:00Z by this machine's clock, which may be wrong and may jump. */
export type WallMs = number & { readonly [wall]: true };

/** The moment `deltaMs` later (earlier when negative). */
export function addMs(moment: MonotonicMs, deltaMs: number): MonotonicMs {
  return moment + deltaMs as MonotonicMs;
}

/** Whole seconds since 1970, as signed objects carry them. */
export function unixSeconds(moment: WallMs): bigint {
  return BigInt(Math.floor(moment / 1000));
}

/** Where a driver gets its time from. */
export interface Clock {
  /** The moment for timers and deadlines. */
  monotonicNow(): MonotonicMs;
  /** The moment for certificates, and for people. */
  wallNow(): WallMs;
  /** Calls back once, not before `delayMs` milliseconds have gone by. The result takes the timer back; idempotent. */
  setTimer(delayMs: number, callback: () => void): () => void;
}

/** Where a driver gets its chance from. */
export interface Random {
  /** `length` bytes fit for keys and nonces. */
  bytes(length: number): Uint8Array<ArrayBuffer>;
  /** A number in [0, 1), for jitter. */
  uniform(): number;
}
