// What `deno test` printed at its end, read: how many passed, which failed and why.

/** A test that failed, or a step of one. */
export interface Failure {
  readonly name: string;
  /** From the top of the checkout, such as `./tests/e2e/tunnel_test.ts`; empty for what was no test's. */
  readonly file: string;
  /** The beginning of what was thrown; empty where nothing was. */
  readonly thrown: string;
}

export interface TestReport {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
  readonly failures: readonly Failure[];
}

const FAILURES = "\n FAILURES \n";
const ERRORS = "\n ERRORS \n";
const COUNTS =
  /(\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed(?: \(\d+ steps?\))?(?: \| (\d+) ignored)?/g;
/** `name => ./file:line:column`; what was thrown outside a test has another form. */
const FAILED_TEST = /^(.*) => (\.\/[^:]+):\d+:\d+$/;
/** Lines that are kept of what was thrown. */
const THROWN_LINES = 6;

/** Reads the output of a run, without colours; null where it ended before it said how it went. */
export function readTestReport(output: string): TestReport | null {
  const counts = [...output.matchAll(COUNTS)].at(-1);
  if (counts === undefined) return null;
  const [passed, failed, ignored] = [1, 2, 3].map((group) => Number(counts[group] ?? 0));
  const [errorsAt, failuresAt] = [ERRORS, FAILURES].map((title) => output.lastIndexOf(title));
  const listed = failuresAt! < 0 ? "" : output.slice(failuresAt! + FAILURES.length);
  const errors = errorsAt! < 0 ? "" : output.slice(errorsAt! + ERRORS.length, failuresAt);
  const [lines] = listed.trimStart().split("\n\n", 1);
  const failures = lines!.split("\n").filter((line) => line !== "").map((header): Failure => {
    // A line of another form must not be lost: of its file nothing is known then.
    const [, name, file] = FAILED_TEST.exec(header) ?? [null, header, ""];
    return { name: name!, file: file!, thrown: below(errors, header) };
  });
  return { passed: passed!, failed: failed!, ignored: ignored!, failures };
}

/** The first lines below this one, up to the place in the code. */
function below(text: string, header: string): string {
  const at = text.indexOf(`\n${header}\n`);
  if (at < 0) return "";
  const [thrown] = text.slice(at + header.length + 2).split("\n    at ", 1);
  return thrown!.split("\n").filter((line) => line !== "").slice(0, THROWN_LINES).join("\n");
}
