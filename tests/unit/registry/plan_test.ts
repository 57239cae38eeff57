// What the network is told of a registry's agents, and how often.

import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { AgentEntry, AgentPage } from "../../../lib/proto/mod.ts";
import { type DuePage, PagePlan } from "../../../lib/registry/cluster/plan.ts";
import { TOLD_INTERVAL_MS } from "../../../lib/registry/limits.ts";
import {
  AGENT_PAGE_BYTES_MAX,
  AGENT_PAGES_PER_AUTHOR_MAX,
  AGENTS_PER_PAGE_MAX,
  COUNTER_MAX,
  type MonotonicMs,
} from "../../../lib/types/mod.ts";

const at = (ms: number) => ms as MonotonicMs;
const entry = (id: string, more: Partial<AgentEntry> = {}) => AgentEntry.create({ id, ...more });
const idsOf = ({ agents }: DuePage) => agents.map(({ id }) => id);

Deno.test("coming and going is told at once, facts when their page has rested, each at most twice a minute", () => {
  const plan = new PagePlan();
  plan.want("a", entry("a"), at(0));
  plan.want("b", entry("b"), at(0));
  deepEqual(plan.take(at(0), 9).map(idsOf), [["a", "b"]]);
  plan.want("a", entry("a", { hostname: "first" }), at(10_000));
  deepEqual(plan.take(at(10_000), 9), []);
  plan.want("c", entry("c"), at(20_000));
  const [page] = plan.take(at(20_000), 9);
  deepEqual(page!.agents.map(({ hostname }) => hostname), ["", "", ""], "a was told of before");
  plan.want("b", entry("b", { offlineAtMs: 1n }), at(20_000));
  deepEqual(plan.take(at(TOLD_INTERVAL_MS - 1), 9), []);
  const [again] = plan.take(at(TOLD_INTERVAL_MS), 9);
  deepEqual(again!.agents.map(({ hostname }) => hostname), ["first", "", ""]);
  deepEqual(again!.agents.map(({ offlineAtMs }) => offlineAtMs), [0n, 1n, 0n]);
  plan.want("a", null, at(TOLD_INTERVAL_MS));
  deepEqual(plan.take(at(TOLD_INTERVAL_MS + 1), 9), []);
  deepEqual(plan.take(at(2 * TOLD_INTERVAL_MS), 9).map(idsOf), [["b", "c"]]);
  deepEqual(plan.take(at(9 * TOLD_INTERVAL_MS), 9), []);
});

Deno.test("what others hold from an earlier run is told anew, be it nothing", () => {
  const plan = new PagePlan();
  plan.contest(5);
  deepEqual(plan.take(at(0), 9), [{ page: 5, agents: [] }]);
  deepEqual(plan.take(at(0), 9), []);
});

Deno.test("an agent that was somebody else's is told again with the moment of its return", () => {
  const plan = new PagePlan();
  plan.want("a", entry("a", { lastSeenMs: 1n }), at(0));
  plan.take(at(0), 9);
  plan.want("a", null, at(TOLD_INTERVAL_MS));
  plan.want("a", entry("a", { lastSeenMs: 5n }), at(0));
  const [page] = plan.take(at(TOLD_INTERVAL_MS), 9);
  equal(page!.agents[0]!.lastSeenMs, 5n);
});

const step = fc.record({
  id: fc.nat(80).map((number) => `n-${number}`),
  bytes: fc.option(fc.nat(6_000)),
  isOffline: fc.boolean(),
  afterMs: fc.nat(20_000),
});

Deno.test("all are told in the end, each on one page within the bounds, none changed too often", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const plan = new PagePlan();
      const pages = new Map<number, readonly AgentEntry[]>();
      const wanted = new Map<string, AgentEntry>();
      const changedAt = new Map<string, number>();
      let now = 0;
      const take = () => {
        const before = new Map([...pages.values()].flat().map((one) => [one.id, one]));
        for (const { page, agents } of plan.take(at(now), Infinity)) {
          ok(agents.length <= AGENTS_PER_PAGE_MAX);
          ok(page >= 1 && page < AGENT_PAGES_PER_AUTHOR_MAX);
          const author = new Uint8Array(32);
          const bytes = AgentPage.encode({ author, page, counter: COUNTER_MAX, agents });
          ok(bytes.length <= AGENT_PAGE_BYTES_MAX, `${bytes.length} bytes`);
          pages.set(page, agents);
        }
        const after = new Map([...pages.values()].flat().map((one) => [one.id, one]));
        for (const id of new Set([...before.keys(), ...after.keys()])) {
          if (before.get(id) === after.get(id)) continue;
          const last = changedAt.get(id);
          ok(last === undefined || now - last >= TOLD_INTERVAL_MS, `${id} after ${now - last!} ms`);
          changedAt.set(id, now);
        }
      };
      let seen = 1n;
      for (const { id, bytes, isOffline, afterMs } of steps) {
        now += afterMs;
        if (bytes === null) wanted.delete(id);
        else {
          const offlineAtMs = isOffline ? 1n : 0n;
          const hostname = "h".repeat(bytes);
          wanted.set(id, entry(id, { hostname, offlineAtMs, lastSeenMs: seen++ }));
        }
        equal(plan.want(id, wanted.get(id) ?? null, at(now)), true);
        take();
      }
      for (let round = 0; round < 200; round++) {
        now += TOLD_INTERVAL_MS / 4;
        take();
      }
      const told = [...pages.values()].flat();
      equal(new Set(told.map(({ id }) => id)).size, told.length, "nobody is on two pages");
      deepEqual(
        told.map(({ id, hostname, offlineAtMs }) => [id, hostname.length, offlineAtMs]).sort(),
        [...wanted.values()].map((
          { id, hostname, offlineAtMs },
        ) => [id, hostname.length, offlineAtMs]).sort(),
      );
    }),
    { numRuns: 60 },
  );
});

Deno.test("what finds no room is refused, and room that is free again is used", () => {
  const plan = new PagePlan();
  const room = (AGENT_PAGES_PER_AUTHOR_MAX - 1) * AGENTS_PER_PAGE_MAX;
  for (let id = 0; id < room; id++) equal(plan.want(`${id}`, entry(`${id}`), at(0)), true);
  equal(plan.want("late", entry("late"), at(0)), false);
  equal(plan.take(at(0), Infinity).length, AGENT_PAGES_PER_AUTHOR_MAX - 1);
  plan.want("7", null, at(0));
  plan.take(at(TOLD_INTERVAL_MS), Infinity);
  equal(plan.want("late", entry("late"), at(0)), false, "it may come back and be told of at once");
  plan.take(at(2 * TOLD_INTERVAL_MS), Infinity);
  equal(plan.want("late", entry("late"), at(0)), true);
});
