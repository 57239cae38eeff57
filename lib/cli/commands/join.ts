// `pollen join`: makes this machine a member of the network a token comes from, and leaves its node
// running, so that the next command can be `pollen serve`.

import { clusterIdHex, decodeToken, readKeyInventory } from "../../auth/mod.ts";
import { systemDisk } from "../../host/mod.ts";
import { probeSocket, socketPathOf } from "../../server/mod.ts";
import { PollenError } from "../../types/mod.ts";
import { loadApp } from "../app.ts";
import { type BackgroundNode, bootNotes, startInBackground } from "../background.ts";
import type { Context, Run } from "../command.ts";
import { stopDaemon } from "../daemon.ts";
import { isManaged } from "../managed.ts";
import { whileStopped } from "../state_files.ts";
import { printable } from "../text.ts";

/** Enrols, starts the node unless it runs or is not to, and says what comes next. */
export const join: Run = async (context) => {
  const { args, signal } = context;
  const [argument = "-"] = args.positionals;
  const dir = await context.stateDirectory();
  const mayLeave = args.has("switch");
  const token = (argument === "-" ? await context.readInput() : argument).trim();
  await demandRootStays(dir, token);
  const { joinNetwork } = await loadApp();
  const whileAlone = (step: () => Promise<void>) => runAlone(context, dir, step);
  const options = { dir, token, signal, ...(mayLeave ? { whileAlone } : {}) };
  const { clusterId, peerKey, bootstrapPeers } = await joinNetwork(options).catch(withSwitchHint);

  const start = await startNode(context, dir, clusterId);
  return {
    text: [`joined the network ${printable(clusterId)}`, `key: ${peerKey}`, stateOf(start)]
      .filter((line) => line !== "").join("\n"),
    json: {
      clusterId,
      key: peerKey,
      bootstrapPeers,
      isRunning: start.kind === "running" || start.kind === "started",
      node: start.kind === "started" ? start.node : null,
    },
    notes: notesOf(start, dir),
  };
};

/** What became of the node once the network was joined. */
type Start =
  | { readonly kind: "running" | "left" | "managed" }
  | { readonly kind: "started"; readonly node: BackgroundNode };

/** Leaves the node running, unless it is somebody else's to start or is not to be started. */
async function startNode({ args, signal }: Context, dir: string, network: string): Promise<Start> {
  if (await probeSocket(socketPathOf(dir)) === "live") return { kind: "running" };
  if (args.has("no-start")) return { kind: "left" };
  if (isManaged(dir)) return { kind: "managed" };
  try {
    return { kind: "started", node: await startInBackground(dir, [], signal) };
  } catch (thrown) {
    throw notStarted(thrown, network);
  }
}

/** A network would be left without the one who can invite and revoke. */
async function demandRootStays(dir: string, token: string): Promise<void> {
  const { rootClusterId, rootKey } = await readKeyInventory(systemDisk, dir);
  const clusterId = clusterIdHex(decodeToken(token).token.claims!.trust!);
  if (rootKey.length === 0 || rootClusterId === clusterId) return;
  const own = rootClusterId === null ? "a network" : `the network ${rootClusterId}`;
  throw new PollenError(
    "failed_precondition",
    `This state folder holds the root key of ${own}, and the token is of ${clusterId}.`,
    {
      fix: "A root stays in its network. To be in the other one as well, join with: --dir FOLDER",
    },
  );
}

/** Stops the node if it runs, and lets none start meanwhile. */
async function runAlone(context: Context, dir: string, step: () => Promise<void>): Promise<void> {
  if (await probeSocket(socketPathOf(dir)) === "live") await stopDaemon(dir, context.signal);
  await whileStopped(dir, step);
}

function withSwitchHint(thrown: unknown): never {
  if (thrown instanceof PollenError && thrown.details["tokenClusterId"] !== undefined) {
    throw new PollenError(thrown.code, thrown.message, {
      fix:
        "To leave the one for the other, add --switch. To be in both, name another folder with --dir.",
      cause: thrown,
      details: thrown.details,
    });
  }
  throw thrown;
}

function notStarted(thrown: unknown, clusterId: string): unknown {
  if (!(thrown instanceof PollenError)) return thrown;
  const text = `The network ${clusterId} is joined, but the node does not start. ${thrown.message}`;
  return new PollenError(thrown.code, text, {
    fix: `${thrown.fix ?? ""} Start it with: pollen up -d`.trim(),
    cause: thrown,
  });
}

function stateOf(start: Start): string {
  switch (start.kind) {
    case "started":
      return `running in the background on UDP port ${start.node.port}`;
    case "running":
      return "running already";
    case "managed":
      return "systemd starts it now";
    case "left":
      return "";
  }
}

function notesOf(start: Start, dir: string): string[] {
  switch (start.kind) {
    case "started":
      return [
        "Next: pollen serve <port>, or pollen status. Stop it with: pollen down",
        ...bootNotes(start.node, dir),
      ];
    case "running":
      return ["A new membership counts from the node's next start."];
    case "managed":
      return ["Next: pollen serve <port>, or pollen status. Its log: journalctl -u pollen"];
    case "left":
      return ["Next: pollen up -d"];
  }
}
