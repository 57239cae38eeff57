// Several candidates for one thing, the best first: each gets its turn when the one before it has
// failed, or was slow. The first that succeeds wins and the others are called off.

import { type Clock, PollenError, toPollenError } from "../types/mod.ts";

export interface TurnOptions<C, T> {
  /** At least one, the best first. */
  readonly candidates: readonly C[];
  /** Ends when the signal aborts. */
  attempt(candidate: C, signal: AbortSignal): Promise<T>;
  /** After this time the next one begins besides. */
  readonly pauseMs: number;
  readonly clock: Clock;
  /** Whether nobody else is to be tried after this. */
  isFinal(error: PollenError): boolean;
  /** Which of two failures is told. */
  moreTelling(a: PollenError | null, b: PollenError): PollenError;
  /** Ends them all. */
  readonly signal?: AbortSignal;
}

/**
 * What the first candidate that succeeds gives.
 *
 * @throws {PollenError} the final failure, or the most telling one once all have failed.
 */
export async function firstInTurn<C, T>(options: TurnOptions<C, T>): Promise<T> {
  const { candidates, attempt, pauseMs, clock, isFinal, moreTelling } = options;
  const result = Promise.withResolvers<T>();
  const over = new AbortController();
  const signal = options.signal === undefined
    ? over.signal
    : AbortSignal.any([options.signal, over.signal]);
  let begun = 0;
  let running = 0;
  let failure: PollenError | null = null;
  let stopTimer = () => {};

  const begin = () => {
    stopTimer();
    const candidate = candidates[begun];
    if (candidate === undefined || over.signal.aborted) return;
    begun++;
    running++;
    attempt(candidate, signal).then(result.resolve, (thrown) => failed(toPollenError(thrown)));
    if (begun < candidates.length) stopTimer = clock.setTimer(pauseMs, begin);
  };
  const failed = (error: PollenError) => {
    running--;
    failure = moreTelling(failure, error);
    if (isFinal(error)) result.reject(error);
    else if (begun < candidates.length) begin();
    else if (running === 0) result.reject(failure);
  };

  try {
    begin();
    return await result.promise;
  } finally {
    stopTimer();
    over.abort();
  }
}
