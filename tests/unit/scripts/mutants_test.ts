// How the contract's table is read, which mutants a commit draws, and what counts as killed.

import { deepEqual, equal, notDeepEqual, throws } from "node:assert/strict";
import { breaksOneLine, filesOfPatch, parseContract } from "../../../scripts/support/contract.ts";
import { chooseMutants, type Mutant } from "../../../scripts/support/mutants/choose.ts";
import { readVerdict } from "../../../scripts/support/mutants/judge.ts";

Deno.test("a row has its exports and its proof, or a plan", () => {
  const table = [
    "| row | what | answered by | proved by | mutant |",
    "| --- | --- | --- | --- | --- |",
    "| A-1 | it `does` | `Node.start`, `Store` | `tests/a_test.ts`: a thing: works | A-1.patch |",
    "| A-2 | later | planned: more |  |  |",
  ].join("\n");
  deepEqual(parseContract(table), [
    {
      id: "A-1",
      exports: ["Node.start", "Store"],
      proof: {
        file: "tests/a_test.ts",
        title: "a thing: works",
        patch: "tests/mutants/A-1.patch",
      },
    },
    { id: "A-2", exports: [], proof: null },
  ]);
});

Deno.test("a row that lacks something is an error that names it", () => {
  const cases: readonly [string, RegExp][] = [
    ["| A-1 | w | `N` | `t.ts`: t |", /4 cells/],
    ["| A-1 | w | nothing | `t.ts`: t | a.patch |", /A-1 names no export/],
    ["| A-1 | w | `N` |  | a.patch |", /A-1 names no test/],
    ["| A-1 | w | `N` | `t.ts`: t |  |", /A-1 names no patch/],
    ["| A-1 | w | `N` | `t.ts`: t | ../a.patch |", /A-1 names no patch/],
    ["| A-1 | w | planned: x | `t.ts`: t | |", /A-1 is planned/],
  ];
  for (const [line, error] of cases) throws(() => parseContract(line), error, line);
});

Deno.test("the files of a patch are those it writes", () => {
  deepEqual(filesOfPatch("why.\n\n--- a/lib/a.ts\n+++ b/lib/a.ts\n@@ -1 +1 @@\n-a\n+b\n"), [
    "lib/a.ts",
  ]);
});

Deno.test("a patch takes one line at most, and puts one at most in its place", () => {
  const patch = (...lines: string[]) =>
    ["why.", "", "--- a/lib/a.ts", "+++ b/lib/a.ts", "@@ -1 +1 @@", ...lines, ""].join("\n");
  for (const lines of [["-a", "+b"], [" a", "-b"], [" a", "+b"]]) {
    equal(breaksOneLine(patch(...lines)), true);
  }
  for (const lines of [["-a", "-b"], ["-a", "+b", "+c"], ["-a", " b", "-c"]]) {
    equal(breaksOneLine(patch(...lines)), false);
  }
});

const mutants: readonly Mutant[] = Array.from({ length: 30 }, (_, index) => ({
  id: `A-${index}`,
  proof: {
    file: index < 20 ? "tests/unit/a_test.ts" : "tests/mesh/a_test.ts",
    title: "t",
    patch: `tests/mutants/A-${index}.patch`,
  },
  files: [`lib/${index}.ts`],
}));
const ids = (chosen: readonly Mutant[]) => chosen.map(({ id }) => id);

Deno.test("a commit draws ten unit-level mutants, always the same; another commit others", () => {
  const drawn = ids(chooseMutants(mutants, "c1", new Set()));
  equal(drawn.length, 10);
  deepEqual(ids(chooseMutants(mutants.toReversed(), "c1", new Set())), drawn);
  equal(drawn.every((id) => Number(id.slice(2)) < 20), true);
  notDeepEqual(ids(chooseMutants(mutants, "c2", new Set())), drawn);
});

Deno.test("those in changed files come after them, once each", () => {
  const all = new Set(mutants.flatMap(({ files }) => files));
  const chosen = ids(chooseMutants(mutants, "c1", all));
  deepEqual(chosen.toSorted(), ids(mutants).toSorted());
  deepEqual(chosen.slice(0, 10), ids(chooseMutants(mutants, "c1", new Set())));
  const changed = new Set(["lib/25.ts", "tests/mutants/A-26.patch"]);
  deepEqual(ids(chooseMutants(mutants, "c1", changed)).slice(10).toSorted(), ["A-25", "A-26"]);
});

Deno.test("killed is who fails by an assertion; whoever does not run or crashes is not", () => {
  const report = (inner: string) => `<testsuite><testcase name="t &gt; u" line="1">${inner}`;
  const failure = (message: string) => report(`<failure message="${message}">x</failure>`);
  equal(readVerdict(report(""), "t > u").kind, "passed");
  deepEqual(readVerdict(failure("Uncaught AssertionError: 1 == 2&#xA;more"), "t > u"), {
    kind: "failed",
    why: "Uncaught AssertionError: 1 == 2",
  });
  const crashes = ["Uncaught TypeError: x", "Uncaught SyntaxError: x", "Promise is still pending"];
  for (const crash of crashes) equal(readVerdict(failure(crash), "t > u").kind, "broken", crash);
  equal(readVerdict(report("<skipped/>"), "t > u").kind, "broken");
  equal(readVerdict(report(""), "another").kind, "broken");
});

Deno.test("a test that fails in a step fails by what the step says", () => {
  const report = '<testcase name="t"><failure message="1 test step failed"></failure>' +
    '<testcase name="t &gt; s"><failure message="Uncaught TypeError: x"></failure>';
  deepEqual(readVerdict(report, "t"), { kind: "broken", why: "Uncaught TypeError: x" });
});
