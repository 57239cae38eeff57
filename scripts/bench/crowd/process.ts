// One process of the crowd, seen from the one that started it: its lines, and how it is told to go on.

import { fromFileUrl, join } from "../../paths.ts";
import { ROOT } from "../../support/pollen_process.ts";
import { linesOf } from "./lines.ts";
import type { Line, Sent } from "./member.ts";

/** The longest that anything may take, in milliseconds. */
const PATIENCE_MS = 300_000;

type Said<Kind extends Line["kind"]> = Extract<Line, { kind: Kind }>;

export class MemberProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncIterator<Line>;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#lines = linesOf<Line>(child.stdout);
  }

  static start(args: readonly string[]): MemberProcess {
    const program = fromFileUrl(new URL("member.ts", import.meta.url));
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--config", join(ROOT, "deno.json"), program, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    return new MemberProcess(child);
  }

  get pid(): number {
    return this.#child.pid;
  }

  tell(value: unknown): void {
    void this.#input.write(new TextEncoder().encode(JSON.stringify(value) + "\n"));
  }

  /** The next thing that it says, which has to be this. */
  async line<Kind extends Line["kind"]>(kind: Kind): Promise<Said<Kind>> {
    const overdue = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE_MS);
    const { value } = await this.#lines.next();
    clearTimeout(overdue);
    if (value?.kind === kind) return value as Said<Kind>;
    throw new Error(`process ${this.pid} ended, or took too long, before it said "${kind}"`);
  }

  /** What its nodes have sent until now. */
  async count(): Promise<Sent> {
    this.tell("count");
    return (await this.line("counted")).sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#child.status;
  }
}
