// Which program of this machine listens on a TCP port, for a message to a person. Only Linux tells,
// and of other users' programs only to root.

/** The state of a listening socket in /proc/net/tcp (proc_net_tcp(5)). */
const LISTENING = "0A";

/** The program's name and process, as in `nginx (process 1234)`; null when it cannot be found out. */
export async function portOwner(port: number): Promise<string | null> {
  if (Deno.build.os !== "linux") return null;
  try {
    const inodes = (await Promise.all(["tcp", "tcp6"].map((table) => listening(table, port))))
      .flat();
    const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`));
    return sockets.size === 0 ? null : await holderOf(sockets);
  } catch {
    return null;
  }
}

/** The inodes of the sockets in a table of the kernel that listen on the port. */
async function listening(table: string, port: number): Promise<string[]> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const text = await Deno.readTextFile(`/proc/net/${table}`).catch(() => "");
  return text.split("\n").map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(wanted) && state === LISTENING)
    .map((fields) => fields[9]!);
}

async function holderOf(sockets: ReadonlySet<string>): Promise<string | null> {
  for await (const { name: process } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(process)) continue;
    try {
      for await (const { name } of Deno.readDir(`/proc/${process}/fd`)) {
        const target = await Deno.readLink(`/proc/${process}/fd/${name}`).catch(() => "");
        if (!sockets.has(target)) continue;
        const program = (await Deno.readTextFile(`/proc/${process}/comm`)).trim();
        return `${program} (process ${process})`;
      }
    } catch {
      // It has ended meanwhile, or is another user's.
    }
  }
  return null;
}
