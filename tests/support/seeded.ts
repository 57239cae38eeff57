// Chance from a seed: the same seed gives the same run, on every machine. Not for secrets.

import type { Random } from "../../lib/types/mod.ts";

/** Of all that is drawn in a run of tests: CI takes it from what it tests, so that the same gives the same. */
const SEED_VARIABLE = "POLLEN_SEED";

export class Seeded {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** The seed in the environment variable, to repeat a run; else that of the whole run of tests; else a fresh one. */
  static seedFrom(variable: string): number {
    const given = Deno.env.get(variable) || Deno.env.get(SEED_VARIABLE) || "";
    return given === "" ? crypto.getRandomValues(new Uint32Array(1))[0]! : Number(given) >>> 0;
  }

  /** A whole number below 2^32 (splitmix32). */
  readonly next = (): number => {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };

  /** A whole number below `count`; 0 for none. */
  readonly draw = (count: number): number => count <= 1 ? 0 : this.next() % count;

  /** One of these. */
  readonly pick = <T>(items: readonly T[]): T => items[this.draw(items.length)]!;

  readonly bytes = (length: number): Uint8Array<ArrayBuffer> => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at++) bytes[at] = this.next();
    return bytes;
  };

  /** The same as the port that the program takes its randomness from. */
  get random(): Random {
    return {
      bytes: (length) => this.bytes(length),
      uniform: () => this.next() / 2 ** 32,
    };
  }
}
