// The law of the registry: whatever the order in which two ends see two sessions, both come to
// keep the same one.

import { deepEqual, equal, notEqual, rejects } from "node:assert/strict";
import fc from "fast-check";
import { CROSSING_MS, decide, type Member, SessionRegistry } from "../../../lib/mesh/registry.ts";
import type { MonotonicMs, PeerKey, Session } from "../../../lib/types/mod.ts";

const small = "1".repeat(64) as PeerKey;
const large = "f".repeat(64) as PeerKey;

let nextId = 0;
function session(inbound: boolean, certificate = 1, alpn = "pollen/1"): Session {
  // Only what the registry looks at; it never calls a session.
  return {
    id: nextId++,
    alpn,
    inbound,
    peerCertificate: Uint8Array.of(certificate),
    remoteAddress: { ip: "192.0.2.1", port: 1 },
  } as Session;
}

function member(peer: PeerKey, inbound: boolean, atMs: number, certificate = 1): Member {
  return { peer, session: session(inbound, certificate), addedAtMs: atMs as MonotonicMs };
}

function draining(peer: PeerKey, inbound: boolean, atMs: number): Member {
  return { peer, session: session(inbound, 1, "pollen/2"), addedAtMs: atMs as MonotonicMs };
}

Deno.test("crossing dials: both ends keep the one dialled by the smaller key, in any order", () => {
  // At the small end: its own dial is outbound. At the large end the same connection is inbound.
  for (const order of [["small", "large"], ["large", "small"]]) {
    const atSmall = new SessionRegistry(small);
    const atLarge = new SessionRegistry(large);
    const kept = { small: "", large: "" };
    for (const [index, dialler] of order.entries()) {
      const addedSmall = atSmall.add(member(large, dialler === "large", index));
      if (addedSmall.kind === "current") kept.small = dialler;
      const addedLarge = atLarge.add(member(small, dialler === "small", index));
      if (addedLarge.kind === "current") kept.large = dialler;
    }
    deepEqual(kept, { small: "small", large: "small" });
  }
});

Deno.test("another certificate of the same key is a new process and wins whoever dialled", () => {
  for (const local of [small, large]) {
    const peer = local === small ? large : small;
    for (const [first, second] of [[true, false], [false, true], [true, true], [false, false]]) {
      equal(decide(member(peer, first!, 0, 1), member(peer, second!, 1, 2), local), "replace");
    }
  }
});

Deno.test("a session older than any crossing dial gives way: the other side has lost it", () => {
  const old = member(large, false, 0);
  equal(decide(old, member(large, true, CROSSING_MS), small), "refuse");
  equal(decide(old, member(large, true, CROSSING_MS + 1), small), "replace");
});

Deno.test("two sessions dialled by the peer: the second stands by and succeeds the first", () => {
  const registry = new SessionRegistry(small);
  const first = member(large, true, 0);
  const second = member(large, true, 1);
  equal(registry.add(first).kind, "current");
  deepEqual(registry.add(second), { kind: "standing_by" });
  equal(registry.get(large), first.session);
  deepEqual(registry.remove(large, first.session), { kind: "succeeded", successor: second });
  equal(registry.get(large), second.session);
  equal(registry.remove(large, second.session).kind, "gone");
});

Deno.test("a session that stood by and ended is not promoted", () => {
  const registry = new SessionRegistry(small);
  const first = member(large, true, 0);
  const second = member(large, true, 1);
  registry.add(first);
  registry.add(second);
  equal(registry.remove(large, second.session).kind, "was_not_current");
  equal(registry.remove(large, first.session).kind, "gone");
});

Deno.test("whichever of many ways the peer chose, the session that it keeps is the one that is left", () => {
  fc.assert(fc.property(
    fc.nat(15).chain((last) =>
      fc.tuple(
        fc.constant(last + 1),
        fc.nat(last),
        fc.shuffledSubarray([...Array(last + 1).keys()], { minLength: last + 1 }),
      )
    ),
    ([count, chosen, closings]) => {
      const registry = new SessionRegistry(small);
      const ways = Array.from({ length: count }, (_, index) => member(large, true, index));
      for (const way of ways) notEqual(registry.add(way).kind, "refused");
      for (const index of closings) {
        if (index !== chosen) registry.remove(large, ways[index]!.session);
      }
      equal(registry.get(large), ways[chosen]!.session);
    },
  ));
});

Deno.test("more ways than any dial races are refused", () => {
  const registry = new SessionRegistry(small);
  const kinds = Array.from({ length: 18 }, () => registry.add(member(large, true, 0)).kind);
  deepEqual(kinds, ["current", ...Array(15).fill("standing_by"), "refused", "refused"]);
  equal(registry.close().length, 16);
});

