// Runs every test and ends with the line `N passed, N failed`. Arguments go to `deno test`.
// What a test begins it ends: Deno looks for leaks only where it is told to.
// In CI a skipped test is a failure: what cannot run there proves nothing.

import { dirname, fromFileUrl } from "./paths.ts";

/** Operations and resources that outlive their test fail it. */
const LEAKS = ["--sanitize-ops", "--sanitize-resources"];

const root = dirname(dirname(fromFileUrl(import.meta.url)));
const child = new Deno.Command(Deno.execPath(), {
  args: ["test", "-A", "--quiet", ...LEAKS, ...Deno.args],
  cwd: root,
  env: { NO_COLOR: "1" },
  stdout: "piped",
}).spawn();

let tail = "";
const decoder = new TextDecoder();
for await (const chunk of child.stdout) {
  await Deno.stdout.write(chunk);
  tail = (tail + decoder.decode(chunk, { stream: true })).slice(-4096);
}
const { success } = await child.status;

const summary =
  /(\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed(?: \(\d+ steps?\))?(?: \| (\d+) ignored)?/.exec(
    tail,
  );
const [passed, failed, ignored] = [1, 2, 3].map((group) => Number(summary?.[group] ?? 0));
const isSkipFailure = ignored! > 0 && Deno.env.get("CI") === "true";
if (isSkipFailure) console.error(`${ignored} tests were skipped, which CI does not accept.`);
// A run that ended without a summary, or failed outside a test (a leak, a type error), is a failure too.
const failures = Math.max(failed! + (isSkipFailure ? ignored! : 0), success ? 0 : 1);
console.log(`${passed} passed, ${failures} failed`);
Deno.exit(failures === 0 && passed! > 0 ? 0 : 1);
