// The laws of the table of nodes, over any course of events and any jumps of the wall clock.

import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { NodeTable } from "../../../lib/registry/core/table.ts";
import type { Moment, Registration } from "../../../lib/registry/core/record.ts";
import { ACTIVE_MS, NODES_PER_TOKEN_MAX } from "../../../lib/registry/limits.ts";
import { orchion } from "../../../lib/proto/mod.ts";
import type { MonotonicMs, WallMs } from "../../../lib/types/mod.ts";

const TIMEOUT_MS = 30_000;

function at(monotonic: number, wall = 1_000_000_000_000 + monotonic): Moment {
  return { monotonic: monotonic as MonotonicMs, wall: wall as WallMs };
}

function words(id: string, more: Partial<Registration> = {}): Registration {
  return {
    id,
    kind: "agent",
    hostname: "",
    agentAddress: "",
    capabilities: null,
    source: "192.0.2.1",
    owner: "",
    ...more,
  };
}

const step = fc.record({
  what: fc.constantFrom("register", "heartbeat", "update", "unregister", "sweep"),
  id: fc.constantFrom("a", "b", "c"),
  afterMs: fc.nat(40_000),
  wallJumpMs: fc.integer({ min: -100_000_000, max: 100_000_000 }),
});

Deno.test("last seen never goes back; whoever is heard in time is listed, whoever is not is not", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const table = new NodeTable(TIMEOUT_MS);
    const lastHeard = new Map<string, number>();
    const lastSeen = new Map<string, number>();
    let now = 0;
    let jump = 0;
    for (const { what, id, afterMs, wallJumpMs } of steps) {
      now += afterMs;
      jump += wallJumpMs;
      const moment = at(now, 1_000_000_000_000 + now + jump);
      table.sweep(moment);
      for (const [heard, heardAt] of lastHeard) {
        const age = now - heardAt;
        equal(table.isOnline(heard), age < TIMEOUT_MS, `${heard} at the age of ${age}`);
        if (age >= TIMEOUT_MS) {
          lastHeard.delete(heard);
        } else {
          equal(table.stateOf(table.get(heard)!), age < ACTIVE_MS ? "active" : "stale");
        }
      }
      if (what === "register") table.register(words(id), moment);
      const heard = what === "heartbeat"
        ? table.heartbeat(id, moment)
        : what === "update"
        ? table.update(id, orchion.Capabilities.create(), moment)
        : null;
      if (what === "heartbeat" || what === "update") equal(heard !== null, lastHeard.has(id));
      if (what === "register" || heard !== null) lastHeard.set(id, now);
      if (what === "unregister") {
        equal(table.unregister(id, moment) !== null, lastHeard.delete(id));
      }
      for (const record of [...table.online(), ...table.offline()]) {
        ok(record.lastSeenMs >= (lastSeen.get(record.id) ?? 0), "last seen went back");
        lastSeen.set(record.id, record.lastSeenMs);
      }
      deepEqual([...table.online()].map(({ id }) => id).sort(), [...lastHeard.keys()].sort());
    }
  }));
});

Deno.test("a node is stale from ten seconds on and offline at the timeout, not before", () => {
  const table = new NodeTable(TIMEOUT_MS);
  table.register(words("a"), at(0));
  const kinds = (ms: number) => table.sweep(at(ms)).map(({ kind }) => kind);
  deepEqual(kinds(9_999), []);
  deepEqual(kinds(10_000), ["stale"]);
  deepEqual(kinds(TIMEOUT_MS - 1), []);
  deepEqual(kinds(TIMEOUT_MS), ["offline"]);
  deepEqual(kinds(10 * TIMEOUT_MS), []);
  equal(table.get("a")!.offlineAtMs, at(TIMEOUT_MS).wall);
  equal(table.register(words("a"), at(TIMEOUT_MS + 1)).change!.kind, "registered");
});

Deno.test("a registration keeps what it leaves empty, and says from where the node was heard before", () => {
  const table = new NodeTable(TIMEOUT_MS);
  const capabilities = orchion.Capabilities.create({ cpu: "4 cores" });
  table.register(words("a", { hostname: "h", agentAddress: "h:1", capabilities }), at(0));
  const empty = orchion.Capabilities.create();
  const { record, change, movedFrom } = table.register(words("a", { capabilities: empty }), at(5));
  deepEqual([record.hostname, record.agentAddress, record.capabilities], [
    "h",
    "h:1",
    capabilities,
  ]);
  deepEqual([change, movedFrom, record.registeredAtMs], [null, null, at(0).wall]);
  const moved = table.register(words("a", { source: "192.0.2.2", hostname: "new" }), at(6));
  deepEqual([moved.movedFrom, moved.change!.kind], ["192.0.2.1", "updated"]);
  equal(table.get("a")!.hostname, "new");
});

Deno.test("one token has its share, and others the rest", () => {
  const table = new NodeTable(TIMEOUT_MS);
  for (let index = 0; index < NODES_PER_TOKEN_MAX; index++) {
    table.register(words(`n${index}`, { owner: "greedy" }), at(0));
  }
  throws(() => table.register(words("more", { owner: "greedy" }), at(0)), /may have no more/);
  table.register(words("n0", { owner: "greedy" }), at(1));
  table.register(words("more", { owner: "other" }), at(1));
  table.unregister("n1", at(1));
  table.register(words("another", { owner: "greedy" }), at(1));
});

Deno.test("what is stored comes back with its age, and one from the future is as young as can be", () => {
  const table = new NodeTable(TIMEOUT_MS);
  const { record } = new NodeTable(TIMEOUT_MS).register(words("a"), at(0));
  const copy = (id: string, ageMs: number) => ({
    ...record,
    id,
    lastSeenMs: at(100_000).wall - ageMs as WallMs,
  });
  table.restore(copy("young", 5_000), at(100_000));
  table.restore(copy("stale", 20_000), at(100_000));
  table.restore(copy("old", 40_000), at(100_000));
  table.restore(copy("future", -1e9), at(100_000));
  table.sweep(at(100_000));
  const states = ["young", "stale", "old", "future"].map((id) => table.stateOf(table.get(id)!));
  deepEqual(states, ["active", "stale", "offline", "active"]);
});

Deno.test("what another instance heard counts from when it is told", () => {
  const table = new NodeTable(TIMEOUT_MS);
  const other = new NodeTable(TIMEOUT_MS);
  const told = () => structuredClone(other.get("a")!);
  const copy = () => {
    const { id, kind, hostname, agentAddress, capabilities, source, owner, via, ...moments } =
      told();
    const { registeredAtMs, lastSeenMs, offlineAtMs } = moments;
    const words = { id, kind, hostname, agentAddress, capabilities, source, owner, via };
    return { ...words, registeredAtMs, lastSeenMs, offlineAtMs };
  };
  // The other one's wall clock is an hour behind.
  const theirs = (ms: number) => at(ms, at(ms).wall - 3_600_000);
  other.register(words("a"), theirs(0));
  equal(table.adopt(copy(), at(0))!.kind, "registered");
  other.heartbeat("a", theirs(20_000));
  equal(table.adopt(copy(), at(20_000)), null);
  equal(table.sweep(at(45_000))[0]!.kind, "stale");
  other.unregister("a", theirs(46_000));
  equal(table.adopt(copy(), at(46_000))!.kind, "offline");
  equal(table.isOnline("a"), false);
  equal(table.adopt(copy(), at(46_001)), null);
});
