// The files of a node in its state folder, for the commands that end its life in a network. The
// invariants: nobody runs on the folder meanwhile; a root key is touched only by its own name; a
// folder belongs to no network from the first file on that goes, because the trust goes first.

import { readKeyInventory } from "../auth/mod.ts";
import {
  AGENT_ID_FILE,
  LEFT_DIRECTORY,
  NETWORK_FILES,
  REGISTRY_FILES,
  REGISTRY_LOCK_FILE,
} from "../config/mod.ts";
import { removePath, systemDisk } from "../host/mod.ts";
import { socketPathOf } from "../server/mod.ts";
import { type DiskLock, PollenError } from "../types/mod.ts";
import { BACKGROUND_FILE } from "./background_note.ts";
import { demandStopped, lockFolder } from "./daemon.ts";

/** The log of a node in the background. */
const LOG_FILE = "pollen.log";
/** What is this machine's alone and worth nothing without a network. */
const MACHINE_FILES = ["udp_port", BACKGROUND_FILE, LOG_FILE, `${LOG_FILE}.1`, LEFT_DIRECTORY];
const LOCK_MODE = 0o600;

/** The log of the node in that folder, when it runs in the background. */
export function logPathOf(dir: string): string {
  return `${dir}/${LOG_FILE}`;
}

/**
 * Runs a step while no daemon runs on the folder, and none can start.
 *
 * @throws {PollenError} `failed_precondition` when one runs; what the step throws.
 */
export async function whileStopped<T>(dir: string, step: () => Promise<T>): Promise<T> {
  await demandStopped(dir);
  using lock = await lockFolder(dir);
  if (lock !== null) return await step();
  throw new PollenError("failed_precondition", `Another pollen works on ${dir}.`, {
    fix: "Stop it first with: pollen down",
  });
}

/** What `purge` is to take besides the cluster's state. */
export interface PurgeOptions {
  readonly identity: boolean;
  /** Whether the caller has named the network of the root key. */
  readonly rootKey: boolean;
}

/** Paths below the folder that a purge takes, in the order in which they go. */
export async function filesToPurge(dir: string, options: PurgeOptions): Promise<string[]> {
  const { membership, identity, rootKey } = await readKeyInventory(systemDisk, dir);
  const present = new Set(await systemDisk.list(dir));
  const others = [...NETWORK_FILES, ...MACHINE_FILES, ...REGISTRY_FILES, AGENT_ID_FILE]
    .map((name) => `${dir}/${name}`);
  const paths = [
    ...membership,
    ...[...others, socketPathOf(dir)].filter((path) => present.has(path.slice(dir.length + 1))),
    ...(options.identity ? identity : []),
    ...(options.rootKey ? rootKey : []),
  ];
  return paths.map((path) => path.slice(dir.length + 1));
}

/**
 * Runs a step while no registry works on the folder's nodes, one beside a daemon aside.
 *
 * @throws {PollenError} `failed_precondition` when one does; what the step throws.
 */
export async function whileNoRegistry<T>(dir: string, step: () => Promise<T>): Promise<T> {
  using lock = await lockRegistry(dir);
  if (lock !== null) return await step();
  throw new PollenError("failed_precondition", `A registry works on ${dir}.`, {
    fix: "Stop it first: it is a `pollen registry` that runs on its own.",
  });
}

/** The lock of the registry's nodes; null while one has it. Makes nothing where there are none. */
async function lockRegistry(dir: string): Promise<DiskLock | null> {
  if (!(await systemDisk.list(dir)).includes(REGISTRY_LOCK_FILE)) {
    return { release() {}, [Symbol.dispose]() {} };
  }
  return await systemDisk.tryLock(`${dir}/${REGISTRY_LOCK_FILE}`, LOCK_MODE);
}

/** Removes them. */
export async function removeFiles(dir: string, names: readonly string[]): Promise<void> {
  for (const name of names) await removePath(`${dir}/${name}`);
}
