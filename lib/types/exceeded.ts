// What the limits refused: each counted by its name, and logged once a minute at most. Whoever
// reaches one as often as he likes fills no log, and whoever looks for what is lost finds it.

import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import { LogThrottle } from "./log_throttle.ts";

/** By limit, what there was too much of, and what becomes of the rest. */
const TEXTS = {
  // Strangers.
  handshakes: "attempts to reach this node; further ones are refused",
  invite_sessions: "strangers redeem invites; further ones are turned away",
  invite_requests: "requests of one who redeems an invite; its session is closed",
  raw_packets_waiting: "packets that are not QUIC wait; the oldest is lost",
  strays_waiting: "addresses that packets of a session came from; the oldest is forgotten",
  // Members, by their sessions.
  sessions_waiting: "sessions wait to be looked at; further ones are closed",
  path_answers:
    "questions of a session's peer from where it is heard; further ones are not answered",
  standby_sessions: "sessions of one peer stand by; further ones are closed",
  peer_events_waiting: "changes of sessions wait; new sessions are closed",
  notices_waiting: "notices of the engine wait; the oldest is lost",
  datagrams_waiting: "datagrams of one session wait; the oldest is lost",
  streams_waiting: "streams of one session wait; further ones are reset",
  unruled_streams_waiting: "streams wait for the tunnels; further ones are reset",
  envelopes_waiting: "envelopes of one peer wait; the oldest is lost",
  envelopes_unsent: "datagrams wait for the way to a peer; further ones are lost",
  frames_unsent: "frames wait to be read by a peer; further ones are not sent",
  redemptions_pending:
    "requests to redeem invites, passed on by members, wait; further ones are reset",
  redemption_requests:
    "requests to redeem invites, passed on by or to one member; they are put off",
  // Members, by what they say.
  memberships: "members; no membership of another one is kept",
  memberships_told: "memberships that one peer tells of; further ones are not looked at",
  authors: "members say something; nothing of further ones is kept",
  unsigned_authors: "names in which unsigned events speak; nothing of further ones is kept",
  attributes: "things that one member says of itself; further ones are not kept",
  unsigned_attributes: "things that unsigned events say; further ones are not kept",
  counter_jump: "numbers left out by the unsigned events of an author; such events are not taken",
  ghosts: "things that others say in this node's name; further ones are not taken back",
  agent_pages: "pages of agents; further ones are not kept",
  observers: "peers say where they see this node; further ones are not heard",
  summaries: "summaries of one peer; further ones are not answered",
  agent_summaries: "summaries of agents of one peer; further ones are not answered",
  punch_requests: "requests of one peer to be led to others; further ones are not answered",
  punch_triggers: "words of one peer where others are; further ones are not followed",
  punches: "ways through routers are tried; further ones are not",
  relay_requests: "requests of one peer for relays; further ones are not answered",
  relays_carried: "relays are carried for a member, or for all; further ones are refused",
  relay_grants: "relays granted by one carrier; further ones are not taken",
} as const satisfies Readonly<Record<string, string>>;

/** A limit that others can reach, as status and log name it. */
export type LimitName = keyof typeof TEXTS;

/** Takes what found a limit reached. */
export interface LimitCounter {
  /**
   * Never throws.
   *
   * @param by How often, at least 1. Default 1.
   */
  count(limit: LimitName, by?: number): void;
}

/** Counts nothing. */
export const uncounted: LimitCounter = { count() {} };

/** Counts and logs what found a limit reached. */
export class ExceededLimits implements LimitCounter {
  readonly #log: LogThrottle;
  readonly #totals = new Map<LimitName, number>();

  constructor(log: Log, clock: Clock) {
    this.#log = new LogThrottle(log, clock);
  }

  count(limit: LimitName, by = 1): void {
    this.#totals.set(limit, (this.#totals.get(limit) ?? 0) + by);
    this.#log.warn(`limit reached: too many ${TEXTS[limit]}`, { limit }, by);
  }

  /** How often each limit refused something since the start, as far as it did. */
  totals(): ReadonlyMap<LimitName, number> {
    return new Map(this.#totals);
  }

  /** Logs what was counted and not logged yet. Nothing waits afterwards. Idempotent. */
  close(): void {
    this.#log.close();
  }
}
