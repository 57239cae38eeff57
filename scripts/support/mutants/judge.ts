// Runs one test in a copy of the repository and says how it ended. A mutant counts as killed only
// when its test ran and failed by what it asserts: a program that does not load proves nothing.

import { join } from "../../paths.ts";
import type { Proof } from "../contract.ts";

/** Milliseconds for one test, its start included. */
const TEST_TIMEOUT_MS = 120_000;

/** How a test ended. */
export type Verdict =
  | { readonly kind: "passed" }
  /** By an assertion, or by an error of ours that it did not expect. */
  | { readonly kind: "failed"; readonly why: string }
  /** It did not run, broke in a way no assertion sees, or did not end. */
  | { readonly kind: "broken"; readonly why: string };

/** Failures that say more of the patch than of the test. */
const CRASH = /^Uncaught (\(in promise\) )?(Syntax|Reference|Type|Range)Error|still pending/;

/** Reads the verdict on one test from a JUnit report. */
export function readVerdict(report: string, title: string): Verdict {
  const cases = report.split("<testcase ").slice(1).map((text) => ({
    name: unescape(/name="([^"]*)"/.exec(text)?.[1] ?? ""),
    isSkipped: text.includes("<skipped"),
    failure: /<failure message="([^"]*)"/.exec(text)?.[1],
  }));
  const own = cases.find(({ name, isSkipped }) => name === title && !isSkipped);
  if (own === undefined) return { kind: "broken", why: "the test did not run" };
  if (own.failure === undefined) return { kind: "passed" };
  const inner = cases.find(({ name, failure }) =>
    name.startsWith(`${title} > `) && failure !== undefined
  );
  const why = unescape((inner ?? own).failure!).split("\n")[0]!;
  return { kind: CRASH.test(why) ? "broken" : "failed", why };
}

/** Runs the test in the copy. */
export async function runTest(dir: string, { file, title }: Proof): Promise<Verdict> {
  const report = join(dir, ".report.xml");
  await Deno.remove(report).catch(() => {});
  const args = ["test", "-A", "--no-check", "--quiet", `--junit-path=${report}`];
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args, "--filter", exactly(title), file],
    cwd: dir,
    stdout: "null",
    stderr: "null",
  }).spawn();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, TEST_TIMEOUT_MS);
  await child.status;
  clearTimeout(timer);
  if (isLate) return { kind: "broken", why: "the test did not end" };
  const text = await Deno.readTextFile(report).catch(() => "");
  if (text === "") return { kind: "broken", why: "the program does not load" };
  return readVerdict(text, title);
}

/** A filter that matches this one test. */
function exactly(title: string): string {
  return `/^${RegExp.escape(title)}$/`;
}

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'").replaceAll("&#xA;", "\n").replaceAll("&amp;", "&");
}
