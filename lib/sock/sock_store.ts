// Simultaneous open: both ends send to where the other one is seen, each packet opens the sender's
// own router for what comes from there, and the first that arrives has found a way. What is sent
// stands in volleys.ts.
//
// Invariant: nothing is sent but to the IP of an attempt, and no more than PUNCH_PACKETS_MAX says;
// no more than PUNCHES_PER_IP_MAX attempts go to one IP, whoever wants them. A stranger's question is
// not answered.

import {
  addMs,
  type Clock,
  type ExtraSocket,
  type FaultKind,
  formatAddress,
  type LimitCounter,
  type MonotonicMs,
  PollenError,
  PUNCH_REPLIES_MAX,
  PUNCHES_MAX,
  PUNCHES_PER_IP_MAX,
  type PunchOptions,
  type PunchPart,
  type Random,
  readWay,
  type SocketAddress,
  uncounted,
} from "../types/mod.ts";
import { Conn, Sockets } from "./conn.ts";
import { decodeProbe, encodeProbe, PROBE_NONCE_BYTES } from "./probe.ts";
import { HARD_SOCKETS, VOLLEY_MS, volleys } from "./volleys.ts";

/** How long an end that has found the other one goes on to answer, so that it is found as well. */
const ANSWERS_ON_MS = 2_000;

/**
 * Faults after which the many packets of a strict router's attempt make no mappings: this machine
 * takes no more of them (Linux says so as well when its own table of connections is full), or one of
 * our sockets is gone.
 */
const ENDING_FAULTS: ReadonlySet<FaultKind> = new Set(["denied", "broken"]);

/** What punching stands on. */
export interface SockStoreDeps {
  readonly clock: Clock;
  /** Draws nonces and ports. */
  readonly random: Random;
  /** Takes what finds no room. Default: nobody does. */
  readonly limits?: LimitCounter;
  /** Sends a raw packet, also over ways of extra sockets. */
  send(to: SocketAddress, bytes: Uint8Array): void;
  /** Opens an extra socket. */
  openSocket(): Promise<ExtraSocket>;
}

/** An attempt that runs, its sockets included. */
interface Running {
  readonly ip: string;
  /** Whether it is one of a strict router: there is one of these at a time. */
  readonly isUnequal: boolean;
  /** Ends it, with the error that is its reason. */
  readonly end: AbortController;
}

/** An attempt that runs, or has found the other end and still answers it. */
interface Attempt {
  readonly ip: string;
  readonly nonce: string;
  readonly question: Uint8Array;
  repliesLeft: number;
  /** From when on it answers no more; null while it runs. */
  silentFrom: MonotonicMs | null;
  found(at: SocketAddress): void;
}

export class SockStore {
  readonly #deps: SockStoreDeps;
  readonly #sockets: Sockets;
  readonly #attempts = new Set<Attempt>();
  readonly #running = new Set<Running>();

  constructor(deps: SockStoreDeps) {
    this.#deps = deps;
    this.#sockets = new Sockets(() => deps.openSocket());
  }

