// Whether a path still carries what we send, from the counters of its session alone. Pure.
//
//   a look in which we sent and nothing came, and the one after it       the path is silent
//   a second look in which we sent, and two more, and still nothing      it is dead
//
// An answer to a question of ours ends silence for a while: the path may carry nothing else. Only what
// comes of the session takes death back. Why two looks in which we sent: one alone may have been an
// acknowledgement, to which nobody answers; QUIC repeats anything else. Where it does so within half a
// second (its probe timeout, RFC 9002: a round trip of 400 ms that is steady), a path that carries
// nothing is dead 1.5 to 2.5 s after the first packet that was lost on it.
//
// Time is counted in looks, and one that came late counts for nothing: this process had no turn, and
// neither may have had what brings in packets.

/** Between two looks, in milliseconds. */
export const LOOK_MS = 500;
/** Looks in which we sent and nothing came that make sure that an answer was due. */
const VAIN_LOOKS = 2;
/** Looks after those that an answer may take. */
const DEAD_LOOKS = 2;
/** Looks between two sends of which the second does not repeat the first any more. */
const APART_LOOKS = 10;

/** Bytes of a session so far. */
export interface Traffic {
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

export class Hearing {
  #bytesSent = 0;
  #bytesReceived = 0;
  /** Looks since, and with, the first in which we sent and heard nothing, no answer either; else 0. */
  #waited = 0;
  /** Looks in which we sent and nothing of the session came, up to `VAIN_LOOKS`. */
  #vain = 0;
  /** Looks since the last of these. */
  #sinceVain = 0;

  /** Whether nothing is heard although we send. */
  get isSilent(): boolean {
    return this.#waited > 1 || this.isDead;
  }

  /** Whether it stays so, whatever questions are answered. */
  get isDead(): boolean {
    return this.#vain === VAIN_LOOKS && this.#sinceVain >= DEAD_LOOKS;
  }

  /**
   * Looks at the counters.
   *
   * @param isLate Whether it came later than it was due.
   * @returns Whether something of the session came since the last look, and whether something went.
   */
  look(
    traffic: Traffic,
    isLate: boolean,
  ): { readonly hasSent: boolean; readonly hasReceived: boolean } {
    const hasSent = traffic.bytesSent > this.#bytesSent;
    const hasReceived = traffic.bytesReceived > this.#bytesReceived;
    // What was sent meanwhile counts with the next look.
    if (isLate && !hasReceived) return { hasSent, hasReceived };
    this.#bytesSent = traffic.bytesSent;
    this.#bytesReceived = traffic.bytesReceived;
    if (hasReceived) this.begin();
    else this.#wait(hasSent);
    return { hasSent, hasReceived };
  }

  /** The path answered a question. */
  answered(): void {
    this.#waited = 0;
  }

  /** It is another path now. */
  begin(): void {
    this.#waited = 0;
    this.#vain = 0;
    this.#sinceVain = 0;
  }

  #wait(hasSent: boolean): void {
    if (hasSent || this.#waited > 0) this.#waited++;
    this.#sinceVain++;
    if (!hasSent || this.#vain === VAIN_LOOKS) return;
    this.#vain = this.#sinceVain > APART_LOOKS ? 1 : this.#vain + 1;
    this.#sinceVain = 0;
  }
}
