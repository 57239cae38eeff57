// What keeps a node from taking part, case by case: the kind, the words, the cure; and whose words
// of refusal count.

import { deepEqual, equal, match } from "node:assert/strict";
import { SignedTimes } from "../../../lib/auth/mod.ts";
import { type ConditionFacts, conditionsOf } from "../../../lib/node/conditions.ts";
import { Refusals } from "../../../lib/node/refusals.ts";
import { PollenError } from "../../../lib/types/mod.ts";
import { DAY_MS, later, NOW, NOW_SECONDS } from "../auth/fixtures.ts";
import { key } from "../store/fixtures.ts";
import { network } from "./running.ts";

const { cert: certificate } = (await network.member(20, 10 * DAY_MS)).credentials;
const good: ConditionFacts = {
  certificate,
  isRoot: false,
  now: NOW,
  aheadUnix: null,
  isRevoked: false,
  refusals: [],
  isUnanswered: false,
};
const PEER = key(0x3f);
const says = (text: string, isRevoked = false) => ({ peer: PEER, text, isRevoked });

/** Everything there is to be wrong, and what is said of it. */
const CASES: readonly [
  what: string,
  change: Partial<ConditionFacts>,
  kinds: string[],
  text: RegExp,
][] = [
  ["nothing", {}, [], /^$/],
  ["the last second of tolerance", { now: later(10 * 86_400 + 59) }, [], /^$/],
  [
    "nobody who answers",
    { isUnanswered: true },
    ["unanswered"],
    /over UDP; .* UDP seems to be blocked/,
  ],
  [
    "nobody who answers, for a reason that is known",
    { isUnanswered: true, aheadUnix: NOW_SECONDS + 3_600n },
    ["clock_behind"],
    /Set the clock/,
  ],
  [
    "an ended membership",
    { now: later(10 * 86_400 + 60) },
    ["membership_expired"],
    /expired at 2027-01-25T08:00:00Z;.*new invite, then: pollen join <token>, pollen down, pollen up/,
  ],
  [
    "the root's own ended membership",
    { now: later(10 * 86_400 + 60), isRoot: true },
    ["membership_expired"],
    /Renew it here: pollen down, pollen init, pollen up -d/,
  ],
  [
    "a clock that is behind",
    { aheadUnix: NOW_SECONDS + 3_600n },
    ["clock_behind"],
    /it says 2027-01-15T08:00:00Z, and the network signed something at 2027-01-15T09:00:00Z.*Set the clock/,
  ],
  [
    "a moment that no date can name",
    { aheadUnix: 2n ** 62n },
    ["clock_behind"],
    /signed something at 4611686018427387904 s after 1970/,
  ],
  [
    "a revocation that we know",
    { isRevoked: true, refusals: [says("revoked", true)] },
    ["revoked"],
    /revoked by the root.*cannot come back with its key.*pollen purge --all/,
  ],
  [
    "a revocation that a peer tells of",
    { refusals: [says("revoked", true), says("something else")] },
    ["revoked"],
    /^The machine 3f3f3f3f says that this one was revoked\./,
  ],
  [
    "a peer that does not let us in",
    { refusals: [says("membership cert not scoped to cluster.")] },
    ["refused_by_peer"],
    /The machine 3f3f3f3f does not let this one in: membership cert not scoped/,
  ],
  [
    "what explains a refusal leaves it out",
    { aheadUnix: NOW_SECONDS + 3_600n, refusals: [says("no")] },
    ["clock_behind"],
    /Set the clock/,
  ],
];

for (const [what, change, kinds, text] of CASES) {
  Deno.test(`status tells of ${what}`, () => {
    const conditions = conditionsOf({ ...good, ...change });
    deepEqual(conditions.map(({ kind }) => kind), kinds);
    match(conditions.map(({ message, fix }) => `${message} ${fix}`).join("\n"), text);
  });
}

Deno.test("a refusal counts from a peer's own mouth, and while it is away", () => {
  const refusals = new Refusals();
  const end = (text: string, isRemote = true, peer = PEER) =>
    refusals.note({ kind: "disconnected", peer, reason: "revoked", text, isRemote });
  const texts = () => refusals.current(new Set()).map(({ text }) => text);
  end("revoked", false);
  end("shutdown");
  deepEqual(texts(), [], "neither our own words nor a farewell");
  end("identity failed: peer membership certificate has been revoked.");
  deepEqual(refusals.current(new Set()).map(({ isRevoked }) => isRevoked), [true]);
  end("identity failed: no");
  deepEqual(texts(), ["no"]);
  deepEqual(refusals.current(new Set([PEER])), []);
  end("shutdown");
  deepEqual(texts(), []);
  for (let at = 0; at < 300; at++) {
    end("revoked", true, `${at}`.padStart(64, "0") as typeof PEER);
  }
  equal(texts().length, 256);
});

Deno.test("the clock is behind what was signed, with 60 seconds of tolerance", () => {
  const times = new SignedTimes(certificate);
  const signedAt = NOW_SECONDS - 60n;
  equal(times.aheadOf(later(-120)), null);
  equal(times.aheadOf(later(-121)), signedAt);
  const refusal = (details: Record<string, string | number>) =>
    new PollenError("unauthenticated", "no.", { details });
  times.learn(refusal({ reason: "expired", validFromUnix: 9e9 }));
  times.learn(refusal({ reason: "not_yet_valid" }));
  times.learn(new Error("no"));
  equal(times.aheadOf(NOW), null);
  times.learn(refusal({ reason: "not_yet_valid", validFromUnix: Number(NOW_SECONDS) + 61 }));
  equal(times.aheadOf(NOW), NOW_SECONDS + 61n);
  times.learn(refusal({ reason: "not_yet_valid", validFromUnix: Number(NOW_SECONDS) }));
  equal(times.aheadOf(NOW), NOW_SECONDS + 61n, "the newest counts");
});
