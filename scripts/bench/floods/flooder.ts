// A flooding process, seen from the bench: what it is told, and what it answers.

import { fromFileUrl, join } from "../../paths.ts";
import { ROOT } from "../../support/pollen_process.ts";
import { linesOf } from "../crowd/lines.ts";
import type { Order, Outcome } from "./said.ts";

/** The longest that an answer may take, beyond the time that the flood is to last. */
const PATIENCE_MS = 60_000;

export class Flooder implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncIterator<unknown>;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#lines = linesOf<unknown>(child.stdout);
  }

  /** @returns The process, and the first thing that it says. */
  static async start<Said>(program: string, args: readonly string[]): Promise<[Flooder, Said]> {
    const file = fromFileUrl(new URL(program, import.meta.url));
    const words = ["run", "-A", "--unstable-net", "--quiet", "--config", join(ROOT, "deno.json")];
    const child = new Deno.Command(Deno.execPath(), {
      args: [...words, file, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const flooder = new Flooder(child);
    return [flooder, await flooder.#line<Said>(0)];
  }

  async order(order: Order): Promise<Outcome> {
    await this.#input.write(new TextEncoder().encode(JSON.stringify(order) + "\n"));
    return await this.#line<Outcome>((order.seconds ?? 0) * 1_000);
  }

  async #line<Said>(ms: number): Promise<Said> {
    const overdue = setTimeout(() => this.#child.kill("SIGKILL"), ms + PATIENCE_MS);
    const { value, done } = await this.#lines.next();
    clearTimeout(overdue);
    if (done) throw new Error("a flooding process ended, or took too long");
    return value as Said;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#lines.return?.();
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#child.status;
  }
}
