// What happens (envelopes, frames, peers, timers, commands), turned into inputs of the core, one at a
// time, and its outputs performed. Everything that changes what the node knows of others comes through
// here.
//
// What peers send is taken in slices. A message that waits already follows the one before it without
// anything else of the process having its turn; where they come faster than they are worked on, no
// timer would run and no session be admitted, and peers would give up those that they have.

import type { GossipEvent, SignedPage } from "../proto/mod.ts";
import { errorText, type Tasks } from "../types/mod.ts";
import type { NodeCore } from "./core.ts";
import { faultText } from "./faults.ts";
import type { Performer } from "./performer.ts";
import type { Refusals } from "./refusals.ts";
import type { NodeInput } from "./steps.ts";
import type { NodeDeps } from "./wiring.ts";

/** How long messages are worked on before everything else has its turn. */
const SLICE_MS = 10;

export interface EventLoopDeps extends Pick<NodeDeps, "mesh" | "clock" | "log"> {
  readonly core: Pick<NodeCore, "step">;
  readonly performer: Pick<Performer, "perform">;
  /** Notes which peers turn this node away. */
  readonly refusals: Pick<Refusals, "note">;
  /** No input is taken any more once it aborts. */
  readonly signal: AbortSignal;
  /** The machine slept for so long. */
  onResumed(sleptMs: number): void;
}

export class EventLoop {
  readonly #deps: EventLoopDeps;
  /** How long messages were worked on in this slice. */
  #sliceMs = 0;

  constructor(deps: EventLoopDeps) {
    this.#deps = deps;
  }

  /** Takes one input and performs what follows. Never throws. */
  step(input: NodeInput): void {
    const { core, performer, clock, log, signal } = this.#deps;
    if (signal.aborted) return;
    try {
      const now = clock.monotonicNow();
      for (const output of core.step(now, input)) performer.perform(output);
    } catch (thrown) {
      // One input, perhaps a hostile member's, must not end the loop that all others come through.
      log.error("a step failed", { input: input.kind, reason: errorText(thrown) });
    }
  }

  /** Tells the connected peers what we changed about ourselves. */
  announce(events: readonly GossipEvent[]): void {
    if (events.length > 0) this.step({ kind: "localEvents", events });
  }

  /** Tells the connected peers what we say of our agents from now on; null for nothing new. */
  announceAgents(page: SignedPage | null): void {
    if (page !== null) this.step({ kind: "localAgents", pages: [page] });
  }

  /** Takes what comes over the mesh until that is closed. */
  receive(tasks: Tasks): void {
    tasks.run(this.#receivePackets());
    tasks.run(this.#receiveFrames());
    tasks.run(this.#receivePeerEvents());
    tasks.run(this.#receiveNotices());
  }

  async #receivePackets(): Promise<void> {
    for (let packet; (packet = await this.#deps.mesh.recv()) !== null;) {
      await this.#take({ kind: "packet", packet });
    }
  }

  async #receiveFrames(): Promise<void> {
    for (let packet; (packet = await this.#deps.mesh.recvFrame()) !== null;) {
      await this.#take({ kind: "frame", packet });
    }
  }

  async #take(input: NodeInput): Promise<void> {
    const { clock } = this.#deps;
    const from = clock.monotonicNow();
    this.step(input);
    this.#sliceMs += clock.monotonicNow() - from;
    if (this.#sliceMs < SLICE_MS) return;
    this.#sliceMs = 0;
    await new Promise<void>((resolve) => void clock.setTimer(0, resolve));
  }

  async #receivePeerEvents(): Promise<void> {
    const { mesh, refusals } = this.#deps;
    for (let event; (event = await mesh.nextPeerEvent()) !== null;) {
      refusals.note(event);
      this.step({ kind: "peerEvent", event });
    }
  }

  async #receiveNotices(): Promise<void> {
    const { mesh, log, onResumed } = this.#deps;
    for (let notice; (notice = await mesh.nextNotice()) !== null;) {
      if (notice.kind === "resumed") onResumed(notice.sleptMs);
      else {
        const { fault, count, reason } = notice;
        log.warn(faultText(fault), { fault, count, reason });
      }
    }
  }
}
