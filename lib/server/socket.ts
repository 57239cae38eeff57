// The Unix socket file: where it lies, whether somebody answers at it, how a new one takes its
// place with the right mode, and how it goes. The invariant: the file is never visible under its
// own name with wider rights than it is to have, and only the socket we bound ourselves is removed.

import { PollenError } from "../types/mod.ts";

/** The socket's name in the state folder. */
const SOCKET_NAME = "pollen.sock";

/** Milliseconds for a live daemon to take a connection; one that does not is as good as gone. */
const PROBE_TIMEOUT_MS = 1_000;

/** Members of this group may use a daemon whose state folder belongs to it. */
const GROUP_NAME = "pollen";

const MODE_OWNER = 0o600;
const MODE_GROUP = 0o660;

/** The socket of the daemon that keeps its state in `dir`. */
export function socketPathOf(dir: string): string {
  return `${dir.replace(/\/+$/, "")}/${SOCKET_NAME}`;
}

/** The most bytes of a socket's path: `sun_path` without its final zero (unix(7), unix(4)). */
export function socketPathBytesMax(os: string): number {
  return os === "linux" ? 107 : 103;
}

/**
 * Demands a path that fits the operating system's limit.
 *
 * @throws {PollenError} `invalid_argument` when it does not.
 */
export function assertSocketPath(path: string, os: string = Deno.build.os): void {
  const bytes = new TextEncoder().encode(path).length;
  const bytesMax = socketPathBytesMax(os);
  if (bytes <= bytesMax) return;
  throw new PollenError(
    "invalid_argument",
    `The state folder's path is too long: "${path}" has ${bytes} bytes, and a socket's path may have ${bytesMax}.`,
    { fix: "Choose a shorter folder with --dir or POLLEN_DIR.", details: { bytes, bytesMax } },
  );
}

/** What is found at a socket's path. */
export type SocketState =
  /** Somebody takes connections. */
  | "live"
  /** There is no such file. */
  | "absent"
  /** There is a socket, and nobody behind it. */
  | "stale"
  /** There is something that is no socket. */
  | "foreign"
  /** This user may not connect to it. */
  | "forbidden";

/** Connects and hangs up, to see whether somebody is there. */
export async function probeSocket(path: string): Promise<SocketState> {
  try {
    if ((await Deno.lstat(path)).isSocket === false) return "foreign";
  } catch (thrown) {
    return thrown instanceof Deno.errors.PermissionDenied ? "forbidden" : "absent";
  }
  const attempt = Deno.connect({ transport: "unix", path }).then((connection): SocketState => {
    connection.close();
    return "live";
  }, (thrown: unknown): SocketState => {
    if (thrown instanceof Deno.errors.NotFound) return "absent";
    if (thrown instanceof Deno.errors.PermissionDenied) return "forbidden";
    return "stale";
  });
  const late = Promise.withResolvers<SocketState>();
  const timer = setTimeout(() => late.resolve("stale"), PROBE_TIMEOUT_MS);
  try {
    return await Promise.race([attempt, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A free path beside `path`, no longer than it, to bind before the socket is shown. Left behind
 * only by a process that dies between its bind and its rename.
 */
export function temporaryPathOf(path: string): string {
  const random = crypto.getRandomValues(new Uint8Array(3)).toHex();
  return `${path.slice(0, path.lastIndexOf("/"))}/.sk-${random}`;
}

/** Gives the bound socket its rights, then its name, over whatever has that name. Returns its identity. */
export async function publishSocket(bound: string, path: string): Promise<SocketIdentity> {
  const directory = await Deno.stat(path.slice(0, path.lastIndexOf("/")) || "/");
  const group = directory.gid;
  if (group !== null && groupName(await readGroups(), group) === GROUP_NAME) {
    // A process of that group needs no call for it, and services are often denied it.
    if ((await Deno.lstat(bound)).gid !== group) await Deno.chown(bound, null, group);
    await Deno.chmod(bound, MODE_GROUP);
  } else {
    await Deno.chmod(bound, MODE_OWNER);
  }
  const { dev, ino } = await Deno.lstat(bound);
  await Deno.rename(bound, path);
  return { dev, ino };
}

/** Which file it is, whatever its name. */
export interface SocketIdentity {
  readonly dev: number;
  readonly ino: number | null;
}

/** Removes the socket if it still is the one that was published. */
export async function removeSocket(path: string, identity: SocketIdentity): Promise<void> {
  try {
    const { dev, ino } = await Deno.lstat(path);
    if (dev === identity.dev && ino === identity.ino) await Deno.remove(path);
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
  }
}

/** The name of a group by its number, from the text of /etc/group. */
export function groupName(groups: string, gid: number): string | null {
  for (const line of groups.split("\n")) {
    const [name, , number] = line.split(":");
    if (name !== undefined && number !== undefined && Number(number) === gid) return name;
  }
  return null;
}

async function readGroups(): Promise<string> {
  try {
    return await Deno.readTextFile("/etc/group");
  } catch {
    return "";
  }
}
