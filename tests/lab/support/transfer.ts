// Bytes through a tunnel between two nodes of the lab: a server beside the one, a client beside the
// other, each a process at its site.

import { fromFileUrl } from "../../../scripts/paths.ts";
import { pollenOk } from "../../../scripts/support/pollen_process.ts";
import { connectService } from "../../e2e/support/network.ts";
import { patternHash } from "../../e2e/support/tcp.ts";
import type { LabNode } from "./nodes.ts";

const decoder = new TextDecoder();

/** Starts one of the programs beside this one at the node's site. */
function start({ site }: LabNode, program: "source" | "sink", argument: number) {
  const file = fromFileUrl(import.meta.resolve(`./${program}.ts`));
  const words = [Deno.execPath(), "run", "-A", "--quiet", file, String(argument)];
  const [command, ...args] = [...site.prefix, ...words];
  return new Deno.Command(command!, { args, stdin: "null", stdout: "piped", stderr: "piped" })
    .spawn();
}

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

  /** Takes all bytes through one connection; fails unless they are those that were sent. */
  async run(): Promise<void> {
    const sink = start(this.client, "sink", this.localPort);
    const { stdout, stderr } = await sink.output();
    const got = decoder.decode(stdout).trim();
    const wanted = `${patternHash(this.bytes)} ${this.bytes}`;
    if (got !== wanted) throw new Error(`got ${got}, not ${wanted}: ${decoder.decode(stderr)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#server);
  }
}

/** Offers so many bytes as a service of the node. */
export async function serve(provider: LabNode, bytes: number) {
  const server = start(provider, "source", bytes);
  const reader = server.stdout.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  const port = decoder.decode(value).trim();
  const name = `bytes-${port}`;
  await pollenOk(provider.place, ["serve", port, name]);
  return { server, name };
}

/** Ends a server. */
export async function end(server: Deno.ChildProcess): Promise<void> {
  server.kill("SIGKILL");
  await server.stderr.cancel();
  await server.status;
}
