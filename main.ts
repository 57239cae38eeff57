// The program `pollen`: words in, exit code out. The first SIGINT or SIGTERM asks the command to
// end, the second ends the process.

import { run, systemIo } from "./lib/cli/mod.ts";

const INTERRUPTED = 130;
const controller = new AbortController();

function interrupt(): void {
  if (controller.signal.aborted) Deno.exit(INTERRUPTED);
  controller.abort();
}

if (import.meta.main) {
  Deno.addSignalListener("SIGINT", interrupt);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", interrupt);
  Deno.exit(await run(Deno.args, systemIo(controller.signal)));
}
