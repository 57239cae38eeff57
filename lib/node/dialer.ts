// Dialling peers: so many at a time, with a time limit each, and a word to people when a peer is
// not the one it should be. Who is dialled when is the core's decision.

import type { Envelope, Frame } from "../proto/mod.ts";
import {
  DIALS_MAX,
  errorText,
  type Log,
  type Mesh,
  type PeerKey,
  PollenError,
  REFUSALS_REMEMBERED_MAX,
  type SocketAddress,
  toPollenError,
} from "../types/mod.ts";

/** How long one attempt to connect to a peer may take (pollen/1). */
const DIAL_TIMEOUT_MS = 2_000;

export interface DialerDeps {
  readonly mesh: Mesh<Envelope, Frame>;
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
  /** Peers to whom a way is being opened. */
  readonly #punching = new Set<PeerKey>();
  #running = 0;
  #isUnanswered = false;

  constructor(deps: DialerDeps) {
    this.#deps = deps;
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
    if (this.#running >= DIALS_MAX) return false;
    this.#running++;
    try {
      await this.connect(peer, names, addresses);
      this.#refusals.delete(peer);
      this.#isUnanswered = false;
      return true;
    } catch (thrown) {
      const error = toPollenError(thrown);
      this.#isUnanswered = error.code === "timeout";
      this.#report(peer, error);
      return false;
    } finally {
      this.#running--;
    }
  }

  /** Opens a way to a peer that does the same, and dials it there; whether there is a session now. Never throws. */
  async punch(peer: PeerKey, address: SocketAddress): Promise<boolean> {
    const { mesh, signal } = this.#deps;
    if (this.#punching.has(peer) || this.#running >= DIALS_MAX) return false;
    this.#punching.add(peer);
    this.#running++;
    try {
      const found = await mesh.punch(address, signal);
      await mesh.connect(peer, [found], { timeoutMs: DIAL_TIMEOUT_MS, signal });
      // If there was a session already, it may go there from now on.
      mesh.suggestPath(peer, found);
      return true;
    } catch (thrown) {
      this.#report(peer, toPollenError(thrown));
      return mesh.peerLink(peer) !== null;
    } finally {
      this.#punching.delete(peer);
      this.#running--;
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

function noAddress(names: readonly string[]): PollenError {
  const text = names.length === 0
    ? "No address of the node is known."
    : `None of these addresses can be resolved: ${names.join(", ")}.`;
  return new PollenError("unreachable", text, { fix: "Write each as host:port." });
}
