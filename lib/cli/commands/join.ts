// `pollen join`: makes this machine a member of the network a token comes from.

import { printable } from "../text.ts";
import { loadApp } from "../app.ts";
import type { Run } from "../command.ts";
import { demandStopped } from "../daemon.ts";

/** Enrols, and says what comes next. */
export const join: Run = async (context) => {
  const [argument = "-"] = context.args.positionals;
  const dir = await context.stateDirectory();
  await demandStopped(dir);
  const token = argument === "-" ? await context.readInput() : argument;
  const { joinNetwork } = await loadApp();
  const joined = await joinNetwork({ dir, token: token.trim(), signal: context.signal });
  const { clusterId, peerKey, bootstrapPeers } = joined;
  return {
    text: `joined the network ${printable(clusterId)}\nkey: ${peerKey}`,
    json: { clusterId, key: peerKey, bootstrapPeers },
    notes: ["Next: pollen up"],
  };
};
