// The paths of all sessions of pollen/2: it asks and answers, and moves the sessions. What is decided stands in path_choice.ts.

import {
  type Clock,
  type Engine,
  formatAddress,
  type Log,
  type PeerKey,
  type Session,
  type SocketAddress,
} from "../types/mod.ts";
import { PathChoice, type PathOutput, SILENT_MS } from "./path_choice.ts";
import { ProbeCodec, probeTag } from "./path_probe.ts";

interface Kept {
  readonly peer: PeerKey;
  readonly session: Session;
  readonly codec: ProbeCodec;
  readonly choice: PathChoice;
}

export interface PathsOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
  /** Where a peer may be, besides where its session leads. */
  candidates(peer: PeerKey): readonly SocketAddress[];
}

export class Paths {
  readonly #options: PathsOptions;
  /** By the tag of their probes. */
  readonly #sessions = new Map<string, Kept>();
  #stopTimer = () => {};

  constructor(options: PathsOptions) {
    this.#options = options;
  }

  /** Keeps the paths of a session until it ends. */
  async keep(peer: PeerKey, session: Session): Promise<void> {
    const codec = new ProbeCodec(session.secret, !session.inbound);
    const choice = new PathChoice(this.#now(), session.remoteAddress);
    const kept = { peer, session, codec, choice };
    if (this.#sessions.size === 0) this.#schedule();
    this.#sessions.set(codec.tag, kept);
    for (let from; (from = await session.nextStray()) !== null;) {
      this.#perform(kept, choice.strayed(this.#now(), from));
    }
    this.#sessions.delete(codec.tag);
    if (this.#sessions.size === 0) this.#stopTimer();
  }

  /** This machine's addresses changed, or it slept: every path is asked at once. */
  shake(): void {
    for (const kept of this.#sessions.values()) {
      // The address of ours that it used may be gone, and the way may be another one.
      kept.session.setPath(kept.session.remoteAddress);
      const outputs = kept.choice.shaken(this.#now(), this.#options.candidates(kept.peer));
      this.#perform(kept, outputs);
    }
  }

  /** Takes a packet that came to our socket and is not QUIC; whether it has the form of a probe. */
  received(from: SocketAddress, bytes: Uint8Array): boolean {
    const tag = probeTag(bytes);
    if (tag === null) return false;
    const kept = this.#sessions.get(tag);
    const probe = kept?.codec.decode(bytes) ?? null;
    if (kept === undefined || probe === null) return true;
    const { choice } = kept;
    const outputs = probe.kind === "ask"
      ? choice.questioned(this.#now(), from, probe.number)
      : choice.answered(this.#now(), from, probe.number);
    this.#perform(kept, outputs);
    return true;
  }

  #schedule(): void {
    this.#stopTimer = this.#options.clock.setTimer(SILENT_MS, () => {
      this.#schedule();
      for (const kept of this.#sessions.values()) {
        const { peer, session, choice } = kept;
        const candidates = () => this.#options.candidates(peer);
        this.#perform(kept, choice.tick(this.#now(), session.stats(), candidates));
      }
    });
  }

  #perform({ peer, session, codec }: Kept, outputs: readonly PathOutput[]): void {
    const { engine, log } = this.#options;
    for (const output of outputs) {
      if (output.kind !== "move") {
        engine.sendRaw(output.to, codec.encode(output));
        continue;
      }
      const from = formatAddress(session.remoteAddress);
      const to = formatAddress(output.to);
      session.setPath(output.to);
      log.info("a peer is reached at another address now", { peer, from, to });
    }
  }

  #now() {
    return this.#options.clock.monotonicNow();
  }
}
