// Simultaneous open: both ends send to where the other one is seen, each packet opens the sender's
// own router for what comes from there, and the first that arrives has found a way.
//
// Invariant: nothing is sent but to an address that is being punched, and to where a question came
// from that has that address's IP. A stranger's question is not answered.

import {
  type Clock,
  formatAddress,
  type MonotonicMs,
  PollenError,
  type Random,
  type SocketAddress,
} from "../types/mod.ts";
import { decodeProbe, encodeProbe, PROBE_NONCE_BYTES } from "./probe.ts";

/** How long an attempt lasts (pollen/1). */
const PUNCH_TIMEOUT_MS = 3_000;
/** Between two questions: often enough for the other end to come half a second later. */
const PAUSE_MS = 100;
/** Attempts at the same time; each sends ten packets a second. */
const PUNCHES_MAX = 64;
/** Questions that are replied to within one attempt: from a few ports of the other end, some times each. */
const REPLIES_MAX = 64;

/** What punching stands on. */
export interface PuncherDeps {
  readonly clock: Clock;
  /** Draws the nonces. */
  readonly random: Random;
  /** Sends from the socket that the sessions use. */
  send(to: SocketAddress, bytes: Uint8Array): void;
}

interface Punch {
  readonly ip: string;
  readonly nonce: Uint8Array;
  replies: number;
  found(at: SocketAddress): void;
}

export class Puncher {
  readonly #deps: PuncherDeps;
  readonly #punches = new Set<Punch>();

  constructor(deps: PuncherDeps) {
    this.#deps = deps;
  }

  /**
   * Opens a way to `address`, while the other end does the same towards us: at most 3 s.
   *
   * @returns From where the other end was heard: the port may be another one.
   * @throws {PollenError} `unreachable` when it was not, `cancelled`, `exhausted` when 64 are tried already.
   */
  async punch(address: SocketAddress, signal?: AbortSignal): Promise<SocketAddress> {
    if (signal?.aborted) throw cancelled();
    if (this.#punches.size >= PUNCHES_MAX) {
      throw new PollenError("exhausted", `${PUNCHES_MAX} ways to peers are being opened already.`);
    }
    const { clock, random } = this.#deps;
    const nonce = random.bytes(PROBE_NONCE_BYTES);
    const { promise, resolve, reject } = Promise.withResolvers<SocketAddress>();
    const punch = { ip: address.ip, nonce, replies: 0, found: resolve };
    const until = clock.monotonicNow() + PUNCH_TIMEOUT_MS as MonotonicMs;
    let stop = () => {};
    const ask = () => {
      if (clock.monotonicNow() >= until) return reject(unreachable(address));
      this.#deps.send(address, encodeProbe({ kind: "ask", nonce }));
      stop = clock.setTimer(PAUSE_MS, ask);
    };
    const onAbort = () => reject(cancelled());
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#punches.add(punch);
    try {
      ask();
      return await promise;
    } finally {
      stop();
      signal?.removeEventListener("abort", onAbort);
      this.#punches.delete(punch);
    }
  }

  /** Takes a packet that came to our socket; whether it was a probe. */
  received(from: SocketAddress, bytes: Uint8Array): boolean {
    const probe = decodeProbe(bytes);
    if (probe === null) return false;
    for (const punch of this.#punches) {
      if (punch.ip !== from.ip) continue;
      if (probe.kind === "answer") {
        if (probe.nonce.toHex() === punch.nonce.toHex()) punch.found(from);
      } else if (punch.replies++ < REPLIES_MAX) {
        this.#deps.send(from, encodeProbe({ kind: "answer", nonce: probe.nonce }));
        // Its router may show it at another port than the one we were told.
        this.#deps.send(from, encodeProbe({ kind: "ask", nonce: punch.nonce }));
        break;
      }
    }
    return true;
  }
}

function unreachable(address: SocketAddress): PollenError {
  return new PollenError("unreachable", `punch ${formatAddress(address)}: peer unreachable.`);
}

function cancelled(): PollenError {
  return new PollenError("cancelled", "Nobody waits for the peer any longer.");
}
