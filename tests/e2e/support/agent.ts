// A `pollen agent` as a process of its own, as a person would start it.

import { type Place, pollenCommand } from "../../../scripts/support/pollen_process.ts";
import { Rest } from "../../../scripts/support/rest.ts";

export class AgentProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #dir: string;
  #rest: Rest | null = null;
  #ended: Promise<number> | null = null;

  /** Starts it with these words. */
  constructor(place: Place, words: readonly string[]) {
    const [program, ...args] = pollenCommand(place, ["agent", ...words]);
    const silent = { stdin: "null", stdout: "null", stderr: "null" } as const;
    this.#child = new Deno.Command(program!, { args, cwd: place.dir, ...silent }).spawn();
    this.#dir = place.dir;
  }

  /** It is listed now: from here on it has what it needs. */
  noteListed(): void {
    this.#rest ??= new Rest(`the agent on ${this.#dir}`, this.#child.pid);
  }

  /** Asks it to stop, once it holds no more than when it was listed; its exit code. */
  async stop(): Promise<number> {
    let code: number;
    try {
      if (this.#ended === null) await this.#rest?.demand();
    } finally {
      code = await this.#end("SIGTERM");
    }
    return code;
  }

  /** Ends it the hard way, whatever it holds. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #end(signal: Deno.Signal): Promise<number> {
    return this.#ended ??= (async () => {
      this.#child.kill(signal);
      return (await this.#child.status).code;
    })();
  }
}
