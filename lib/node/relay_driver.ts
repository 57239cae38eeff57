// What the core decides about relays, done: flows are opened over the mesh, and the peer is dialled over
// one that leads to it.
//
// Invariant: of the two ends of a flow only the one with the smaller key dials over it, one dial at a
// time. Both are granted it in the same moment, so that two dials would cross nearly always, and what
// was begun on the session that gives way would be lost.

import type { Envelope, Frame } from "../proto/mod.ts";
import { errorText, type Log, type Mesh, type PeerKey, type SocketAddress } from "../types/mod.ts";
import type { Dialer } from "./dialer.ts";
import type { NodeInput, NodeOutput } from "./steps.ts";

export type RelayOutput = Extract<
  NodeOutput,
  { kind: "openRelay" | "closeRelay" | "carry" | "limitCarried" | "endCarried" }
>;

export interface RelayDriverDeps {
  /** This node. */
  readonly local: PeerKey;
  readonly mesh: Pick<
    Mesh<Envelope, Frame>,
    "openRelay" | "closeRelay" | "relaysTo" | "carry" | "limitCarried" | "endCarried" | "peerLink"
  >;
  readonly dialer: Pick<Dialer, "attempt">;
  readonly log: Log;
  /** Tells the core what became of it. */
  report(input: NodeInput): void;
}

export class RelayDriver {
  readonly #deps: RelayDriverDeps;
  /** Peers that are being dialled over a flow that was just opened. */
  readonly #dialling = new Set<PeerKey>();

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
      case "limitCarried":
        return mesh.limitCarried(output.flow, output.bytesPerSecond);
      case "endCarried":
        return mesh.endCarried(output.flow);
    }
  }

  /** The ways over carriers at which this node may dial the peer now. */
  waysTo(peer: PeerKey): SocketAddress[] {
    return this.#mayDial(peer) ? this.#deps.mesh.relaysTo(peer) : [];
  }

  #mayDial(peer: PeerKey): boolean {
    return this.#deps.local < peer && !this.#dialling.has(peer);
  }

  async #open({ carrier, flow, peer }: Extract<RelayOutput, { kind: "openRelay" }>): Promise<void> {
    const { mesh, report } = this.#deps;
    const way = this.#attempt("open", () => mesh.openRelay(carrier, flow, peer));
    report({ kind: "relayOpened", carrier, flow, peer, isOpen: way !== null });
    if (way !== null) await this.#dial(peer, way);
  }

  async #dial(peer: PeerKey, way: SocketAddress): Promise<void> {
    const { mesh, dialer } = this.#deps;
    if (!this.#mayDial(peer) || mesh.peerLink(peer) !== null) return;
    this.#dialling.add(peer);
    await dialer.attempt(peer, [way], []).finally(() => this.#dialling.delete(peer));
  }

  #carry({ flow, ends, bytesPerSecond }: Extract<RelayOutput, { kind: "carry" }>): void {
    const { mesh, report } = this.#deps;
    const carried = this.#attempt("carry", () => {
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