  /**
   * Opens a way to `address`, while the other end does the same towards us: at most 3 s, 4 s of
   * unequal ends.
   *
   * @returns Where the other end was heard: the port may be another one, the path one over a socket of
   *   its own. It stays open until the hold is released.
   * @throws {PollenError} `unreachable` when it was not, `cancelled`, `exhausted` when 64 are tried
   *   already, 16 at that IP, or one of unequal ends; `io` when the latter was given up because our
   *   sockets fail; what opening the sockets threw.
   */
  async punch(address: SocketAddress, options: PunchOptions = {}): Promise<Conn> {
    const { part = "equal", signal } = options;
    if (signal?.aborted) throw cancelled();
    const end = new AbortController();
    const running: Running = { ip: address.ip, isUnequal: part !== "equal", end };
    const obstacle = this.#obstacleTo(running);
    if (obstacle !== null) {
      (this.#deps.limits ?? uncounted).count("punches");
      throw exhausted(obstacle);
    }
    this.#running.add(running);
    const onAbort = () => end.abort(cancelled());
    signal?.addEventListener("abort", onAbort, { once: true });
    let sockets: readonly number[] = [];
    try {
      if (part === "hard") sockets = await this.#sockets.open(HARD_SOCKETS);
      const at = await this.#attempt(address, part, sockets, end.signal);
      return this.#sockets.hold(at);
    } finally {
      for (const socket of sockets) this.#sockets.release(socket);
      signal?.removeEventListener("abort", onAbort);
      this.#running.delete(running);
    }
  }

  /** Keeps the socket that leads to an address open, for a session whose path it is. */
  hold(peer: SocketAddress): Conn {
    return this.#sockets.hold(peer);
  }

  /** The engine reports a fault of its sockets: the attempt of a strict router stops, if it is one of that. */
  faulted(fault: FaultKind): void {
    if (!ENDING_FAULTS.has(fault)) return;
    for (const { isUnequal, end } of this.#running) if (isUnequal) end.abort(failing());
  }

  /** Takes a packet that came to one of our sockets; whether it was a probe. */
  received(from: SocketAddress, bytes: Uint8Array): boolean {
    const probe = decodeProbe(bytes);
    if (probe === null) return false;
    const way = readWay(from);
    if (way?.kind === "relay") return true;
    const { ip } = way?.address ?? from;
    const attempts = this.#attemptsAt(ip);
    if (probe.kind === "answer") {
      const nonce = probe.nonce.toHex();
      attempts.find((attempt) => attempt.nonce === nonce)?.found(from);
      return true;
    }
    const asked = attempts.find(({ repliesLeft }) => repliesLeft > 0);
    if (asked === undefined) return true;
    asked.repliesLeft--;
    this.#deps.send(from, encodeProbe({ kind: "answer", nonce: probe.nonce }));
    // Its router may show it at another port than the one we were told.
    if (asked.silentFrom === null) this.#deps.send(from, asked.question);
    return true;
  }

  /** Those that run and leave no room for one more; null where there is room. */
  #obstacleTo({ ip, isUnequal }: Running): string | null {
    const running = [...this.#running];
    if (running.length >= PUNCHES_MAX) return `${PUNCHES_MAX} ways to peers are`;
    if (isUnequal && running.some((other) => other.isUnequal)) {
      return "A way through a strict router is";
    }
    const isCrowded = running.filter((other) => other.ip === ip).length >= PUNCHES_PER_IP_MAX;
    return isCrowded ? `${PUNCHES_PER_IP_MAX} ways to this IP are` : null;
  }

  async #attempt(
    address: SocketAddress,
    part: PunchPart,
    sockets: readonly number[],
    /** Its reason is the error. */
    signal: AbortSignal,
  ): Promise<SocketAddress> {
    const { clock, random } = this.#deps;
    const nonce = random.bytes(PROBE_NONCE_BYTES);
    const question = encodeProbe({ kind: "ask", nonce });
    const { promise, resolve, reject } = Promise.withResolvers<SocketAddress>();
    const plan = volleys(part, address, { sockets, random });
    let stop = () => {};
    const fire = () => {
      const { value, done } = plan.next();
      if (done) return reject(unreachable(address));
      for (const to of value) this.#deps.send(to, question);
      stop = clock.setTimer(VOLLEY_MS, fire);
    };
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const attempt: Attempt = {
      ip: address.ip,
      nonce: nonce.toHex(),
      question,
      repliesLeft: PUNCH_REPLIES_MAX,
      silentFrom: null,
      found: resolve,
    };
    this.#add(attempt);
    try {
      if (signal.aborted) throw signal.reason;
      fire();
      const at = await promise;
      attempt.silentFrom = addMs(clock.monotonicNow(), ANSWERS_ON_MS);
      return at;
    } finally {
      stop();
      signal.removeEventListener("abort", onAbort);
      if (attempt.silentFrom === null) this.#attempts.delete(attempt);
    }
  }

  /** The attempts at an IP, those that run first. */
  #attemptsAt(ip: string): Attempt[] {
    const now = this.#deps.clock.monotonicNow();
    const running: Attempt[] = [];
    const answering: Attempt[] = [];
    for (const attempt of this.#attempts) {
      if (attempt.ip !== ip) continue;
      if (attempt.silentFrom === null) running.push(attempt);
      else if (attempt.silentFrom > now) answering.push(attempt);
    }
    return [...running, ...answering];
  }

  /** Those that only answer make room. */
  #add(attempt: Attempt): void {
    for (const other of this.#attempts) {
      if (this.#attempts.size < PUNCHES_MAX) break;
      if (other.silentFrom !== null) this.#attempts.delete(other);
    }
    this.#attempts.add(attempt);
  }
}

function exhausted(what: string): PollenError {
  return new PollenError("exhausted", `${what} being opened already.`);
}

function unreachable(address: SocketAddress): PollenError {
  return new PollenError("unreachable", `punch ${formatAddress(address)}: peer unreachable.`);
}

function failing(): PollenError {
  return new PollenError(
    "io",
    "The way through a strict router is given up: this machine refuses packets, or lost a socket.",
  );
}

function cancelled(): PollenError {
  return new PollenError("cancelled", "Nobody waits for the peer any longer.");
}
