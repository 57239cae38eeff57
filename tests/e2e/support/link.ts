// Two nodes in two network namespaces, and one TCP connection through a tunnel between them that
// keeps asking for an echo: what happens to the link under it is the test's. Needs root on Linux.

import {
  Daemon,
  pollenOk,
  TemporaryFolder,
  until,
} from "../../../scripts/support/pollen_process.ts";
import { type Host, HostPair } from "../../../scripts/support/namespaces.ts";
import { status } from "./network.ts";

const MTU = 1_500;
const PORT = 7_000;
/** Of one question and its answer: more than a few packets of any size. */
const ECHO_BYTES = 65_536;

export const CAN_HAVE_LINKS = Deno.build.os === "linux" && Deno.uid() === 0;

/** Runs a script in that host, in a process of its own. */
function spawn(host: Host, script: string, stdout: "null" | "piped"): Deno.ChildProcess {
  const [program, ...args] = [...host.prefix, Deno.execPath(), "eval", script];
  return new Deno.Command(program!, { args, stdin: "null", stdout, stderr: "null" }).spawn();
}

const SERVER = `
  for await (const connection of Deno.listen({ hostname: "127.0.0.1", port: ${PORT} })) {
    void connection.readable.pipeTo(connection.writable).catch(() => {});
  }`;

const CLIENT = `
  const connection = await Deno.connect({ port: ${PORT} });
  const question = new Uint8Array(${ECHO_BYTES});
  const buffer = new Uint8Array(${ECHO_BYTES});
  for (;;) {
    const asking = (async () => {
      for (let at = 0; at < question.length;) at += await connection.write(question.subarray(at));
    })();
    for (let left = ${ECHO_BYTES}; left > 0;) left -= await connection.read(buffer) ?? Deno.exit(1);
    await asking;
    console.log("answer");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }`;

export class LinkedNodes implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  #answers = 0;

  private constructor(
    stack: AsyncDisposableStack,
    readonly hosts: HostPair,
    readonly left: Daemon,
    readonly right: Daemon,
  ) {
    this.#stack = stack;
  }

  /** The nodes run and the connection works. */
  static async make(): Promise<LinkedNodes> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await TemporaryFolder.make());
    const hosts = stack.use(await HostPair.make(MTU));
    const leftPlace = { dir: await folder.folder("left"), prefix: hosts.left.prefix };
    const rightPlace = { dir: await folder.folder("right"), prefix: hosts.right.prefix };
    await pollenOk(leftPlace, ["init"]);
    const left = stack.use(await Daemon.up(leftPlace));
    await pollenOk(rightPlace, ["join", "--no-start", await pollenOk(leftPlace, ["invite"])]);
    const right = stack.use(await Daemon.up(rightPlace));
    await right.waitForLog(/peer connected/);
    const server = spawn(hosts.right, SERVER, "null");
    stack.defer(() => end(server));
    await pollenOk(rightPlace, ["serve", String(PORT), "echo"]);
    await until("the service is known", async () => {
      const { services } = await status(leftPlace);
      return services.length > 0 ? true : null;
    });
    await pollenOk(leftPlace, ["connect", "echo"]);
    const nodes = new LinkedNodes(stack.move(), hosts, left, right);
    nodes.#startClient();
    await nodes.untilAnswers("the tunnel works");
    return nodes;
  }

  #startClient(): void {
    const client = spawn(this.hosts.left, CLIENT, "piped");
    const counted = (async () => {
      for await (const text of client.stdout.pipeThrough(new TextDecoderStream())) {
        this.#answers += text.split("answer").length - 1;
      }
    })();
    this.#stack.defer(async () => {
      await end(client);
      await counted;
    });
  }

  /** Waits until the same connection has answered a few times more. */
  async untilAnswers(what: string): Promise<void> {
    const before = this.#answers;
    await until(what, () => Promise.resolve(this.#answers > before + 2 ? true : null));
  }

  /** Sessions that ended so far, as either node saw it. */
  get losses(): number {
    return [...this.left.log, ...this.right.log]
      .filter((line) => /peer disconnected/.test(line)).length;
  }

  /** How often the system of that node's host did this to its socket. */
  async faults(node: Daemon, kind: string): Promise<number> {
    const { socket } = await status(node.place);
    return socket.faults[kind] ?? 0;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

async function end(child: Deno.ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await child.status;
}
