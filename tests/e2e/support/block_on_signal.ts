// Preloaded into a daemon: on SIGUSR2 its JavaScript thread does nothing at all until the file `go`
// is in its working folder. It says `blocked` before, and `gave up` if nobody came.

/** Longer than any test waits, so that a daemon that gave up is a test that failed. */
const GIVE_UP_MS = 120_000;
/** How often it looks for the file. */
const LOOK_MS = 5;

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

Deno.addSignalListener("SIGUSR2", () => {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const deadline = performance.now() + GIVE_UP_MS;
  Deno.writeTextFileSync("blocked", "");
  while (!exists("go")) {
    if (performance.now() > deadline) return Deno.writeTextFileSync("gave up", "");
    Atomics.wait(cell, 0, 0, LOOK_MS);
  }
});
