// The list of nodes as bytes, made once for all who ask at the same time. It is made anew when
// somebody comes, goes or says something new; a mere heartbeat shows a quarter of a second later.

import type { Clock, MonotonicMs } from "../../types/mod.ts";
import { LIST_AGE_MS_MAX } from "../limits.ts";
import type { Registry } from "../registry.ts";
import { nodeJson } from "./json.ts";

/** The answer to `GET /api/nodes`. */
export class NodesList {
  readonly #registry: Registry;
  readonly #clock: Clock;
  #bytes = new Uint8Array(0);
  #revision = -1;
  #madeAt = 0 as MonotonicMs;

  constructor(registry: Registry, clock: Clock) {
    this.#registry = registry;
    this.#clock = clock;
  }

  /** Those that are online. */
  async online(): Promise<Uint8Array<ArrayBuffer>> {
    const nodes = await this.#registry.nodes();
    const now = this.#clock.monotonicNow();
    const { revision } = this.#registry;
    if (revision !== this.#revision || now - this.#madeAt > LIST_AGE_MS_MAX) {
      this.#bytes = this.#render([nodes]);
      this.#revision = revision;
      this.#madeAt = now;
    }
    return this.#bytes;
  }

  /** Those that are remembered as well. */
  async all(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#render([await this.#registry.nodes(), await this.#registry.remembered()]);
  }

  #render(groups: readonly Iterable<Parameters<typeof nodeJson>[0]>[]): Uint8Array<ArrayBuffer> {
    const parts: string[] = [];
    for (const group of groups) {
      for (const record of group) parts.push(nodeJson(record, this.#registry.stateOf(record)));
    }
    return new TextEncoder().encode(`[${parts.join(",")}]\n`);
  }
}
