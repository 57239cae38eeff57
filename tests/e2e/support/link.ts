// Two nodes in two network namespaces, and one TCP connection through a tunnel between them that
// keeps asking for an echo: what happens to the link under it is the test's. Needs root on Linux.

import { Daemon, pollenOk, TemporaryFolder } from "../../../scripts/support/pollen_process.ts";
import { HostPair } from "../../../scripts/support/namespaces.ts";
import { Echo } from "./echo.ts";
import { status } from "./network.ts";

const MTU = 1_500;

export const CAN_HAVE_LINKS = Deno.build.os === "linux" && Deno.uid() === 0;

export class LinkedNodes implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;

  private constructor(
    stack: AsyncDisposableStack,
    readonly hosts: HostPair,
    readonly left: Daemon,
    readonly right: Daemon,
    readonly echo: Echo,
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
    const echo = stack.use(await Echo.open(rightPlace, leftPlace));
    return new LinkedNodes(stack.move(), hosts, left, right, echo);
  }

  /** Waits until the same connection has answered a few times more. */
  untilAnswers(what: string): Promise<void> {
    return this.echo.untilAnswers(what);
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
