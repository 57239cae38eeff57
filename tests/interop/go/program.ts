// A program of this folder's Go module as a process: it prints one JSON object with one name per
// line, and takes a command per line where it takes any.

import { deepEqual, equal } from "node:assert/strict";
import { dirname, fromFileUrl, join } from "../../../scripts/paths.ts";
import type { TemporaryFolder } from "../../../scripts/support/pollen_process.ts";
import { inTime } from "../../quic/support.ts";

/** Builds a package of the module; the program's path. */
export async function build(folder: TemporaryFolder, name: string): Promise<string> {
  const program = join(folder.path, "program");
  const { success } = await new Deno.Command("go", {
    args: ["build", "-mod=readonly", "-o", program, name],
    cwd: dirname(fromFileUrl(import.meta.url)),
  }).spawn().status;
  equal(success, true, "the Go program could not be built");
  return program;
}

/** What was said under a name. */
export type Said = Readonly<Record<string, unknown>>;

export class GoProgram implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  /** What was said and not asked for yet, the oldest first. */
  readonly #waiting: Said[] = [];
  #rest = "";

  constructor(program: string, args: readonly string[]) {
    this.#child = new Deno.Command(program, { args: [...args], stdin: "piped", stdout: "piped" })
      .spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#input = this.#child.stdin.getWriter();
  }

  /** The next thing it says, which must have this name. */
  async said(name: string): Promise<unknown> {
    const line = this.#waiting.shift() ?? await this.#read(name);
    deepEqual(Object.keys(line), [name]);
    return line[name];
  }

  /** The first thing under this name that has all these parts, said before or yet to come. */
  async heard(name: string, parts: Said = {}): Promise<Said> {
    const isIt = (line: Said) => {
      const about = line[name] as Said | undefined;
      return about !== undefined &&
        Object.entries(parts).every(([key, value]) => about[key] === value);
    };
    let at;
    while ((at = this.#waiting.findIndex(isIt)) < 0) {
      this.#waiting.push(await this.#read(`${name} ${JSON.stringify(parts)}`));
    }
    return this.#waiting.splice(at, 1)[0]![name] as Said;
  }

  /** Gives it a command. */
  async tell(command: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${command}\n`));
  }

  /** Ends its input, which ends it. */
  async close(): Promise<void> {
    await this.#input.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#lines.cancel();
    await this.#child.status;
  }

  async #read(what: string): Promise<Said> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await inTime(this.#lines.read(), what);
      if (done) throw new Error(`the Go program is over before it said "${what}"`);
      this.#rest += value;
    }
    const at = this.#rest.indexOf("\n");
    const line = JSON.parse(this.#rest.slice(0, at));
    this.#rest = this.#rest.slice(at + 1);
    return line;
  }
}
