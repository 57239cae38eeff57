// `pollen purge`: removes a network from this machine. The root key, which nothing brings back,
// goes only when its network is named.

import { type KeyInventory, readKeyInventory } from "../../auth/mod.ts";
import { systemDisk } from "../../host/mod.ts";
import { PollenError } from "../../types/mod.ts";
import type { Context, Outcome, Run } from "../command.ts";
import { demandStopped } from "../daemon.ts";
import { filesToPurge, removeFiles, whileNoRegistry, whileStopped } from "../state_files.ts";

/** Asks, unless told not to, and removes what it has named. */
export const purge: Run = async (context) => {
  const { args } = context;
  const dir = await context.stateDirectory();
  await demandStopped(dir);
  const inventory = await readKeyInventory(systemDisk, dir);
  const rootKey = wantsRootKey(args.value("delete-root-key"), inventory, dir);
  const names = await filesToPurge(dir, { identity: args.has("all"), rootKey });
  const kept = rootKey ? null : inventory;
  if (names.length > 0) {
    if (!args.has("yes")) await confirm(context, dir, names);
    await whileStopped(dir, () => whileNoRegistry(dir, () => removeFiles(dir, names)));
  }
  return outcomeOf(names, kept);
};

function wantsRootKey(
  clusterId: string | undefined,
  { rootClusterId, rootKey }: KeyInventory,
  dir: string,
): boolean {
  if (clusterId === undefined) return false;
  if (rootKey.length === 0) {
    throw new PollenError("not_found", `There is no root key in ${dir}.`, {
      fix: "Leave --delete-root-key out.",
    });
  }
  if (clusterId.toLowerCase() === rootClusterId) return true;
  const holds = rootClusterId === null
    ? "a root key that cannot be read"
    : `that of ${rootClusterId}`;
  throw new PollenError(
    "invalid_argument",
    `"${clusterId}" is not the network of the root key in ${dir}. It holds ${holds}.`,
    { fix: "Nothing was removed. Give the id that `pollen init` printed." },
  );
}

async function confirm(context: Context, dir: string, names: readonly string[]): Promise<void> {
  if (!context.isInteractive) {
    throw new PollenError("invalid_argument", "Nothing was removed. There is nobody to ask.", {
      fix: "Say it with --yes.",
    });
  }
  const list = names.map((name) => `  ${name}`).join("\n");
  const answer = await context.ask(`This removes from ${dir}:\n${list}\nType "yes" to go on: `);
  if (answer.trim().toLowerCase() === "yes") return;
  throw new PollenError("failed_precondition", "Nothing was removed. The answer was not yes.", {
    fix: 'Type "yes", or say it with --yes.',
  });
}

function outcomeOf(removed: readonly string[], kept: KeyInventory | null): Outcome {
  const isRootKeyKept = kept !== null && kept.rootKey.length > 0;
  const clusterId = isRootKeyKept ? kept.rootClusterId : null;
  const note = clusterId === null
    ? "The root key is kept."
    : `The root key of ${clusterId} is kept. Remove it with: --delete-root-key ${clusterId}`;
  return {
    text: removed.length === 0 ? "nothing to purge" : "local state purged",
    json: { removed, isRootKeyKept, rootClusterId: clusterId },
    notes: isRootKeyKept ? [note] : [],
  };
}
