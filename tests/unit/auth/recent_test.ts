// What was used last is kept.

import { equal } from "node:assert/strict";
import { Recent } from "../../../lib/auth/recent.ts";

Deno.test("of more than there is room for, the one that was not used for longest goes", () => {
  const recent = new Recent<string, number>(2);
  recent.set("a", 1);
  recent.set("b", 2);
  equal(recent.get("a"), 1);
  recent.set("c", 3);
  equal(recent.get("b"), undefined);
  equal(recent.get("a"), 1);
  equal(recent.get("c"), 3);
});
