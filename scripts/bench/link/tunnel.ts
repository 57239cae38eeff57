// Two real nodes at the ends of the link, with a tunnel between two ends of iperf3, and iperf3 beside
// it over plain TCP.

import type { Congestion } from "../../../lib/types/mod.ts";
import { join } from "../../paths.ts";
import type { LinkedHosts } from "../../support/link.ts";
import {
  Daemon,
  type Place,
  pollenOk,
  TemporaryFolder,
  until,
} from "../../support/pollen_process.ts";
import { IperfServer } from "../transport/iperf.ts";

export class Tunnel implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #hosts: LinkedHosts;
  /** At the end of the tunnel, and beside it. */
  readonly #servers: readonly [IperfServer, IperfServer];
  readonly #port: number;

  private constructor(
    stack: AsyncDisposableStack,
    hosts: LinkedHosts,
    servers: readonly [IperfServer, IperfServer],
    port: number,
  ) {
    this.#stack = stack;
    this.#hosts = hosts;
    this.#servers = servers;
    this.#port = port;
  }

  /** Starts everything; the link must not lose anything meanwhile. */
  static async open(hosts: LinkedHosts, congestion: Congestion): Promise<Tunnel> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await TemporaryFolder.make());
    const place = async (name: "left" | "right"): Promise<Place> => {
      const dir = await folder.folder(name);
      await Deno.writeTextFile(join(dir, "config.yaml"), `congestion: ${congestion}\n`);
      return { dir, prefix: hosts[name].prefix };
    };
    const [leftPlace, rightPlace] = [await place("left"), await place("right")];
    await pollenOk(leftPlace, ["init"]);
    stack.use(await Daemon.up(leftPlace));
    await pollenOk(rightPlace, ["join", "--no-start", await pollenOk(leftPlace, ["invite"])]);
    const right = stack.use(await Daemon.up(rightPlace));
    await right.waitForLog(/peer connected/);
    const servers = [
      stack.use(await IperfServer.start(hosts.right)),
      stack.use(await IperfServer.start(hosts.right)),
    ] as const;
    const service = String(servers[0].port);
    await pollenOk(rightPlace, ["serve", service]);
    const said = await until("the service is known", async () => {
      const { services } = JSON.parse(await pollenOk(leftPlace, ["status", "--json"]));
      const isKnown = services.some(({ name }: { name: string }) => name === service);
      return isKnown ? await pollenOk(leftPlace, ["connect", service]) : null;
    });
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(said)![1]);
    return new Tunnel(stack.move(), hosts, servers, port);
  }

  /** What one connection through the tunnel moves from left to right, Mbit/s of its own bytes. */
  mbit(seconds: number): Promise<number> {
    return this.#measure(this.#servers[0], { ip: "127.0.0.1", port: this.#port }, { seconds });
  }

  /** The same of plain TCP, with the congestion control of that name. */
  plainMbit(seconds: number, congestion: string): Promise<number> {
    const [, server] = this.#servers;
    const target = { ip: this.#hosts.right.ip, port: server.port };
    return this.#measure(server, target, { seconds, congestion });
  }

  async #measure(
    server: IperfServer,
    target: { readonly ip: string; readonly port: number },
    load: { readonly seconds: number; readonly congestion?: string },
  ): Promise<number> {
    return 8 * await server.measure(this.#hosts.left, target, { streams: 1, ...load });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
