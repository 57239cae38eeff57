// What a running process holds of its machine, as Linux tells it: for the check that one which has
// nothing to do any more holds no more than when it came up (rest.ts).

/** What is counted. */
export interface Held {
  /**
   * Open descriptors, without TCP sockets that listen (forwards are to stay) and connections that
   * were made to those and that their other end keeps open: browsers and libraries do so for a while.
   */
  readonly descriptors: number;
  /** Threads of the engine. */
  readonly engineThreads: number;
  /** What the descriptors lead to, for a failure's report. */
  readonly targets: readonly string[];
}

/** The engine's thread, by its name. */
const ENGINE_THREAD = "pollen-quic";
/** `TCP_LISTEN` and `TCP_ESTABLISHED` in /proc/net/tcp. */
const LISTENING = "0A";
const ESTABLISHED = "01";

/** One line of /proc/net/tcp. */
interface TcpSocket {
  /** As descriptors name it. */
  readonly name: string;
  readonly state: string;
  /** Its own port, hexadecimal. */
  readonly port: string;
}

/** What the process holds now; null where the system does not say, or it has ended. */
export function heldBy(pid: number): Held | null {
  try {
    const ofOthers = socketsOfOthers(pid);
    const targets = [...Deno.readDirSync(`/proc/${pid}/fd`)]
      .map(({ name }) => targetOf(`/proc/${pid}/fd/${name}`))
      .filter((target) => target !== null && !ofOthers.has(target)) as string[];
    const engineThreads = [...Deno.readDirSync(`/proc/${pid}/task`)]
      .filter(({ name }) => commOf(`/proc/${pid}/task/${name}/comm`) === ENGINE_THREAD).length;
    return { descriptors: targets.length, engineThreads, targets: targets.sort() };
  } catch {
    return null;
  }
}

function socketsOfOthers(pid: number): Set<string> {
  const sockets = tcpSockets(pid);
  const isListening = ({ state }: TcpSocket) => state === LISTENING;
  const doors = new Set(sockets.filter(isListening).map(({ port }) => port));
  const isKept = ({ state, port }: TcpSocket) => state === ESTABLISHED && doors.has(port);
  return new Set(
    sockets.filter((socket) => isListening(socket) || isKept(socket)).map(({ name }) => name),
  );
}

/** Those of the process's network namespace, named as descriptors name them. */
function tcpSockets(pid: number): TcpSocket[] {
  const lines = ["tcp", "tcp6"].flatMap((name) =>
    Deno.readTextFileSync(`/proc/${pid}/net/${name}`).trim().split("\n").slice(1)
  );
  return lines.map((line) => line.trim().split(/\s+/))
    .map((columns) => ({
      name: `socket:[${columns[9]}]`,
      state: columns[3]!,
      port: columns[1]!.split(":").at(-1)!,
    }));
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
