// What the core decides about relays, done: flows are opened over the mesh, and the peer is dialled over
// one that leads to it.

import type { Envelope, Frame } from "../proto/mod.ts";
import { errorText, type Log, type Mesh } from "../types/mod.ts";
import type { Dialer } from "./dialer.ts";
import type { NodeInput, NodeOutput } from "./steps.ts";

export type RelayOutput = Extract<
  NodeOutput,
  { kind: "openRelay" | "closeRelay" | "carry" | "endCarried" }
>;

export interface RelayDriverDeps {
  readonly mesh: Mesh<Envelope, Frame>;
  readonly dialer: Dialer;
  readonly log: Log;
  /** What a relay may carry in each direction; null to carry nothing. */
  readonly bytesPerSecond: number | null;
  /** Tells the core what became of it. */
  report(input: NodeInput): void;
}

export class RelayDriver {
  readonly #deps: RelayDriverDeps;

  constructor(deps: RelayDriverDeps) {
    this.#deps = deps;
  }

  /** Resolves when nothing of it goes on. */
  async perform(output: RelayOutput): Promise<void> {
    const { mesh } = this.#deps;
    switch (output.kind) {
      case "openRelay":
        return await this.#open(output);
      case "closeRelay":
        return mesh.closeRelay(output.carrier, output.flow);
      case "carry":
        return this.#carry(output);
      case "endCarried":
        return mesh.endCarried(output.flow);
    }
  }

  async #open({ carrier, flow, peer }: Extract<RelayOutput, { kind: "openRelay" }>): Promise<void> {
    const { mesh, dialer, report } = this.#deps;
    const way = this.#attempt("open", () => mesh.openRelay(carrier, flow, peer));
    report({ kind: "relayOpened", carrier, flow, peer, isOpen: way !== null });
    if (way !== null && mesh.peerLink(peer) === null) await dialer.attempt(peer, [way], []);
  }

  #carry({ flow, ends }: Extract<RelayOutput, { kind: "carry" }>): void {
    const { mesh, bytesPerSecond, report } = this.#deps;
    const carried = bytesPerSecond === null ? null : this.#attempt("carry", () => {
      mesh.carry(flow, ends, bytesPerSecond);
      return true;
    });
    report({ kind: "carried", flow, isOpen: carried !== null });
  }

  /** Sessions may end between a decision and what is done about it. */
  #attempt<Result>(what: string, act: () => Result): Result | null {
    try {
      return act();
    } catch (thrown) {
      this.#deps.log.debug("a relay was not set up", { what, reason: errorText(thrown) });
      return null;
    }
  }
}
