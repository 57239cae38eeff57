// Real pollen processes for the tests, the demo and the benchmarks: one-shot commands and daemons,
// each in a process of its own, as a person would start them.

import { dirname, fromFileUrl, join, resolve } from "../paths.ts";
import { Rest } from "./rest.ts";

export { until } from "./until.ts";

/** The top of the checkout. */
export const ROOT = dirname(dirname(dirname(fromFileUrl(import.meta.url))));

/** The longest that a daemon may take to come up or to stop. */
const DAEMON_TIMEOUT_MS = 30_000;
/** The longest that one command may take. */
const COMMAND_TIMEOUT_MS = 60_000;
/** Lines of a daemon's log that are kept for a failure's report. */
const LOG_LINES_MAX = 2_000;

/** How a command ended. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a process runs. */
export interface Place {
  /** The state folder. */
  readonly dir: string;
  /** Put before the command, such as `ip netns exec NAME`. */
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory; else the state folder. */
  readonly cwd?: string;
  /** The words that start pollen; else those of {@link usualProgram}. */
  readonly program?: readonly string[];
  /** How many times longer than elsewhere everything may take; 1 where it is not said. */
  readonly patience?: number;
  /** Sessions that may be left on sockets of their own when it is to rest, behind a strict router; 0 where it is not said. */
  readonly ownSockets?: number;
  /** Told after each command on it. */
  readonly onCommand?: () => void;
}

/** The words that start pollen from the source in a checkout, by this Deno or by another. */
export function sourceProgram(
  root: string,
  deno: readonly string[] = [Deno.execPath()],
): string[] {
  const config = ["--config", join(root, "deno.json")];
  return [...deno, "run", "-A", "--quiet", ...config, join(root, "main.ts")];
}

/** Names a file to run instead of the source: one that `deno task compile` made. */
const PROGRAM_VARIABLE = "POLLEN_E2E_PROGRAM";

/** The words that start pollen: the file under test, or this checkout's source. */
export function usualProgram(): readonly string[] {
  const file = Deno.env.get(PROGRAM_VARIABLE) ?? "";
  return file === "" ? sourceProgram(ROOT) : [resolve(ROOT, file)];
}

/** The words that start pollen with `args` on the place's folder. */
export function pollenCommand(place: Place, args: readonly string[]): string[] {
  const program = place.program ?? usualProgram();
  return [...(place.prefix ?? []), ...program, ...args, "--dir", place.dir];
}

/** Runs one command to its end. */
export async function pollen(
  place: Place,
  args: readonly string[],
  options: { readonly stdin?: string } = {},
): Promise<Finished> {
  const [program, ...rest] = pollenCommand(place, args);
  const overdue = new AbortController();
  const timer = setTimeout(() => overdue.abort(), COMMAND_TIMEOUT_MS * (place.patience ?? 1));
  const child = new Deno.Command(program!, {
    args: rest,
    cwd: place.cwd ?? place.dir,
    env: { ...place.env },
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    signal: overdue.signal,
  }).spawn();
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  clearTimeout(timer);
  place.onCommand?.();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The same for a command that must succeed; its standard output without the last line's end. */
export async function pollenOk(place: Place, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await pollen(place, args);
  if (code !== 0) {
    throw new Error(`pollen ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
  }
  return stdout.trimEnd();
}

/** A running `pollen up`. */
export class Daemon implements AsyncDisposable {
  readonly place: Place;
  /** The last lines of its standard error. */
  readonly log: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #drained: Promise<unknown>;
  readonly #watchers = new Set<() => void>();
  /** The longest that it may take to come up, to stop, or to say something. */
  readonly #timeoutMs: number;
  #hasEnded = false;
  /** Of what it held when it came up. */
  #rest: Rest | null = null;

  private constructor(place: Place, child: Deno.ChildProcess) {
    this.place = place;
    this.#timeoutMs = DAEMON_TIMEOUT_MS * (place.patience ?? 1);
    this.#child = child;
    this.#drained = Promise.all([this.#read(child.stderr), this.#read(child.stdout)]);
    void child.status.then(() => {
      this.#hasEnded = true;
      this.#wake();
    });
  }

  /** Starts the daemon and waits until it serves. */
  static async up(
    place: Place,
    args: readonly string[] = [],
    timeoutMs?: number,
  ): Promise<Daemon> {
    const [program, ...rest] = pollenCommand(place, ["up", ...args]);
    const child = new Deno.Command(program!, {
      args: rest,
      cwd: place.cwd ?? place.dir,
      env: { ...place.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const daemon = new Daemon(place, child);
    await daemon.waitForLog(/node is ready/, timeoutMs);
    if (args.includes("--registry")) {
      await daemon.waitForLog(/the registry (serves|is not served)/, timeoutMs);
    }
    daemon.#rest = new Rest(`the daemon on ${place.dir}`, daemon.pid, place.ownSockets);
    return daemon;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Waits for a line of the log; fails with the whole log when the process ends or time runs out. */
  async waitForLog(pattern: RegExp, timeoutMs = this.#timeoutMs): Promise<string> {
    let isOverdue = false;
    const timer = setTimeout(() => {
      isOverdue = true;
      this.#wake();
    }, timeoutMs);
    try {
      for (;;) {
        const line = this.log.find((candidate) => pattern.test(candidate));
        if (line !== undefined) return line;
        if (this.#hasEnded || isOverdue) {
          const what = isOverdue ? "in time" : "before the daemon ended";
          throw new Error(`no line matched ${pattern} ${what}:\n${this.log.join("\n")}`);
        }
        await new Promise<void>((resolve) => this.#watchers.add(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it the hard way, as a crash or a power cut would, whatever it holds. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /**
   * Asks it to stop, once it holds no more than when it came up, and waits; its exit code. Fails when
   * it keeps something.
   *
   * @param isInUse Whether somebody uses it still, so that it cannot give everything back.
   */
  async stop(isInUse = false): Promise<number> {
    let code: number;
    try {
      if (!this.#hasEnded && !isInUse) await this.#rest?.demand();
    } finally {
      code = await this.#end("SIGTERM");
    }
    return code;
  }

  /** As {@link stop}, where it has not ended before. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) await this.stop();
    await this.#drained;
  }

  async #end(signal: Deno.Signal): Promise<number> {
    if (!this.#hasEnded) {
      try {
        this.#child.kill(signal);
      } catch {
        // It ended by itself in this very moment.
      }
    }
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), this.#timeoutMs);
    const { code } = await this.#child.status;
    clearTimeout(timer);
    await this.#drained;
    return code;
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.log.push(...lines);
      this.log.splice(0, Math.max(0, this.log.length - LOG_LINES_MAX));
      this.#wake();
    }
    if (rest !== "") this.log.push(rest);
  }

  #wake(): void {
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }
}

/** A fresh folder that is removed at the end. Short, because a Unix socket's path must be. */
export class TemporaryFolder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(): Promise<TemporaryFolder> {
    return new TemporaryFolder(await Deno.makeTempDir({ prefix: "pollen-" }));
  }

  /** A folder of that name inside. */
  async folder(name: string): Promise<string> {
    const path = join(this.path, name);
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
