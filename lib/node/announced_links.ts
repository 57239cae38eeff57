// When a node tells the others how its sessions go: their ways and round trips, which are for people
// to look at. It is told seldom, and only when it is news, so that a quiet network stays quiet.
//
// Who is connected at all is an event of its own, at once; so a session that ended is no reason to say
// anything here.

import { encodeLinks, type LinkName, linkName, type SaidLink, type Store } from "../store/mod.ts";
import type { SignedPage } from "../proto/mod.ts";
import { addMs, type Clock, type Mesh, type MonotonicMs, type PeerPath } from "../types/mod.ts";

/** Between two announcements. */
const PAUSE_MS = 60_000;
/**
 * The same for each session, if that is more: both the size of an announcement and the number of those
 * who hear it grow with the sessions. A node with a hundred sends 350 bytes per second at most.
 */
const PAUSE_MS_PER_SESSION = 3_000;
/** A round trip is news that has changed by more than this share, and by more than so many milliseconds. */
const NEWS_SHARE = 0.25;
const NEWS_MS = 2;

export interface AnnouncedLinksDeps {
  readonly store: Pick<Store, "agents" | "local">;
  readonly mesh: Pick<Mesh<unknown, unknown>, "connectedPeers" | "peerPath">;
  readonly clock: Pick<Clock, "monotonicNow" | "wallNow">;
}

export class AnnouncedLinks {
  readonly #deps: AnnouncedLinksDeps;
  #pausedUntil: MonotonicMs | null = null;

  constructor(deps: AnnouncedLinksDeps) {
    this.#deps = deps;
  }

  /** What is to be told now: to be called now and then. Null for nothing. */
  look(): SignedPage | null {
    const { store: { agents, local }, mesh, clock } = this.#deps;
    const now = clock.monotonicNow();
    if (this.#pausedUntil !== null && now < this.#pausedUntil) return null;
    const links = new Map(
      mesh.connectedPeers().flatMap((peer) => {
        const path = mesh.peerPath(peer);
        return path === null ? [] : [[linkName(peer), saidOf(path)] as const];
      }),
    );
    if (!isNews(links, agents.links(local))) return null;
    this.#pausedUntil = addMs(now, Math.max(PAUSE_MS, PAUSE_MS_PER_SESSION * links.size));
    return agents.publishLinks(encodeLinks(links), clock.wallNow());
  }
}

function saidOf({ address, carrier, rttMs }: PeerPath): SaidLink {
  return {
    isRelayed: address === null,
    carrier: address !== null || carrier === null ? null : linkName(carrier),
    rttMs: Number.isFinite(rttMs) && rttMs > 0 ? rttMs : null,
  };
}

function isNews(
  links: ReadonlyMap<LinkName, SaidLink>,
  told: ReadonlyMap<LinkName, SaidLink>,
): boolean {
  for (const [name, { isRelayed, carrier, rttMs }] of links) {
    const before = told.get(name);
    if (before === undefined || before.isRelayed !== isRelayed || before.carrier !== carrier) {
      return true;
    }
    const change = Math.abs((rttMs ?? 0) - (before.rttMs ?? 0));
    if (change > NEWS_MS && change > NEWS_SHARE * (before.rttMs ?? 0)) return true;
  }
  return false;
}