Deno.test("what stood by goes with the session that a new process or our own dial replaces", () => {
  for (const winner of [member(large, true, 2, 2), member(large, false, 2)]) {
    const registry = new SessionRegistry(small);
    const old = [member(large, true, 0), member(large, true, 1)];
    for (const each of old) registry.add(each);
    deepEqual(registry.add(winner), { kind: "current", losers: old, draining: [] });
    for (const { session } of old) equal(registry.remove(large, session).kind, "was_not_current");
    equal(registry.remove(large, winner.session).kind, "gone");
  }
});

Deno.test("a peer that is removed keeps nothing", () => {
  const registry = new SessionRegistry(small);
  const members = [member(large, true, 0), member(large, true, 1), member(large, true, 2)];
  for (const each of members) registry.add(each);
  deepEqual(registry.removeAll(large), members);
  deepEqual(registry.removeAll(large), []);
  deepEqual(registry.peers(), []);
  for (const { session } of members) equal(registry.remove(large, session).kind, "was_not_current");
  equal(registry.get(large), null);
});

Deno.test("any history of adds and removes leaves at most one session, and it is one that was added and not removed", () => {
  fc.assert(fc.property(
    fc.array(fc.record({ inbound: fc.boolean(), certificate: fc.nat(2), remove: fc.boolean() }), {
      maxLength: 20,
    }),
    (steps) => {
      const registry = new SessionRegistry(small);
      const alive = new Set<Session>();
      for (const [index, step] of steps.entries()) {
        const candidate = member(large, step.inbound, index, step.certificate);
        const added = registry.add(candidate);
        if (added.kind !== "refused") alive.add(candidate.session);
        if (added.kind === "current") {
          for (const { session } of added.losers) alive.delete(session);
        }
        const current = registry.get(large);
        if (step.remove && current !== null) {
          registry.remove(large, current);
          alive.delete(current);
        }
        const now = registry.get(large);
        equal(now === null || alive.has(now), true);
        if (alive.size > 0) equal(now !== null, true);
      }
    },
  ));
});

Deno.test("those who wait get the session, are cancelled by their signal, or fail at the end", async () => {
  const registry = new SessionRegistry(small);
  const first = registry.waitFor(large);
  const cancel = new AbortController();
  const second = registry.waitFor(large, cancel.signal);
  cancel.abort();
  await rejects(second, { code: "cancelled" });
  const added = member(large, true, 0);
  registry.add(added);
  equal(await first, added.session);
  equal(await registry.waitFor(large), added.session);
  registry.remove(large, added.session);
  const third = registry.waitFor(large);
  registry.close();
  await rejects(third, { code: "closed" });
  await rejects(registry.waitFor(large), { code: "closed" });
});

Deno.test("over pollen/2 the loser of two crossing dials drains, whichever came first", () => {
  for (const first of ["winner", "loser"]) {
    const registry = new SessionRegistry(small);
    const [winner, loser] = [draining(large, false, 0), draining(large, true, 0)];
    if (first === "winner") {
      registry.add(winner);
      deepEqual(registry.add(loser), { kind: "draining" });
    } else {
      registry.add(loser);
      deepEqual(registry.add(winner), { kind: "current", losers: [], draining: [loser] });
    }
    equal(registry.get(large), winner.session);
    deepEqual(registry.all(), [winner, loser]);
    // It takes nobody's place, and neither its end nor the other's changes that.
    equal(registry.remove(large, winner.session).kind, "gone");
    equal(registry.get(large), null);
    deepEqual(registry.all(), [loser]);
    equal(registry.remove(large, loser.session).kind, "was_not_current");
    deepEqual(registry.all(), []);
  }
});

Deno.test("a loser drains where both speak pollen/2 alone", () => {
  const [ours, theirs] = [draining(large, false, 0), member(large, true, 0)];
  equal(decide(theirs, ours, small), "replace");
  equal(decide(ours, theirs, small), "refuse");
});

Deno.test("what drains is given up for another crossing, a new process, or a session after the last", () => {
  const registry = new SessionRegistry(small);
  const add = (each: Member) => {
    const added = registry.add(each);
    return added.kind === "current" ? added : null;
  };
  const [first, second, third] = [true, false, true].map((inbound) =>
    draining(large, inbound, 0)
  ) as [Member, Member, Member];
  add(first);
  deepEqual(add(second), { kind: "current", losers: [], draining: [first] });
  registry.remove(large, second.session);
  deepEqual(add(third), { kind: "current", losers: [first], draining: [] });
  const fourth = draining(large, false, 0);
  deepEqual(add(fourth), { kind: "current", losers: [], draining: [third] });
  const restarted = member(large, true, 0, 2);
  deepEqual(add(restarted), { kind: "current", losers: [fourth, third], draining: [] });
  deepEqual(registry.all(), [restarted]);
});

Deno.test("what drains and what stands by are bounded together", () => {
  const registry = new SessionRegistry(small);
  registry.add(draining(large, false, 0));
  const kinds = Array.from({ length: 16 }, () => registry.add(draining(large, true, 0)).kind);
  deepEqual(kinds, [...Array(15).fill("draining"), "refused"]);
  equal(registry.removeAll(large).length, 16);
  deepEqual(registry.all(), []);
});
