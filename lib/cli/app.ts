// The daemon's side of the program, loaded only by the commands that run it or enrol: everything
// else stays quick.

/** Loads the composition root. */
export function loadApp(): Promise<typeof import("../app/mod.ts")> {
  return import("../app/mod.ts");
}
