// What a running process holds of its machine, as Linux tells it: for the check that a daemon which
// has nothing to do any more holds no more than when it came up.

/** What is counted. */
export interface Held {
  /** Open descriptors, without TCP sockets that listen: forwards are to stay. */
  readonly descriptors: number;
  /** Threads of the engine. */
  readonly engineThreads: number;
  /** What the descriptors lead to, for a failure's report. */
  readonly targets: readonly string[];
}

/** The engine's thread, by its name. */
const ENGINE_THREAD = "pollen-quic";
/** `TCP_LISTEN` in /proc/net/tcp. */
const LISTENING = "0A";

/** What the process holds now; null where the system does not say, or it has ended. */
export function heldBy(pid: number): Held | null {
  try {
    const listeners = listeningSockets(pid);
    const targets = [...Deno.readDirSync(`/proc/${pid}/fd`)]
      .map(({ name }) => targetOf(`/proc/${pid}/fd/${name}`))
      .filter((target) => target !== null && !listeners.has(target)) as string[];
    const engineThreads = [...Deno.readDirSync(`/proc/${pid}/task`)]
      .filter(({ name }) => commOf(`/proc/${pid}/task/${name}/comm`) === ENGINE_THREAD).length;
    return { descriptors: targets.length, engineThreads, targets: targets.sort() };
  } catch {
    return null;
  }
}

/** TCP connections that the process has open; none where the system does not say, or it has ended. */
export function connectionsOf(pid: number): string[] {
  try {
    const open = new Set(
      tcpSockets(pid).filter(({ state }) => state !== LISTENING)
        .map(({ name }) => name),
    );
    return [...Deno.readDirSync(`/proc/${pid}/fd`)]
      .map(({ name }) => targetOf(`/proc/${pid}/fd/${name}`))
      .filter((target) => target !== null && open.has(target)) as string[];
  } catch {
    return [];
  }
}

function listeningSockets(pid: number): Set<string> {
  const listening = tcpSockets(pid).filter(({ state }) => state === LISTENING);
  return new Set(listening.map(({ name }) => name));
}

/** Those of the process's network namespace, named as descriptors name them. */
function tcpSockets(pid: number): { name: string; state: string }[] {
  const lines = ["tcp", "tcp6"].flatMap((name) =>
    Deno.readTextFileSync(`/proc/${pid}/net/${name}`).trim().split("\n").slice(1)
  );
  return lines.map((line) => line.trim().split(/\s+/))
    .map((columns) => ({ name: `socket:[${columns[9]}]`, state: columns[3]! }));
}

function targetOf(path: string): string | null {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return null; // It was closed in this very moment.
  }
}

function commOf(path: string): string {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return "";
  }
}
