// Waiting for what no event tells.

/** The longest that is waited by default: what takes longer on a busy machine has failed. */
export const UNTIL_TIMEOUT_MS = 30_000;

/** Asks again and again until the answer is not null; fails at the deadline. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null>,
  timeoutMs = UNTIL_TIMEOUT_MS,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = 20;; pauseMs = Math.min(pauseMs * 1.5, 250)) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
