// How much each carried relay may pass, so that a member gets no more than the limit over all of its
// relays together, whoever asked for them. Pure.
//
// A quarter of the limit is for all relays of a member in equal parts, so that each may begin at any
// moment; the rest is for those in use, in equal parts. A relay has two ends and gets what the poorer
// one has for it.

import { CARRIED_BYTES_PER_SECOND_MIN, type PeerKey } from "../types/mod.ts";

/** The part of a member's limit that its relays have whether they are in use or not. */
const LEAST_PART = 1 / 4;

export interface SharedRelay {
  readonly ends: readonly [PeerKey, PeerKey];
  readonly isInUse: boolean;
}

/** In bytes per second, in each direction. */
export interface Share {
  /** What it has also when it is not in use. */
  readonly least: number;
  /** What it has now. */
  readonly now: number;
}

interface Member {
  relays: number;
  inUse: number;
}

/**
 * The shares of those relays at a limit in bytes per second that have one of the `ends`. The least that the engine takes goes to each of them, even where a member has so many that
 * this is more than its limit.
 *
 * @param relays All of them.
 */
export function shareLimit<R extends SharedRelay>(
  limit: number,
  relays: readonly R[],
  ends: ReadonlySet<PeerKey>,
): Map<R, Share> {
  const members = new Map<PeerKey, Member>();
  for (const { ends, isInUse } of relays) {
    for (const end of ends) {
      let member = members.get(end);
      if (member === undefined) members.set(end, member = { relays: 0, inUse: 0 });
      member.relays += 1;
      if (isInUse) member.inUse += 1;
    }
  }
  const meant = relays.filter(({ ends: [one, other] }) => ends.has(one) || ends.has(other));
  return new Map(meant.map((relay) => {
    const [one, other] = relay.ends.map((end) => shareOf(limit, members.get(end)!, relay.isInUse));
    const share = {
      least: Math.min(one!.least, other!.least),
      now: Math.min(one!.now, other!.now),
    };
    return [relay, share];
  }));
}

/** What a member has for one of its relays. As long as none is in use, all of them are alike. */
function shareOf(limit: number, { relays, inUse }: Member, isInUse: boolean): Share {
  const least = Math.max(CARRIED_BYTES_PER_SECOND_MIN, limit * LEAST_PART / relays);
  const rest = Math.max(0, limit - least * relays);
  if (inUse === 0) return { least, now: least + rest / relays };
  return { least, now: isInUse ? least + rest / inUse : least };
}
