// `pollen down`: stops the daemon and waits until it has gone.

import { socketPathOf } from "../../server/mod.ts";
import type { Run } from "../command.ts";
import { stopDaemon } from "../daemon.ts";

/** Returns only when nothing answers at the control socket any more. */
export const down: Run = async (context) => {
  await stopDaemon(socketPathOf(await context.stateDirectory()), context.signal);
  return { text: "node stopped", json: { stopped: true } };
};
