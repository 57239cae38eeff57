// What this machine has (processors, memory, system, graphics), told to the other members, whose
// registries show it.

import { hostname } from "node:os";
import { AgentEntry, orchion } from "../proto/mod.ts";
import { type Clock, errorText, type Log } from "../types/mod.ts";

/** Between two looks at what the machine has, in milliseconds: it changes seldom, and some of it always. */
const LOOK_MS = 300_000;

/** What it works with. */
export interface MachinePageDeps {
  /** Says what page 0 of this node has. */
  publish(entries: readonly AgentEntry[]): void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tells of this machine until it is disposed of. */
export class MachinePage implements AsyncDisposable {
  readonly #deps: MachinePageDeps;
  #looking: Promise<void>;
  #isOver = false;
  #stopTimer = () => {};

  constructor(deps: MachinePageDeps) {
    this.#deps = deps;
    this.#looking = this.#look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#stopTimer();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { publish, clock, log } = this.#deps;
    try {
      const { gatherCapabilities } = await import("../agent/mod.ts");
      const capabilities = orchion.Capabilities.encode(await gatherCapabilities());
      if (!this.#isOver) publish([AgentEntry.create({ hostname: hostname(), capabilities })]);
    } catch (thrown) {
      log.debug("the network was not told what this machine has", { error: errorText(thrown) });
    }
    if (this.#isOver) return;
    this.#stopTimer = clock.setTimer(LOOK_MS, () => this.#looking = this.#look());
  }
}
