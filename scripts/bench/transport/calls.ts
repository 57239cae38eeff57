// Calls to a process through its standard input and output, a line of JSON each. The process that
// answers is `serveCalls`, the one that asks is `Callee`.

import { ROOT } from "../../support/pollen_process.ts";
import { join } from "../../paths.ts";

/** The longest that one call may take. Reached only where something is broken. */
const CALL_TIMEOUT_MS = 120_000;

interface Call {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** What can be called: functions whose arguments and results are JSON. */
// deno-lint-ignore no-explicit-any
export type Calls = Readonly<Record<string, (...args: any[]) => unknown>>;

type Result<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;
type Args<F> = F extends (...args: infer A) => unknown ? A : never;

/** Lines of a stream, without their ends. */
async function* lines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}

/** Answers calls until standard input ends. */
export async function serveCalls(calls: Calls): Promise<void> {
  const encoder = new TextEncoder();
  const answer = (line: Answer) =>
    void Deno.stdout.writeSync(encoder.encode(`${JSON.stringify(line)}\n`));
  for await (const line of lines(Deno.stdin.readable)) {
    const { id, name, args } = JSON.parse(line) as Call;
    void (async () => await calls[name]!(...args))().then(
      (result) => answer({ id, result }),
      (thrown) => answer({ id, error: String(thrown?.stack ?? thrown) }),
    );
  }
}

export interface CalleeOptions {
  /** A file, by its path from this one's folder. */
  readonly script: string;
  readonly args?: readonly string[];
  /** Put before the command, such as `ip netns exec NAME`. */
  readonly prefix?: readonly string[];
}

/** A process that answers calls. */
export class Callee<C> implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;

  constructor({ script, args = [], prefix = [] }: CalleeOptions) {
    const [program, ...rest] = [
      ...prefix,
      Deno.execPath(),
      ...["run", "-A", "--quiet", "--no-check", "--unstable-net", "--v8-flags=--expose-gc"],
      ...["--config", join(ROOT, "deno.json"), join(import.meta.dirname!, script), ...args],
    ];
    this.#child = new Deno.Command(program!, {
      args: rest,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** `ip netns exec` becomes the program it starts, so this is the callee's own. */
  get pid(): number {
    return this.#child.pid;
  }

  async call<K extends keyof C & string>(name: K, ...args: Args<C[K]>): Promise<Result<C[K]>> {
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    const timer = setTimeout(
      () => waiting.reject(new Error(`${name} was not answered in time`)),
      CALL_TIMEOUT_MS,
    );
    try {
      await this.#writer.write(new TextEncoder().encode(`${JSON.stringify({ id, name, args })}\n`));
      return await waiting.promise as Result<C[K]>;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#writer.abort().catch(() => {});
    await Promise.all([this.#child.status, this.#reading]);
  }

  async #read(): Promise<void> {
    for await (const line of lines(this.#child.stdout)) {
      const { id, result, error } = JSON.parse(line) as Answer;
      const waiting = this.#waiting.get(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(error));
    }
    for (const waiting of this.#waiting.values()) {
      waiting.reject(new Error("the process has ended"));
    }
  }
}
