// What the page shows of the nodes, and how it writes their words.

import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import type { Node } from "../../../lib/dashboard/page/api.ts";
import { age, visible } from "../../../lib/dashboard/page/text.ts";
import {
  capabilityChoices,
  capabilityKey,
  type Column,
  EVERYTHING,
  select,
} from "../../../lib/dashboard/page/view.ts";

function node(id: string, more: Partial<Node> = {}): Node {
  return { id, kind: "agent", lastSeenUnix: 0, state: "active", ...more };
}

const idsOf = (nodes: readonly Node[]) => nodes.map(({ id }) => id);

Deno.test("order: numbers by their value, what is empty last, equals by id, both ways", () => {
  const nodes = [
    node("b", { capabilities: { memory: "16 GB" } }),
    node("empty"),
    node("c", { capabilities: { memory: "8 GB" } }),
    node("a", { capabilities: { memory: "16 GB" } }),
  ];
  const sorted = (isDescending: boolean) =>
    idsOf(select(nodes, { ...EVERYTHING, sort: "memory", isDescending }));
  deepEqual(sorted(false), ["c", "a", "b", "empty"]);
  deepEqual(sorted(true), ["a", "b", "c", "empty"]);
  const seen = [node("old", { lastSeenUnix: 1 }), node("new", { lastSeenUnix: 2 })];
  deepEqual(idsOf(select(seen, { ...EVERYTHING, sort: "seen" })), ["new", "old"]);
});

Deno.test("every word of a search has to be found, wherever it is", () => {
  const nodes = [
    node("a", { hostname: "Web-1", capabilities: { os: "Debian" }, agent_address: "h:1" }),
    node("b", { hostname: "web-2", capabilities: { os: "macOS" } }),
  ];
  const found = (search: string) => idsOf(select(nodes, { ...EVERYTHING, search }));
  deepEqual(found(" WEB "), ["a", "b"]);
  deepEqual(found("web debian"), ["a"]);
  deepEqual(found("h:1"), ["a"]);
  deepEqual(found("(.*"), []);
});

Deno.test("capabilities are offered as they are, and chosen exactly", () => {
  const nodes = [
    node("a", { capabilities: { os: "x=y", gpu_temperature: "40 C" } }),
    node("b", { capabilities: { os: "x" } }),
    node("c"),
  ];
  const [choice, ...others] = capabilityChoices(nodes);
  deepEqual([choice, others], [{ name: "os", label: "System", texts: ["x", "x=y"] }, []]);
  const capability = capabilityKey("os", "x=y");
  deepEqual(idsOf(select(nodes, { ...EVERYTHING, capability })), ["a"]);
});

Deno.test("whatever is sorted by, all nodes stay, in an order that does not depend on theirs", () => {
  const text = fc.string({ maxLength: 4 });
  const anyNode = fc.record({
    id: text,
    hostname: text,
    capabilities: fc.record({ os: text, cpu: text, memory: text, gpu_type: text }),
    agent_address: text,
    kind: fc.constantFrom("agent" as const, "member" as const),
    lastSeenUnix: fc.nat(3),
    state: fc.constantFrom("active" as const, "stale" as const, "offline" as const),
  });
  const columns = ["name", "state", "os", "cpu", "memory", "gpu", "service", "seen"] as const;
  fc.assert(fc.property(
    fc.uniqueArray(anyNode, { selector: ({ id }) => id.toLowerCase().normalize("NFKD") }),
    fc.constantFrom<Column>(...columns),
    fc.boolean(),
    (nodes, sort, isDescending) => {
      const wish = { ...EVERYTHING, sort, isDescending };
      const sorted = idsOf(select(nodes, wish));
      deepEqual(sorted.toSorted(), idsOf(nodes).toSorted());
      deepEqual(idsOf(select(nodes.toReversed(), wish)), sorted);
    },
  ));
});

Deno.test("nothing that is invisible, or turns the direction, gets through", () => {
  equal(visible("a\u0000b\u001b[2J\n"), "a\u2400b\u241b[2J\u240a");
  equal(visible("\u202eexe.txt\u200b\ufeff"), "\ufffdexe.txt\ufffd\ufffd");
  fc.assert(
    fc.property(
      fc.string({ unit: fc.nat(0x2fff).map((code) => String.fromCodePoint(code)) }),
      (text) => {
        ok(!/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(visible(text)));
      },
    ),
  );
});

Deno.test("ages in one unit, never negative", () => {
  deepEqual([-5, 999, 59_999, 60_000, 3_600_000, 90_000_000].map(age), [
    "0 s",
    "0 s",
    "59 s",
    "1 min",
    "1 h",
    "1 d",
  ]);
});
