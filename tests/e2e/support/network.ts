// Two nodes of one network as separate processes, joined by a real invite.

import {
  Daemon,
  type Place,
  pollen,
  pollenOk,
  TemporaryFolder,
  until,
} from "../../../scripts/support/pollen_process.ts";

/** What `pollen status --json` says, as far as tests look. */
export interface Status {
  readonly self: { readonly key: string };
  readonly peers: readonly { readonly key: string; readonly status: string }[];
  readonly services: readonly {
    readonly name: string;
    readonly port: number;
    readonly provider: string;
  }[];
  readonly forwards: readonly {
    readonly localPort: number;
    readonly remotePort: number;
    readonly lastFailure: string | null;
  }[];
}

/** The daemons of tests stay on this machine and take any free port. */
export const LOCAL = ["--port", "0", "--ips", "127.0.0.1"] as const;

export async function status(place: Place): Promise<Status> {
  return JSON.parse(await pollenOk(place, ["status", "--json"]));
}

/** A root node that runs, and its folder. */
export async function startRoot(folder: TemporaryFolder, name: string): Promise<Daemon> {
  const place = { dir: await folder.folder(name) };
  await pollenOk(place, ["init"]);
  return await Daemon.up(place, LOCAL);
}

/** A second node, joined by an invite of the root, running and connected with it. */
export async function startMember(
  folder: TemporaryFolder,
  name: string,
  root: Daemon,
): Promise<Daemon> {
  const place = { dir: await folder.folder(name) };
  const token = await pollenOk(root.place, ["invite"]);
  await pollenOk(place, ["join", token]);
  const daemon = await Daemon.up(place, LOCAL);
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

  static async start(): Promise<Pair> {
    const folder = await TemporaryFolder.make();
    const root = await startRoot(folder, "a");
    return new Pair(folder, root, await startMember(folder, "b", root));
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

/** Runs `pollen connect` as soon as the service is known there; the local port. */
export async function connectService(place: Place, name: string): Promise<number> {
  await until(`${name} is known`, async () => {
    const { services } = await status(place);
    return services.some((service) => service.name === name) ? true : null;
  });
  const { code, stdout, stderr } = await pollen(place, ["connect", name]);
  const port = /127\.0\.0\.1:(\d+)/.exec(stdout)?.[1];
  if (code !== 0 || port === undefined) {
    throw new Error(`connect ended with ${code}: ${stderr}${stdout}`);
  }
  return Number(port);
}
