// Broken invariants name themselves; moments and unions keep their types.

import { equal, throws } from "node:assert/strict";
import {
  addMs,
  assert,
  AssertionError,
  assertNever,
  type MonotonicMs,
  PollenError,
  unixSeconds,
  type WallMs,
} from "../../../lib/types/mod.ts";

Deno.test("an assertion throws exactly when its condition does not hold", () => {
  assert(true, "holds");
  for (const condition of [false, 0, "", null, undefined]) {
    throws(() => assert(condition, "the invariant"), (error) => {
      equal(error instanceof AssertionError && error.message === "the invariant", true);
      equal(error instanceof PollenError, false);
      return true;
    });
  }
});

Deno.test("a value outside its union is an assertion that shows it", () => {
  throws(() => assertNever({ kind: "new" } as never), /\{"kind":"new"\}/);
});

Deno.test("moments move by milliseconds, seconds are whole and round down", () => {
  equal(addMs(1_000 as MonotonicMs, -250), 750);
  equal(unixSeconds(1_999 as WallMs), 1n);
  equal(unixSeconds(-1 as WallMs), -1n);
});
