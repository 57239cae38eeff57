// A coverage report, read by room.

import { deepEqual } from "node:assert/strict";
import { byRoom, readLcov } from "../../../scripts/support/lcov.ts";

const REPORT = `SF:/top/lib/auth/a.ts
FNF:1
BRDA:3,0,0,0
BRDA:3,0,1,5
BRDA:9,1,0,-
BRF:3
BRH:1
LF:10
LH:8
end_of_record
SF:/top/lib/auth/b.ts
LF:2
LH:2
end_of_record
SF:/top/lib/proto/gen/c.ts
LF:100
LH:0
end_of_record
SF:/top/tests/support/d.ts
LF:100
LH:0
end_of_record
`;

Deno.test("files of rooms are read, with their branches; generated code and tests are not", () => {
  const reports = readLcov(REPORT, "/top");
  deepEqual(reports.map(({ file, missed }) => [file, missed]), [
    ["lib/auth/a.ts", [3, 9]],
    ["lib/auth/b.ts", []],
  ]);
  deepEqual(byRoom(reports), [
    ["auth", { lines: 12, linesHit: 10, branches: 3, branchesHit: 1 }],
  ]);
});
