// One decoder under test, and what is demanded of it: a value or a PollenError, nothing else; a value
// no larger than its input allows; the same value again from its own encoding; all of that soon.

import process from "node:process";
import { isDeepStrictEqual } from "node:util";
import { PollenError } from "../../lib/types/mod.ts";
import { Seeded } from "../support/seeded.ts";

export interface Target {
  readonly name: string;
  /** An input that is almost right. */
  input(seeded: Seeded): Uint8Array | string;
  /** Throws PollenErrors for what is none. */
  decode(input: Uint8Array | string): unknown;
  /** Encodes a value and decodes that again. */
  again?(value: unknown): unknown;
}

/** Parts of a value for each byte of its input: a few, or something small stands for something large. */
const PARTS_PER_BYTE = 8;
const PARTS_FREE = 256;
/** Inputs between two turns of the event loop, in which the runtime frees what it holds for dead objects. */
const INPUTS_PER_TURN = 1_000;

/**
 * What one input may take of this thread's processor time: a thousand times what the slowest takes, so
 * that neither a busy machine nor a collection of garbage counts.
 */
const INPUT_CPU_MS_MAX = 2_000;

/**
 * Feeds the decoder so many inputs. Throws with the input and the seed at the first that it fails.
 *
 * @param begin Told of each input before the decoder is, for one whose end is not to be waited for.
 */
export async function fuzz(
  target: Target,
  inputs: number,
  seed: number,
  begin: (index: number) => void = () => {},
): Promise<void> {
  const seeded = new Seeded(seed);
  for (let index = 0; index < inputs; index++) {
    if (index % INPUTS_PER_TURN === 0) await new Promise((turn) => setTimeout(turn));
    const input = target.input(seeded);
    begin(index);
    const startMs = cpuMs();
    try {
      // No pause for those that need none: there are millions of inputs.
      const decoded = target.decode(input);
      const value = decoded instanceof Promise ? await decoded : decoded;
      demandSize(value, input.length);
      if (target.again !== undefined) {
        const repeated = target.again(value);
        const same = repeated instanceof Promise ? await repeated : repeated;
        if (!isDeepStrictEqual(same, value)) throw new Error("another value after encoding");
      }
      demandSpeed(startMs);
    } catch (thrown) {
      try {
        if (!(thrown instanceof PollenError)) throw thrown;
        demandSpeed(startMs);
      } catch (cause) {
        const which = `${target.name}, input ${index}, seed ${seed}`;
        throw new Error(`${which}: ${show(input)}`, { cause });
      }
    }
  }
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function demandSpeed(startMs: number): void {
  const took = cpuMs() - startMs;
  if (took > INPUT_CPU_MS_MAX) throw new Error(`it took ${took.toFixed(0)} ms of the processor`);
}

/** Counts the parts of a value as somebody does who walks through all of it. */
function demandSize(value: unknown, inputLength: number): void {
  let left = PARTS_FREE + PARTS_PER_BYTE * inputLength;
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const part = waiting.pop();
    if (left-- <= 0) throw new Error(`more than ${PARTS_PER_BYTE} parts for each byte`);
    if (typeof part !== "object" || part === null || ArrayBuffer.isView(part)) continue;
    if (part instanceof Map) { for (const entry of part) waiting.push(...entry); }
    else for (const item of Object.values(part)) waiting.push(item);
  }
}

function show(input: Uint8Array | string): string {
  return typeof input === "string" ? JSON.stringify(input) : input.toHex();
}
