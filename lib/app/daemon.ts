// A running daemon: the node of a state folder, the process's log under it and the control socket
// beside it. Whatever was opened is closed in reverse order, also when opening something later fails.

import { isAbsolute } from "node:path";
import { LogFile, systemClock } from "../host/mod.ts";
import type { AgentEntry } from "../proto/mod.ts";
import { GrpcServer, socketPathOf } from "../server/mod.ts";
import { PollenError } from "../types/mod.ts";
import { ConditionLog } from "./condition_log.ts";
import { openLog } from "./log.ts";
import { MachinePage } from "./machine_page.ts";
import { openNode } from "./node.ts";
import { RegistryBeside, type RegistryBesideOptions } from "./registry_beside.ts";
import { RegistryNetwork } from "./registry_network.ts";
import { clusterPagesOf, tellOfNoAgents } from "./cluster_pages.ts";

/** Where a daemon keeps its state, and when it ends. */
export interface DaemonOptions {
  /** The state folder, absolute. */
  readonly dir: string;
  /**
   * The UDP port; 0 lets the operating system choose. Without it: the one it had last, 60611, or any
   * free one, in this order.
   */
  readonly port?: number;
  /** The addresses to tell others instead of those of this machine's interfaces. */
  readonly ips?: readonly string[];
  /** `host:port` at which others reach this node besides. */
  readonly advertise?: readonly string[];
  /** Whether the router is asked for a port. Default: as `config.yaml` says. */
  readonly portMapping?: boolean;
  /** Whether packets are carried for others. Default: as `config.yaml` says. */
  readonly relay?: boolean;
  /** What is carried for each member in each direction, in megabytes per second. Default: as `config.yaml` says. */
  readonly relayLimit?: number;
  /** The file that takes the log, absolute; without it standard error does. */
  readonly logPath?: string;
  /** Whether and where a registry is served beside the node. Default: none. */
  readonly registry?: RegistryBesideOptions;
  /** Ends the daemon. */
  readonly signal: AbortSignal;
  /** Called once it serves. */
  onReady(info: { readonly port: number; readonly socketPath: string }): void;
}

/**
 * Runs a daemon until it is told to stop, by the signal or by the Shutdown call.
 *
 * @throws {PollenError} `failed_precondition` when the node is in no network or runs already,
 *   `already_exists` when the UDP port is taken, and whatever the state folder lacks.
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  await using opened = new AsyncDisposableStack();
  const { dir, port, ips, advertise, portMapping, relay, relayLimit, logPath, signal } = options;
  const logFile = logPath === undefined ? null : opened.use(LogFile.open(logPath));
  const log = opened.use(openLog(Deno.env.get("POLLEN_LOG"), logFile));

  const shutdown = new AbortController();
  let registry: RegistryBeside | null = null;
  const own = opened.use(
    await openNode({
      dir,
      ...(port === undefined ? {} : { port }),
      ...(ips === undefined ? {} : { ips }),
      ...(advertise === undefined ? {} : { advertise }),
      ...(portMapping === undefined ? {} : { portMapping }),
      ...(relay === undefined ? {} : { relay }),
      ...(relayLimit === undefined ? {} : { relayLimit }),
      ...qlogOption(),
      log,
      shutdown: () => shutdown.abort(),
      otherConditions: () => registry?.conditions() ?? [],
    }),
  );
  const { node, service } = own;
  // The node has given the folder up before this socket goes: who waits for that may use it then.
  const socketPath = socketPathOf(dir);
  const server = opened.use(GrpcServer.create({ socketPath, service, log }));
  void server.start();
  if (await server.ready === "already_running") throw alreadyRunning();
  if (node.reachableAt.length === 0) {
    log.warn("this machine has no address that others can reach; give one with --ips");
  }
  opened.use(new ConditionLog(service.conditions, systemClock, log));
  void node.ready.then(() => options.onReady({ port: node.listenPort, socketPath }));
  const pages = clusterPagesOf(own.node, own.store);
  const publish = (entries: readonly AgentEntry[]) => pages.publish(0, entries);
  opened.use(new MachinePage({ publish, clock: systemClock, log }));
  if (options.registry === undefined) {
    opened.defer(tellOfNoAgents(pages));
  } else {
    const network = new RegistryNetwork(own);
    const deps = { dir, service, network, pages, log };
    registry = opened.use(new RegistryBeside(options.registry, deps));
  }
  await node.start(AbortSignal.any([signal, shutdown.signal]));
}

/** Names the folder for traces of sessions, for those who debug. */
const QLOG_VARIABLE = "POLLEN_QLOG";

function qlogOption(): { qlogDir?: string } {
  const qlogDir = Deno.env.get(QLOG_VARIABLE) ?? "";
  if (qlogDir === "") return {};
  if (isAbsolute(qlogDir)) return { qlogDir };
  throw new PollenError(
    "invalid_argument",
    `${QLOG_VARIABLE}=${qlogDir} is not an absolute path.`,
    {
      fix: `Give the whole path of a folder, or unset ${QLOG_VARIABLE}.`,
    },
  );
}

function alreadyRunning(): PollenError {
  return new PollenError(
    "failed_precondition",
    "A pollen daemon runs on this state folder already.",
    {
      fix: "Stop it with `pollen down`, or choose another folder with --dir.",
    },
  );
}
