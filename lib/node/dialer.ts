// Dialling peers: so many at a time, with a time limit each, and a word to people when a peer is
// not the one it should be. Who is dialled when is the core's decision.

import type { Envelope, Frame } from "../proto/mod.ts";
import {
  type Clock,
  DIALS_MAX,
  errorText,
  formatAddress,
  type Log,
  type Mesh,
  type PeerKey,
  PollenError,
  REFUSALS_REMEMBERED_MAX,
  type SocketAddress,
  toPollenError,
} from "../types/mod.ts";
import type { Punch } from "./punching.ts";

/** How long one attempt to connect to a peer may take (pollen/1). */
const DIAL_TIMEOUT_MS = 2_000;
/** How often a session asks at the address that a punch has found, and milliseconds between. */
const MOVE_QUESTIONS = 8;
const MOVE_PAUSE_MS = 250;

/** What the newest attempt counts for in how long they take. */
const NEWEST_SHARE = 0.25;

export interface DialerDeps {
  readonly mesh: Mesh<Envelope, Frame>;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends all attempts. */
  readonly signal: AbortSignal;
  /** The socket addresses of `host:port` texts; names that do not resolve are left out. */
  resolve(addresses: readonly string[]): Promise<SocketAddress[]>;
}

export class Dialer {
  readonly #deps: DialerDeps;
  /** Why peers were last refused. */
  readonly #refusals = new Map<PeerKey, string>();
  /** Peers to whom a way is being opened, and what comes of it. */
  readonly #punching = new Map<PeerKey, Promise<boolean>>();
  #running = 0;
  /** Attempts that wait for another one to end, by peer. */
  readonly #waiting = new Map<PeerKey, () => void>();
  #tookMs = 0;
  #isUnanswered = false;

  constructor(deps: DialerDeps) {
    this.#deps = deps;
  }

  /** How many attempts are under way. */
  get running(): number {
    return this.#running;
  }

  /** How long attempts have taken of late that led to a session, in milliseconds; 0 before the first. */
  get tookMs(): number {
    return this.#tookMs;
  }

  /** Whether the last peer that was tried said nothing at all. */
  get isUnanswered(): boolean {
    return this.#isUnanswered;
  }

  /** Tries to connect with the peer; whether there is a session now. Never throws. */
  async attempt(
    peer: PeerKey,
    addresses: readonly SocketAddress[],
    names: readonly string[],
  ): Promise<boolean> {
    if (this.#waiting.has(peer)) return false;
    if (this.#running >= DIALS_MAX) await this.#turn(peer);
    this.#running++;
    const { clock } = this.#deps;
    const from = clock.monotonicNow();
    try {
      await this.connect(peer, names, addresses);
      this.#tookMs += (clock.monotonicNow() - from - this.#tookMs) * NEWEST_SHARE;
      this.#refusals.delete(peer);
      this.#isUnanswered = false;
      return true;
    } catch (thrown) {
      const error = toPollenError(thrown);
      this.#isUnanswered = error.code === "timeout";
      this.#report(peer, error);
      return false;
    } finally {
      this.#leave();
    }
  }

  /** Resolves when there is room. Where very many peers come at once they wait, and do not fail. */
  async #turn(peer: PeerKey): Promise<void> {
    while (this.#running >= DIALS_MAX) {
      await new Promise<void>((resolve) => this.#waiting.set(peer, resolve));
    }
  }

  #leave(): void {
    this.#running--;
    for (const [peer, wake] of this.#waiting) {
      this.#waiting.delete(peer);
      return wake();
    }
  }

  /** Opens a way to a peer that does the same, and dials it there; whether there is a session now. Never throws. */
  punch(punch: Punch): Promise<boolean> {
    const { peer } = punch;
    // Both ends asked for it: one attempt answers both.
    const running = this.#punching.get(peer);
    if (running !== undefined) return running;
    if (this.#running >= DIALS_MAX) return Promise.resolve(false);
    const attempt = this.#punch(punch).finally(() => this.#punching.delete(peer));
    this.#punching.set(peer, attempt);
    return attempt;
  }

  async #punch({ peer, address, part }: Punch): Promise<boolean> {
    const { mesh, log, signal } = this.#deps;
    this.#running++;
    log.debug("a way to a peer is being opened", { peer, at: formatAddress(address), part });
    try {
      const punched = await mesh.punch(address, { part, signal });
      try {
        await mesh.connect(peer, [punched.peer], { timeoutMs: DIAL_TIMEOUT_MS, signal });
        await this.#moveTo(peer, punched.peer);
      } finally {
        punched.release();
      }
      return true;
    } catch (thrown) {
      this.#report(peer, toPollenError(thrown));
      return mesh.peerLink(peer) !== null;
    } finally {
      this.#leave();
    }
  }

  /** If there was a relayed session already, it may go there from now on; a question may get lost. */
  async #moveTo(peer: PeerKey, address: SocketAddress): Promise<void> {
    const { mesh, clock, signal } = this.#deps;
    for (let asked = 0; asked < MOVE_QUESTIONS && !signal.aborted; asked++) {
      const carrier = mesh.peerPath(peer)?.carrier ?? null;
      if (carrier === null) return;
      mesh.suggestPath(peer, address);
      await pause(MOVE_PAUSE_MS, clock, signal);
    }
  }

  /**
   * Connects with the peer now, unless there is a session already.
   *
   * @throws {PollenError} `unreachable` without any address; what `Mesh.connect` throws.
   */
  async connect(
    peer: PeerKey,
    names: readonly string[],
    addresses: readonly SocketAddress[] = [],
  ): Promise<void> {
    const { mesh, resolve, signal } = this.#deps;
    const resolved = names.length === 0 ? [] : await resolve(names);
    // What a person configured comes first: a dial takes so many addresses, and others may tell more.
    const all = [...resolved, ...addresses];
    if (all.length === 0) throw noAddress(names);
    await mesh.connect(peer, all, { timeoutMs: DIAL_TIMEOUT_MS, signal });
  }

  /** A lost path is everyday; a refusal is for a person to know, once as long as it stays the same. */
  #report(peer: PeerKey, error: PollenError): void {
    const reason = errorText(error);
    const isRefusal = ["identity_mismatch", "unauthenticated", "refused"].includes(error.code);
    if (!isRefusal || this.#refusals.get(peer) === reason) {
      this.#deps.log.debug("a peer was not reached", { peer, reason });
      return;
    }
    if (this.#refusals.size >= REFUSALS_REMEMBERED_MAX) this.#refusals.clear();
    this.#refusals.set(peer, reason);
    this.#deps.log.warn("a peer is not the one it should be, or refuses us", { peer, reason });
  }
}

function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      stopTimer();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const stopTimer = clock.setTimer(ms, end);
    signal.addEventListener("abort", end, { once: true });
  });
}

function noAddress(names: readonly string[]): PollenError {
  const text = names.length === 0
    ? "No address of the node is known."
    : `None of these addresses can be resolved: ${names.join(", ")}.`;
  return new PollenError("unreachable", text, { fix: "Write each as host:port." });
}
