// What keeps this node from taking part in its network, in words for its owner, with the cure. Pure.

import { formatUnix } from "../auth/mod.ts";
import { Condition, type MembershipCert } from "../proto/mod.ts";
import { CLOCK_SKEW_SECONDS, shortPeerKey, unixSeconds, type WallMs } from "../types/mod.ts";
import type { PeerRefusal } from "./refusals.ts";

/** What is wrong, for programs. */
export type ConditionKind =
  | "membership_expired"
  | "clock_behind"
  | "revoked"
  | "refused_by_peer"
  | "unanswered";

/** What the conditions follow from. */
export interface ConditionFacts {
  /** This node's own membership. */
  readonly certificate: MembershipCert;
  /** Whether this node holds the network's root key, and can renew its own membership. */
  readonly isRoot: boolean;
  readonly now: WallMs;
  /** The newest moment at which the network signed something, when the clock is behind it. */
  readonly aheadUnix: bigint | null;
  /** Whether the root's revocation of this very node is known. */
  readonly isRevoked: boolean;
  /** What peers say who turn this node away. */
  readonly refusals: readonly PeerRefusal[];
  /** Whether nobody is connected, and who was dialled said nothing at all. */
  readonly isUnanswered: boolean;
}

const NEW_KEY =
  "It cannot come back with its key. Ask for a new invite, then: pollen down, pollen purge --all, " +
  "pollen join <token>";

/** All that is wrong now; what explains most comes first. */
export function conditionsOf(facts: ConditionFacts): Condition[] {
  const own = [...clockConditions(facts), ...membershipConditions(facts)];
  // What a peer says of a membership that we know to be over explains nothing.
  const others = refusalConditions(facts).filter(({ kind }) =>
    kind === "revoked" || own.length === 0
  );
  const said = [...own, ...others];
  return facts.isUnanswered && said.length === 0 ? [UNANSWERED] : said;
}

function condition(kind: ConditionKind, message: string, fix: string): Condition {
  return Condition.create({ kind, message, fix });
}

const UNANSWERED = condition(
  "unanswered",
  "No other machine of the network answers over UDP; the node goes on trying, at longer pauses.",
  "They may be off. If they run, UDP seems to be blocked in the network here, without which pollen " +
    "reaches nobody: let its firewall pass UDP, or use another network.",
);

function clockConditions({ aheadUnix, now }: ConditionFacts): Condition[] {
  if (aheadUnix === null) return [];
  return [condition(
    "clock_behind",
    `This machine's clock is behind: it says ${
      formatUnix(unixSeconds(now))
    }, and the network signed ` +
      `something at ${formatUnix(aheadUnix)}. Until it is right, memberships seem not valid yet.`,
    "Set the clock; the node waits and goes on by itself.",
  )];
}

function membershipConditions({ certificate, isRoot, now }: ConditionFacts): Condition[] {
  const endsUnix = certificate.claims?.notAfterUnix ?? 0n;
  if (unixSeconds(now) < endsUnix + BigInt(CLOCK_SKEW_SECONDS)) return [];
  return [condition(
    "membership_expired",
    `This machine's membership expired at ${formatUnix(endsUnix)}; the others do not let it in.`,
    isRoot
      ? "Renew it here: pollen down, pollen init, pollen up -d"
      : "Ask for a new invite, then: pollen join <token>, pollen down, pollen up -d",
  )];
}

function refusalConditions({ isRevoked, refusals }: ConditionFacts): Condition[] {
  if (isRevoked) {
    return [condition("revoked", "This machine was revoked by the root of its network.", NEW_KEY)];
  }
  const newest = refusals.findLast((refusal) => refusal.isRevoked) ?? refusals.at(-1);
  if (newest === undefined) return [];
  const who = shortPeerKey(newest.peer);
  return newest.isRevoked
    ? [condition("revoked", `The machine ${who} says that this one was revoked.`, NEW_KEY)]
    : [condition(
      "refused_by_peer",
      `The machine ${who} does not let this one in: ${newest.text}`,
      "Compare both clocks, and ask who runs the network.",
    )];
}
