// How verification says no: one code, a sentence that names the object and the check, and, where
// time was the reason, whether the object is too old or too new.

import {
  CLOCK_SKEW_SECONDS,
  type ErrorOptions,
  PollenError,
  unixSeconds,
  type WallMs,
} from "../types/mod.ts";

/** The furthest moment that a date can name, in seconds since 1970 (ECMA-262, section 21.4.1.1). */
const DATE_SECONDS_MAX = 8_640_000_000_000n;

/** A refusal: `unauthenticated`, the message closed with a full stop. */
export function refusal(message: string, options: ErrorOptions = {}): PollenError {
  return new PollenError("unauthenticated", `${message}.`, options);
}

/**
 * Runs a nested check and names the object it is part of: "membership cert issuer invalid: …".
 *
 * @throws {PollenError} what the check throws, its message prefixed.
 */
export function within(prefix: string, check: () => void): void {
  try {
    check();
  } catch (thrown) {
    if (!(thrown instanceof PollenError)) throw thrown;
    throw new PollenError(thrown.code, `${prefix}: ${thrown.message}`, {
      cause: thrown,
      details: thrown.details,
      ...(thrown.fix === undefined ? {} : { fix: thrown.fix }),
    });
  }
}

/** From when to when something is valid, in seconds since 1970. */
export interface Window {
  readonly fromUnix: bigint;
  readonly untilUnix: bigint;
}

/**
 * Checks that `now` lies in the window, give or take 60 s of difference between clocks.
 *
 * @param message What to say otherwise, without full stop.
 * @param remedy What to do when it has expired.
 * @throws {PollenError} `unauthenticated`; `details.reason` is `expired` or `not_yet_valid`, the latter
 *   with `details.validFromUnix`.
 */
export function checkWindow(window: Window, now: WallMs, message: string, remedy: string): void {
  const nowUnix = unixSeconds(now);
  const skew = BigInt(CLOCK_SKEW_SECONDS);
  if (nowUnix > window.untilUnix + skew) {
    throw refusal(`${message}. It expired at ${formatUnix(window.untilUnix)}`, {
      fix: remedy,
      details: { reason: "expired" },
    });
  }
  if (nowUnix < window.fromUnix - skew) {
    throw refusal(`${message}. It is not valid before ${formatUnix(window.fromUnix)}`, {
      fix: "Compare this machine's clock with that of the machine that issued it.",
      details: { reason: "not_yet_valid", validFromUnix: Number(window.fromUnix) },
    });
  }
}

/** Whether a certificate that ends at `notAfterUnix` has expired, give or take 60 s. */
export function isCertExpiredAt(notAfterUnix: bigint, now: WallMs): boolean {
  return unixSeconds(now) > notAfterUnix + BigInt(CLOCK_SKEW_SECONDS);
}

/** The moment as people read it; far ones, which no date can name, as seconds. */
export function formatUnix(seconds: bigint): string {
  if (seconds > DATE_SECONDS_MAX || seconds < -DATE_SECONDS_MAX) return `${seconds} s after 1970`;
  return new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z");
}
