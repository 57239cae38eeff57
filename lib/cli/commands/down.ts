// `pollen down`: stops the daemon and waits until it has gone.

import type { Run } from "../command.ts";
import { stopDaemon } from "../daemon.ts";

/** Returns only when the state folder is free. */
export const down: Run = async (context) => {
  await stopDaemon(await context.stateDirectory(), context.signal);
  return { text: "node stopped", json: { stopped: true } };
};
