// Strangers at the engine's door: what is to become of each is asked of the gatekeeper, where there is
// one, before anything is spent on them.

import type { AttemptVerdict, ConnectionAttempt } from "../types/mod.ts";
import type { NativeEngine } from "./native_engine.ts";
import { type EventRecord, Operation, PayloadReader } from "./records.ts";

/** The numbers of verdicts as the library knows them; 0 leaves it to the library. */
const VERDICTS: Readonly<Record<AttemptVerdict, number>> = {
  take: 1,
  retry: 2,
  refuse: 3,
  drop: 4,
};

type Gatekeeper = (attempt: ConnectionAttempt) => AttemptVerdict;

export class Gate {
  readonly #native: NativeEngine;
  #decide: Gatekeeper | null = null;

  constructor(native: NativeEngine) {
    this.#native = native;
  }

  /** See `Engine.setGatekeeper`. */
  keep(decide: Gatekeeper | null): void {
    this.#decide = decide;
    this.#native.command(Operation.keepGate, { a: decide === null ? 0 : 1 });
  }

  attempted({ handle, x, y, payload }: EventRecord): void {
    const attempt = {
      address: new PayloadReader(payload).address(),
      isAddressProved: x !== 0,
      openHandshakes: y,
    };
    this.#native.command(Operation.answerAttempt, { a: handle, b: this.#judge(attempt) });
  }

  #judge(attempt: ConnectionAttempt): number {
    try {
      return this.#decide === null ? 0 : VERDICTS[this.#decide(attempt)];
    } catch {
      // A defect of the gatekeeper must not end the engine; its own rule holds.
      return 0;
    }
  }
}
