// Ends a process, as a loss of power would, right before one of the calls with which it changes the
// disk. Put into a process of its own, which counts them: whatever order they come in, each has its turn.

/** From now on this process ends before its `count`th change. Self-contained: its text is put elsewhere. */
export function killAtCall(count: number): void {
  const calls = ["open", "remove", "link", "rename", "chmod", "mkdir", "writeFile", "truncate"];
  // deno-lint-ignore no-explicit-any
  const namespace = Deno as any;
  let left = count;
  for (const name of calls.flatMap((call) => [call, `${call}Sync`])) {
    const real = namespace[name];
    namespace[name] = (...args: unknown[]) => {
      left--;
      if (left === 0) Deno.kill(Deno.pid, "SIGKILL");
      return real(...args);
    };
  }
}
