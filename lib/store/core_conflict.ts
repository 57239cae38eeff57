// What to answer when others hold events in our name that we did not send in this life: after a
// crash that lost what was sent, after a restored backup, or because somebody forged them. Nobody
// but us says what is true of us, so each such statement is replaced by ours with a higher counter.

import type { Attribute, AttributeKey, Change } from "./core_attribute.ts";
import { asPollen1, saySame, withoutValue } from "./core_attribute.ts";
import type { AuthorLog } from "./core_log.ts";
import { COUNTER_JUMP_MAX, COUNTER_MAX, GHOSTS_MAX, type LimitCounter } from "../types/mod.ts";

/** A statement that others hold in our name. */
export interface InOurName extends Attribute {
  /** Whether we signed it, in a life of which we know nothing any more. */
  readonly isOurs: boolean;
}

/** A statement about ourselves that must go out again with a fresh counter. */
export interface Restatement {
  readonly key: AttributeKey;
  readonly change: Change;
  readonly deleted: boolean;
}

/**
 * Raises our maximum to the highest of these events and says what must be stated again: everything
 * when our maximum was lower, else only what was contested. An attribute that we do not have at all
 * is a ghost, which is deleted; a revocation cannot be deleted and is therefore taken over. A deletion
 * that we signed and lost is made again: else our own log would be the only one without it.
 *
 * A batch is settled at once, so that ten events in our name lead to one round of answers, not ten.
 */
export function settleContradictions(
  own: AuthorLog,
  inOurName: readonly InOurName[],
  limits: LimitCounter,
): Restatement[] {
  const maxBefore = own.max;
  const ghosts = new Map<AttributeKey, Restatement>();
  const contested = new Set<AttributeKey>();
  for (const { key, change, event, isOurs } of inOurName) {
    // A leap that we did not make ourselves is one that others will not believe either.
    if (!isOurs && event.counter > maxBefore + COUNTER_JUMP_MAX) {
      limits.count("counter_jump");
      continue;
    }
    // Room for one more round of all attributes must remain below the end of the counter.
    if (event.counter > COUNTER_MAX - COUNTER_JUMP_MAX) continue;
    if (event.counter > own.max) own.max = event.counter;
    const ours = own.get(key);
    if (ours !== undefined) {
      const isContested = event.counter > ours.counter ||
        event.counter === ours.counter && !saySame(event, ours) &&
          !saySame(event, asPollen1(ours));
      if (isContested) contested.add(key);
    } else if (change.kind === "revocation") {
      ghosts.set(key, { key, change, deleted: false });
    } else if (isOurs || !event.deleted) {
      if (own.size + ghosts.size >= GHOSTS_MAX) limits.count("ghosts");
      else ghosts.set(key, { key, change: withoutValue(change), deleted: true });
    }
  }
  const keys = own.max > maxBefore ? own.keys() : [...contested].sort();
  const restated = keys.map((key) => {
    const { change, deleted } = own.get(key)!;
    return { key, change: change!, deleted };
  });
  return [...restated, ...[...ghosts.keys()].sort().map((key) => ghosts.get(key)!)];
}
