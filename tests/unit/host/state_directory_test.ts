// One rule for where a node's files are, whichever command asks.

import { equal, throws } from "node:assert/strict";
import { resolveStateDirectory } from "../../../lib/host/mod.ts";

const env = (values: Record<string, string>) => ({ get: (name: string) => values[name] });
const ABSENT = "/absent/pollen";

Deno.test("what the user said wins over everything", () => {
  const values = env({ POLLEN_DIR: "/b", HOME: "/home/u" });
  equal(resolveStateDirectory("/a", values, "/"), "/a");
  equal(resolveStateDirectory("/a//b/./../c/", values, "/"), "/a/c");
  equal(resolveStateDirectory("x/y", values, "/"), `${Deno.cwd()}/x/y`);
});

Deno.test("then the environment, then the system's directory, then the user's own", () => {
  equal(resolveStateDirectory(undefined, env({ POLLEN_DIR: "/b", HOME: "/home/u" }), "/"), "/b");
  equal(
    resolveStateDirectory(undefined, env({ POLLEN_DIR: "", HOME: "/home/u" }), "/proc"),
    "/proc",
  );
  equal(resolveStateDirectory(undefined, env({ HOME: "/home/u" }), ABSENT), "/home/u/.pollen");
});

Deno.test("a file in the system's place does not count", () => {
  const file = Deno.makeTempFileSync();
  try {
    equal(resolveStateDirectory(undefined, env({ HOME: "/home/u" }), file), "/home/u/.pollen");
  } finally {
    Deno.removeSync(file);
  }
});

Deno.test("an empty name and a missing home are errors", () => {
  throws(() => resolveStateDirectory("", env({ HOME: "/home/u" })), { code: "invalid_argument" });
  throws(() => resolveStateDirectory(undefined, env({}), ABSENT), { code: "failed_precondition" });
});
