// What a run of tests says at its end is read as it is meant.

import { deepEqual, equal } from "node:assert/strict";
import { readTestReport } from "../../../scripts/support/test_report.ts";

const FAILED = `running 2 tests from ./tests/a_test.ts
ten ... FAILED (3s)

 ERRORS 

two nodes ... 100 MB => arrive => ./tests/e2e/a_test.ts:5:13
error: Error: not in time
  the daemon
    at file:///tests/e2e/a_test.ts:9:1

ten => ./tests/unit/b_test.ts:37:6
error: Error: 9 passed | 9 failed
    at file:///tests/unit/b_test.ts:40:3

./tests/unit/c_test.ts (uncaught error)
error: in promise

 FAILURES 

two nodes ... 100 MB => arrive => ./tests/e2e/a_test.ts:5:13
ten => ./tests/unit/b_test.ts:37:6
./tests/unit/c_test.ts (uncaught error)

FAILED | 1647 passed (120 steps) | 2 failed (1 step) | 3 ignored (9m14s)

error: Test failed
`;

Deno.test("failures are told with what was thrown, and the last counts count", () => {
  deepEqual(readTestReport(FAILED), {
    passed: 1647,
    failed: 2,
    ignored: 3,
    failures: [
      {
        name: "two nodes ... 100 MB => arrive",
        file: "./tests/e2e/a_test.ts",
        thrown: "error: Error: not in time\n  the daemon",
      },
      { name: "ten", file: "./tests/unit/b_test.ts", thrown: "error: Error: 9 passed | 9 failed" },
      { name: "./tests/unit/c_test.ts (uncaught error)", file: "", thrown: "error: in promise" },
    ],
  });
});

Deno.test("a run without failures has none, and one that was cut short has no report", () => {
  deepEqual(readTestReport("a ... ok (1ms)\n\nok | 12 passed | 0 failed (2s)\n"), {
    passed: 12,
    failed: 0,
    ignored: 0,
    failures: [],
  });
  equal(readTestReport("running 2 tests from ./tests/a_test.ts\n"), null);
});
