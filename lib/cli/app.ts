// The daemon's side of the program, loaded only by the commands that run it or enrol: everything
// else stays quick.

type App = typeof import("../app/mod.ts");

/** Loads the composition root. */
export function loadApp(): Promise<App> {
  // The cast, as in the table of commands, keeps Deno from reading all of it when it starts.
  return import("../app/mod.ts" as string) as Promise<App>;
}
