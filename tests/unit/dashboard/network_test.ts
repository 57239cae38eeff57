// The picture's layout and the words of links.

import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import type { Network } from "../../../lib/dashboard/page/api.ts";
import { distanceTo, layOut } from "../../../lib/dashboard/page/layout.ts";
import { machineRows, namesOf } from "../../../lib/dashboard/page/links.ts";

const idsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => `m${String(index).padStart(4, "0")}`);

Deno.test("from 1 machine to 200, whatever the width: all inside, none on another", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 280, max: 2000 }), (
    count,
    width,
  ) => {
    const { spots, dot, height } = layOut(idsOf(count), null, width);
    equal(spots.length, count);
    for (const { x, y } of spots) {
      ok(x >= dot && x <= width - dot && y >= dot && y <= height - dot);
    }
    for (const [at, { x, y }] of spots.entries()) {
      const next = spots[(at + 1) % count]!;
      // Marks may touch where there is no room for the smallest ones.
      ok(count === 1 || Math.hypot(next.x - x, next.y - y) >= Math.min(2 * dot, 2));
    }
  }));
});

Deno.test("the same machines have the same places in any order, our own the first one", () => {
  const ids = idsOf(9);
  const plan = layOut(ids, "m0004", 800);
  deepEqual(layOut(ids.toReversed(), "m0004", 800), plan);
  const [first, second] = plan.spots;
  deepEqual([first!.id, second!.id], ["m0004", "m0000"]);
  ok(plan.spots.every(({ y }) => y >= first!.y), "at the top");
  const pair = layOut(idsOf(2), null, 800).spots;
  ok(Math.abs(pair[0]!.y - pair[1]!.y) < 1, "two stand side by side");
});

Deno.test("names are level while they are few, then along the radius, then left out", () => {
  const labels = [3, 16, 17, 40, 200].map((count) => layOut(idsOf(count), null, 900).labels);
  deepEqual(labels, ["level", "level", "radial", "radial", "none"]);
});

Deno.test("a pointer is at a line between its ends alone", () => {
  const spot = (x: number, y: number) => ({ id: "", x, y, angle: 0 });
  const [from, to] = [spot(0, 0), spot(10, 0)];
  equal(distanceTo({ x: 5, y: 3 }, from, to), 3);
  equal(distanceTo({ x: -4, y: 0 }, from, to), 4);
  equal(distanceTo({ x: 13, y: 4 }, from, to), 5);
  equal(distanceTo({ x: 3, y: 4 }, from, from), 5);
});

Deno.test("machines: our own, those online by name, the others; each with its way from here", () => {
  const network: Network = {
    reason: null,
    self: "a",
    machines: ["a", "b", "c", "d", "e"].map((id) => ({ id, isOnline: id !== "b" })),
    links: [
      { from: "a", to: "d", path: "relayed", latencyMs: 12.4 },
      { from: "a", to: "e", path: "relayed", carrier: "d", latencyMs: 3 },
      { from: "c", to: "d", path: "direct" },
    ],
    omittedLinks: 0,
  };
  const names = (id: string) => ({ c: "host 10", d: "host 9" })[id] ?? id;
  deepEqual(
    machineRows(network, names).map(({ machine: { id }, way, links }) => [id, way, links.length]),
    [
      ["a", "this machine", 2],
      ["e", "relayed by host 9, 3.0 ms", 1],
      ["d", "relayed, 12 ms", 2],
      ["c", "over others", 1],
      ["b", "", 0],
    ],
  );
});

Deno.test("who shares a name is told apart by id, who has none is named by it", () => {
  const node = (id: string, hostname: string) => ({
    id,
    hostname,
    kind: "member" as const,
    lastSeenUnix: 0,
    state: "active" as const,
  });
  const names = namesOf([node("0123456789", "vm"), node("abcdefghij", "vm"), node("c", "box")]);
  deepEqual(["0123456789", "abcdefghij", "c", "unknown-to-all"].map(names), [
    "vm 01234567",
    "vm abcdefgh",
    "box",
    "unknown-",
  ]);
});
