// What relays may pass: no member more than its limit, whoever asked for them and however they are used.

import { deepEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { type Share, type SharedRelay, shareLimit } from "../../../lib/node/relay_shares.ts";
import { CARRIED_BYTES_PER_SECOND_MIN, type PeerKey } from "../../../lib/types/mod.ts";
import { key } from "../store/fixtures.ts";
import { BOB, DAN, EVE } from "./fixtures.ts";

const LIMIT = 12_000_000;

const between = (one: PeerKey, other: PeerKey, isInUse: boolean) => ({
  ends: [one, other] as const,
  isInUse,
});

function shareAll<R extends SharedRelay>(limit: number, relays: readonly R[]): Map<R, Share> {
  return shareLimit(limit, relays, new Set(relays.flatMap(({ ends }) => ends)));
}

function closeTo(actual: number, expected: number): void {
  ok(Math.abs(actual - expected) < 1, `${actual} is not ${expected}`);
}

Deno.test("a relay that is alone has the whole limit, used or not", () => {
  for (const isInUse of [true, false]) {
    const relay = between(BOB, EVE, isInUse);
    closeTo(shareAll(LIMIT, [relay]).get(relay)!.now, LIMIT);
  }
});

Deno.test("of ten relays of a member the one in use has most, and the others may begin", () => {
  const relays = Array.from({ length: 10 }, (_, at) => between(BOB, key(0x50 + at), at === 0));
  const shares = [...shareAll(LIMIT, relays).values()];
  closeTo(shares[0]!.now, LIMIT * (3 / 4 + 1 / 40));
  for (const { least, now } of shares.slice(1)) {
    closeTo(now, LIMIT / 40);
    closeTo(least, LIMIT / 40);
  }
  // As long as all rest, or all are used, they are alike.
  for (const isInUse of [true, false]) {
    const alike = relays.map((relay) => ({ ...relay, isInUse }));
    for (const { now } of shareAll(LIMIT, alike).values()) closeTo(now, LIMIT / 10);
  }
});

Deno.test("a relay has what the poorer of its ends has for it", () => {
  const relays = [between(BOB, EVE, true), between(DAN, BOB, true), between(DAN, key(9), true)];
  const shares = [...shareAll(LIMIT, relays).values()];
  for (const { now } of shares) closeTo(now, LIMIT / 2);
});

Deno.test("the shares of a member's relays are told without those of others", () => {
  const relays = [between(BOB, EVE, true), between(DAN, BOB, false), between(DAN, EVE, true)];
  const all = shareAll(LIMIT, relays);
  const some = shareLimit(LIMIT, relays, new Set([BOB]));
  deepEqual([...some], [...all].slice(0, 2));
});

Deno.test("no member gets more than its limit, of any relays in any use", () => {
  const member = fc.integer({ min: 1, max: 40 });
  const relay = fc.tuple(member, member, fc.boolean()).filter(([one, other]) => one !== other);
  const relays = fc.uniqueArray(relay, {
    maxLength: 400,
    selector: ([one, other]) => [one, other].sort().join(),
  });
  const limit = fc.integer({ min: 1_000_000, max: 100_000_000 });
  fc.assert(fc.property(limit, relays, (limit, drawn) => {
    const all = drawn.map(([one, other, isInUse]) => between(key(one), key(other), isInUse));
    const sums = new Map<PeerKey, number>();
    for (const [{ ends }, { least, now }] of shareAll(limit, all)) {
      ok(least >= CARRIED_BYTES_PER_SECOND_MIN && now >= least, `${least} and ${now}`);
      for (const end of ends) sums.set(end, (sums.get(end) ?? 0) + now);
    }
    for (const sum of sums.values()) ok(sum <= limit + 1, `${sum} of ${limit}`);
  }));
});
