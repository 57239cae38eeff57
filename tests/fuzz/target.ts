// One decoder under test, and what is demanded of it: a value or a PollenError, nothing else; a value
// no larger than its input allows; the same value again from its own encoding.

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

/** Feeds the decoder so many inputs. Throws with the input and the seed at the first that it fails. */
export async function fuzz(target: Target, inputs: number, seed: number): Promise<void> {
  const seeded = new Seeded(seed);
  for (let index = 0; index < inputs; index++) {
    if (index % INPUTS_PER_TURN === 0) await new Promise((turn) => setTimeout(turn));
    const input = target.input(seeded);
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
    } catch (thrown) {
      if (thrown instanceof PollenError) continue;
      throw new Error(`${target.name}, input ${index}, seed ${seed}: ${show(input)}`, {
        cause: thrown,
      });
    }
  }
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
