// Sending to peers, as far as it goes: what is not sent is found out by the next round.

import type { Envelope, Frame } from "../proto/mod.ts";
import { errorText, type Log, type Mesh, type PeerKey, PollenError } from "../types/mod.ts";

export class Sender {
  readonly #mesh: Mesh<Envelope, Frame>;
  readonly #log: Log;
  /** Whether it was reported that our clock does not fit a datagram any more. */
  #isClockTooLarge = false;

  constructor(mesh: Mesh<Envelope, Frame>, log: Log) {
    this.#mesh = mesh;
    this.#log = log;
  }

  /** Datagrams get lost anyway; the next round repairs what this one did not bring. */
  send(peer: PeerKey, envelope: Envelope): void {
    try {
      this.#mesh.send(peer, envelope);
    } catch (thrown) {
      const reason = errorText(thrown);
      if (envelope.body?.kind !== "clock" || !isTooLarge(thrown) || this.#isClockTooLarge) {
        this.#log.debug("a message was not sent", { peer, reason });
        return;
      }
      this.#isClockTooLarge = true;
      this.#log.warn(
        "this network is too large for pollen/1: lost changes are not repaired any more",
        { reason },
      );
    }
  }

  /** What finds no room is found out by the next digest; what finds no session, by the next one. */
  sendFrame(peer: PeerKey, frame: Frame): void {
    try {
      this.#mesh.sendFrame(peer, frame);
    } catch (thrown) {
      this.#log.debug("a frame was not sent", { peer, reason: errorText(thrown) });
    }
  }
}

function isTooLarge(thrown: unknown): boolean {
  return thrown instanceof PollenError && thrown.code === "too_large";
}
