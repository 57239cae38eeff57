// What a process takes of its machine, as Linux tells it.

/** Clock ticks per second in /proc (USER_HZ, which Linux fixes at 100 for user space). */
const TICKS_PER_SECOND = 100;
/** Between two looks at the memory, in milliseconds. */
const LOOK_MS = 100;

/** Processor time so far, all threads. */
export function cpuSeconds(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Memory that is resident now, in MiB. */
export function residentMib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]) / 1_024;
}

export interface Used {
  /** Processor seconds per second. */
  readonly cpu: number;
  /** The most that was resident, in MiB. */
  readonly peakMib: number;
}

/** What the process takes until the work is done. */
export async function usedDuring<T>(pid: number, work: () => Promise<T>): Promise<[T, Used]> {
  let peakMib = residentMib(pid);
  const look = setInterval(() => peakMib = Math.max(peakMib, residentMib(pid)), LOOK_MS);
  const [before, from] = [cpuSeconds(pid), performance.now()];
  try {
    const result = await work();
    const seconds = (performance.now() - from) / 1_000;
    return [result, { cpu: (cpuSeconds(pid) - before) / seconds, peakMib }];
  } finally {
    clearInterval(look);
  }
}
