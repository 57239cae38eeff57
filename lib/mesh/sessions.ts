// The sessions with members, from the verdict to the end: which of them a peer's current one is, what
// serves each, and who hears of it.
//
// The invariant: a session is admitted only after its certificate was verified, and at most one
// session per peer is current.

import {
  ALPN_MEMBER_2,
  type Clock,
  DRAIN_MS_MAX,
  errorText,
  type LimitCounter,
  type Log,
  type LogThrottle,
  type PeerEvent,
  type PeerKey,
  PeerRateLimiter,
  RESTART_PAUSE_MS,
  RESTARTS_MAX,
  type Session,
  type SessionEnd,
  type SessionWatcher,
  showAddress,
  type Tasks,
} from "../types/mod.ts";
import { refusalText } from "./ends.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import type { HeldSockets } from "./held_sockets.ts";
import type { Links } from "./links.ts";
import type { Paths } from "./paths.ts";
import { CloseReason } from "./protocol.ts";
import type { Member, SessionRegistry } from "./registry.ts";
import { Reports } from "./reports.ts";
import type { Verdict } from "./verdict.ts";

export interface SessionsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** For what others can cause as often as they like. */
  readonly throttledLog: LogThrottle;
  /** Takes what finds no room. */
  readonly limits: LimitCounter;
  readonly tasks: Tasks;
  readonly verdict: Verdict;
  readonly gatekeeper: Gatekeeper;
  readonly heldSockets: HeldSockets;
  /** Who is connected; nobody else changes it. */
  readonly registry: SessionRegistry;
  readonly links: Links;
  readonly paths: Paths;
}

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #reports: Reports;
  readonly #restarts = new PeerRateLimiter(RESTARTS_MAX, RESTART_PAUSE_MS);
  #isClosed = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
    const { links, paths, limits } = options;
    this.#reports = new Reports({
      limits,
      pathOf: (session) => paths.of(session),
      protocolOf: (session) => links.protocolOf(session),
    });
  }

  /** The next session that began or ended, in order; null once closed. */
  nextEvent(): Promise<PeerEvent | null> {
    return this.#reports.next();
  }

  /** Tells of the sessions that are there, then of every change in the moment in which it happens. */
  watch(watcher: SessionWatcher): void {
    const { registry } = this.#options;
    this.#reports.setWatcher(watcher);
    for (const { peer, session } of registry.all()) watcher.admitted(peer, session);
    for (const peer of registry.peers()) watcher.changed(peer, registry.get(peer));
  }

  /** Takes a verified session in, closes the one it displaces, and serves it. */
  admit(peer: PeerKey, session: Session): void {
    if (this.#isClosed) return session.close(CloseReason.shutdown);
    const { clock, log, registry } = this.#options;
    const member: Member = { peer, session, addedAtMs: clock.monotonicNow() };
    if (registry.isRestart(member)) {
      if (!this.#mayRestart(member)) return session.close(CloseReason.duplicate);
      log.info("peer restarted", { peer });
    }
    const added = registry.add(member);
    if (added.kind === "refused") return session.close(CloseReason.duplicate);
    if (added.kind === "current") {
      for (const loser of added.losers) loser.session.close(CloseReason.replaced);
    }
    // Beside the current one there may be many, and a member is to have the bounds of one session.
    this.#serve(member, { narrow: added.kind !== "current" });
    if (added.kind === "draining") this.#drain(session);
    if (added.kind !== "current") return;
    this.#reports.connected(peer, session);
    // Only now does nothing lead to them any more.
    for (const loser of added.draining) this.#drain(loser.session);
  }

  /** Ends every session with this peer. Idempotent, also for a peer nobody knows. */
  closePeer(peer: PeerKey, reason: string): void {
    const { registry } = this.#options;
    const wasConnected = registry.get(peer) !== null;
    // Those beside the current one go too: a peer that was cut off must not come back by one of them.
    for (const { session } of registry.removeAll(peer)) session.close(reason);
    if (wasConnected) {
      this.#reports.disconnected(peer, { kind: "local", errorCode: 0, reason });
    }
  }

  /** Ends the sessions whose peer would not be let in any more: expired, or revoked. */
  recheck(): void {
    const { registry, verdict, log } = this.#options;
    for (const peer of registry.peers()) {
      const session = registry.get(peer);
      if (session === null) continue;
      try {
        verdict.recheck(session, peer);
      } catch (thrown) {
        const reason = errorText(thrown);
        log.warn("a peer is no member any more", { peer, reason });
        this.closePeer(peer, refusalText(reason));
      }
    }
  }

  /** The session goes another way now. */
  moved(peer: PeerKey, session: Session): void {
    this.#options.heldSockets.hold(session);
    if (this.#options.registry.get(peer) === session) this.#reports.moved(peer, session);
  }

  /** Nothing is heard over the session. */
  silent(peer: PeerKey, session: Session): void {
    if (this.#options.registry.get(peer) === session) this.#reports.silent(peer);
  }

  /** Ends every session with this reason and takes none any more. Idempotent. */
  close(reason: string): void {
    this.#isClosed = true;
    for (const { session } of this.#options.registry.close()) session.close(reason);
    this.#reports.close();
  }

  #mayRestart({ peer, session, addedAtMs }: Member): boolean {
    if (this.#restarts.allow(peer, addedAtMs)) return true;
    const address = showAddress(session.remoteAddress);
    this.#options.throttledLog.warn(
      "a peer replaces its session too often; do two machines share its key?",
      { peer, address },
    );
    return false;
  }

  #serve({ peer, session }: Member, { narrow }: { readonly narrow: boolean }): void {
    const { paths, gatekeeper, heldSockets, links, tasks } = this.#options;
    paths.begin(session);
    gatekeeper.memberSeen(session.remoteAddress.ip, session);
    heldSockets.hold(session);
    session.admit({ narrow });
    this.#reports.admitted(peer, session);
    tasks.run(links.serve(peer, session));
    if (session.alpn === ALPN_MEMBER_2) tasks.run(paths.keep(peer, session));
    tasks.run(session.closed.then((end) => {
      heldSockets.release(session);
      this.#forget(peer, session, end);
    }));
  }

  /** Lets what was begun on a session go on to its end, for as long as that may take. */
  #drain(session: Session): void {
    const { links, clock, tasks } = this.#options;
    links.supersede(session);
    const giveUp = () => session.close(CloseReason.replaced);
    const stopTimer = clock.setTimer(DRAIN_MS_MAX, giveUp);
    tasks.run(session.closed.then(stopTimer));
  }

  #forget(peer: PeerKey, session: Session, end: SessionEnd): void {
    const removed = this.#options.registry.remove(peer, session);
    if (removed.kind === "gone") return this.#reports.disconnected(peer, end);
    if (removed.kind !== "succeeded") return;
    removed.successor.session.admit();
    this.#reports.connected(peer, removed.successor.session);
  }
}
