// Doing something so many times a second, as evenly as timers of a millisecond allow.

/** At most so much is made up for at once after a pause: a flood that stood still is none that was faster. */
const BEHIND_MS_MAX = 50;

/**
 * @param act Gives false where it could not be done, because nobody takes it.
 * @returns How often it was done.
 */
export async function pace(
  perSecond: number,
  seconds: number,
  act: (index: number) => boolean,
): Promise<number> {
  let [done, due, index] = [0, 0, 0];
  const from = performance.now();
  for (let last = from; last < from + seconds * 1_000;) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const now = performance.now();
    due += Math.min(now - last, BEHIND_MS_MAX) * perSecond / 1_000;
    last = now;
    for (; due >= 1; due--) {
      if (act(index++)) done++;
    }
  }
  return done;
}
