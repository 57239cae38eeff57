// Bytes through a tunnel between two nodes of the lab: a server beside the one, a client beside the
// other, each a process at its site.

import { pollenOk } from "../../../scripts/support/pollen_process.ts";
import { connectService } from "../../e2e/support/network.ts";
import { patternHash } from "../../e2e/support/tcp.ts";
import type { LabNode } from "./nodes.ts";
import { end, run, said, start } from "./programs.ts";

/** A service of one node, and the local port at the other that leads to it. */
export class Transfer implements AsyncDisposable {
  readonly #server: Deno.ChildProcess;

  private constructor(
    server: Deno.ChildProcess,
    readonly client: LabNode,
    readonly localPort: number,
    readonly bytes: number,
  ) {
    this.#server = server;
  }

  /** Serves so many bytes at the one and connects the other with it. */
  static async open(provider: LabNode, client: LabNode, bytes: number): Promise<Transfer> {
    const { server, name } = await serve(provider, bytes);
    try {
      return new Transfer(server, client, await connectService(client.place, name), bytes);
    } catch (thrown) {
      await end(server);
      throw thrown;
    }
  }

  /**
   * Takes all bytes through one connection; fails unless they are those that were sent.
   *
   * @returns Megabytes per second.
   */
  async run(): Promise<number> {
    const got = await run(this.client, "sink", this.localPort);
    const wanted = `${patternHash(this.bytes)} ${this.bytes}`;
    const [hash, length, milliseconds] = got.split(" ");
    if (`${hash} ${length}` !== wanted) throw new Error(`got ${got}, not ${wanted}`);
    return this.bytes / 1_000 / Number(milliseconds);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#server);
  }
}

/** Offers so many bytes as a service of the node. */
export async function serve(provider: LabNode, bytes: number) {
  const server = start(provider, "source", bytes);
  const port = await said(server);
  const name = `bytes-${port}`;
  await pollenOk(provider.place, ["serve", port, name]);
  return { server, name };
}
