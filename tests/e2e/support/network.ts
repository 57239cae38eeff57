// Two nodes of one network as separate processes, joined by a real invite.

import {
  Daemon,
  type Place,
  pollenOk,
  TemporaryFolder,
  until,
} from "../../../scripts/support/pollen_process.ts";

/** What `pollen status --json` says, as far as tests look. */
export interface Status {
  readonly self: { readonly key: string; readonly address: string };
  readonly peers: readonly { readonly key: string; readonly status: string }[];
  readonly services: readonly {
    readonly name: string;
    readonly port: number;
    readonly transport: string;
    readonly provider: string;
  }[];
  readonly forwards: readonly {
    readonly localPort: number;
    readonly remotePort: number;
    readonly transport: string;
    readonly droppedPackets: number;
    readonly lastFailure: string | null;
  }[];
  readonly certificates: readonly { readonly notAfter: string; readonly isRenewable: boolean }[];
  readonly conditions: readonly { readonly kind: string }[];
  readonly socket: { readonly faults: Readonly<Record<string, number>> };
}

/** The daemons of tests stay on this machine and take any free port. */
export const LOCAL = ["--port", "0", "--ips", "127.0.0.1"] as const;

export async function status(place: Place): Promise<Status> {
  return JSON.parse(await pollenOk(place, ["status", "--json"]));
}

/** The same on the port that a node keeps across restarts. */
export const LOCAL_KEPT_PORT = ["--ips", "127.0.0.1"] as const;

/** A root node that runs, and its folder. */
export async function startRoot(
  folder: TemporaryFolder,
  name: string,
  args: readonly string[] = LOCAL,
  env: Readonly<Record<string, string>> = {},
): Promise<Daemon> {
  const place = { dir: await folder.folder(name), env };
  await pollenOk(place, ["init"]);
  return await Daemon.up(place, args);
}

/** A second node, joined by an invite of the root, running and connected with it. */
export async function startMember(
  folder: TemporaryFolder,
  name: string,
  root: Daemon,
  args: readonly string[] = LOCAL,
): Promise<Daemon> {
  const place = { dir: await folder.folder(name) };
  const token = await pollenOk(root.place, ["invite"]);
  await pollenOk(place, ["join", "--no-start", token]);
  const daemon = await Daemon.up(place, args);
  await daemon.waitForLog(/peer connected/);
  return daemon;
}

/** Two connected nodes. */
export class Pair implements AsyncDisposable {
  private constructor(
    readonly folder: TemporaryFolder,
    readonly root: Daemon,
    readonly member: Daemon,
  ) {}

  static async start(args: readonly string[] = LOCAL): Promise<Pair> {
    const folder = await TemporaryFolder.make();
    const root = await startRoot(folder, "a", args);
    return new Pair(folder, root, await startMember(folder, "b", root, args));
  }

  /** Offers a port on the member and opens it on the root; the root's local port. */
  async tunnel(port: number, name: string): Promise<number> {
    await pollenOk(this.member.place, ["serve", String(port), name]);
    return await connectService(this.root.place, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.member[Symbol.asyncDispose]();
    await this.root[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

/** Runs `pollen connect` as soon as the service is known there, with a local port of its own; that port. */
export async function connectService(place: Place, name: string): Promise<number> {
  await until(`${name} is known`, async () => {
    const { services } = await status(place);
    return services.some((service) => service.name === name) ? true : null;
  });
  const port = freePort();
  await pollenOk(place, ["connect", name, "--local-port", String(port)]);
  return port;
}

/** A TCP port that was free a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
