// `pollen id`: this machine's key. It makes none: that is for `init` and `join`.

import { readIdentityPub } from "../../auth/mod.ts";
import { systemDisk } from "../../host/mod.ts";
import type { Run } from "../command.ts";

/** Prints the key in full. */
export const id: Run = async (context) => {
  const key = await readIdentityPub(systemDisk, await context.stateDirectory());
  return { text: key, json: { key } };
};
