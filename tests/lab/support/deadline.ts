// An end to waiting for what may never come, so that the lab is bounded in time.

/**
 * What the work comes to. Fails when it takes longer.
 *
 * @param giveUp Ends the work then.
 */
export async function within<T>(
  milliseconds: number,
  what: string,
  work: Promise<T>,
  giveUp: () => void,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`not in time: ${what}`));
      giveUp();
    }, milliseconds);
  });
  try {
    return await Promise.race([work, overdue]);
  } finally {
    clearTimeout(timer);
  }
}
