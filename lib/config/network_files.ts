// What a node knows of its network, besides what its keys directory holds: files that go when it
// leaves the network, by their names in the state folder.

import { CONFIG_FILE } from "./config.ts";
import { CONSUMED_INVITES_FILE } from "./consumed_invites.ts";

export const NETWORK_FILES: readonly string[] = [
  "state.yaml",
  CONFIG_FILE,
  CONSUMED_INVITES_FILE,
];

/** Where the files of networks lie that the node has left. */
export const LEFT_DIRECTORY = "left";
