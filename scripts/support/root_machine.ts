// Where tests and measurements run that need root on Linux and programs of the system. A Debian machine
// of root's can have all of them: there a missing one is a failure, elsewhere a reason to leave it.

const IS_ROOT = Deno.build.os === "linux" && Deno.uid() === 0;

/** Whether nothing may be left out here for want of a program. */
export const MAY_LACK_NOTHING: boolean = IS_ROOT && exists("/etc/debian_version");

/** Whether what needs these files of the system runs here, or fails for want of them. */
export function runsHere(paths: readonly string[]): boolean {
  return MAY_LACK_NOTHING || (IS_ROOT && paths.every(exists));
}

/** Whether there is a file or folder of that name. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
