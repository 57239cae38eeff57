// The edge between the command line and its process: streams, environment, time. Commands get it
// as values, so that a test runs them without a process.

import { INPUT_BYTES_MAX, PollenError, type WallMs } from "../types/mod.ts";

/** What a run of the command line is given. */
export interface Io {
  readonly stdout: (text: string) => Promise<void>;
  readonly stderr: (text: string) => Promise<void>;
  /** All of standard input as text. Throws `too_large` above 128 KiB. */
  readonly stdin: () => Promise<string>;
  /** One line of standard input, without its end; what there is when the input ends before. */
  readonly readLine: () => Promise<string>;
  /** Whether a person is at standard input. */
  readonly isInteractive: boolean;
  readonly env: (name: string) => string | undefined;
  /** Whether standard output is a terminal that wants colour. */
  readonly isColored: boolean;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
  readonly now: () => WallMs;
}

/** The streams, environment and clock of this process. */
export function systemIo(signal: AbortSignal): Io {
  return {
    stdout: (text) => writeAll(Deno.stdout, text),
    stderr: (text) => writeAll(Deno.stderr, text),
    stdin: () => readAll(Deno.stdin.readable, signal),
    readLine: () => readLine(Deno.stdin.readable, signal),
    isInteractive: Deno.stdin.isTerminal(),
    env: (name) => Deno.env.get(name),
    isColored: Deno.stdout.isTerminal() && !Deno.noColor,
    signal,
    now: () => Date.now() as WallMs,
  };
}

/** Writes everything. A reader that has gone, as `head` does, is no failure. */
async function writeAll(
  stream: { write(bytes: Uint8Array): Promise<number> },
  text: string,
): Promise<void> {
  let rest = new TextEncoder().encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(await stream.write(rest));
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.BrokenPipe)) throw thrown;
  }
}

/**
 * Everything that a stream gives, as text.
 *
 * @throws {PollenError} `too_large` above 128 KiB; the signal's reason when it is aborted.
 */
export function readAll(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): Promise<string> {
  return readUntil(stream, signal, () => false);
}

/** The text up to the first line's end; throws as `readAll` does. */
export async function readLine(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): Promise<string> {
  const text = await readUntil(stream, signal, (text) => text.includes("\n"));
  return text.split("\n")[0]!;
}

async function readUntil(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  isEnough: (text: string) => boolean,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  // A person may type nothing for ever: the pipe through is what the signal can end.
  const interruptible = stream.pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), {
    signal,
  });
  for await (const chunk of interruptible) {
    length += chunk.length;
    if (length > INPUT_BYTES_MAX) {
      throw new PollenError("too_large", "What came on standard input is too long.");
    }
    text += decoder.decode(chunk, { stream: true });
    if (isEnough(text)) break;
  }
  return text + decoder.decode();
}
