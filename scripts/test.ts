// Runs every test and ends with the line `N passed, N failed`. Arguments go to `deno test`.
// What a test begins it ends: Deno looks for leaks only where it is told to.
// In CI a skipped test is a failure: what cannot run there proves nothing.
//
// Tests that share the machine's kernel with everything else on it, by real processes, networks or
// sockets, can fail because of the machine. Their files run once more when few of them failed, and what then
// passes is told as flaky, with what went wrong; nothing else is tried twice.

import { dirname, fromFileUrl } from "./paths.ts";
import { readTestReport, type TestReport } from "./support/test_report.ts";

/** Operations and resources that outlive their test fail it. */
const LEAKS = ["--sanitize-ops", "--sanitize-resources"];
/** Where the tests are that have processes, browsers, networks or sockets. */
const FOLDERS = [
  ...["compat", "dashboard", "durability", "e2e", "interop", "lab", "mesh", "portable", "portmap"],
  ...["quic", "registry", "rpc", "tunnel"],
];
const WITH_MACHINE = new RegExp(`^\\./tests/(?:${FOLDERS.join("|")})/`);
/** More files than this that fail are no chance. */
const REPEATED_FILES_MAX = 3;
/** How much of the output is kept to be read: the report is at its end. */
const KEPT_CHARACTERS = 1 << 20;

const root = dirname(dirname(fromFileUrl(import.meta.url)));

/** Runs tests; what they said at the end, and whether all was well. */
async function run(args: readonly string[]): Promise<[TestReport | null, boolean]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--quiet", ...LEAKS, ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdout: "piped",
  }).spawn();
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    await Deno.stdout.write(chunk);
    output = (output + decoder.decode(chunk, { stream: true })).slice(-KEPT_CHARACTERS);
  }
  const { success } = await child.status;
  return [readTestReport(output), success];
}

/** The files to run again: of tests with the machine, when no other failed, and few of these. */
function filesToRepeat({ failed, failures }: TestReport): string[] {
  const files = [...new Set(failures.map(({ file }) => file))];
  const mayBeChance = failed > 0 && failures.length > 0 && files.length <= REPEATED_FILES_MAX &&
    files.every((file) => WITH_MACHINE.test(file));
  return mayBeChance ? files : [];
}

function tell(title: string, { failures }: TestReport): void {
  for (const { name, file, thrown } of failures) {
    console.log(`${title}: ${file}: ${name}\n${thrown.replace(/^/gm, "  ")}`);
  }
}

const [first, isWell] = await run(Deno.args);
const repeated = first === null ? [] : filesToRepeat(first);
let failed = first?.failed ?? 0;
let hasPassed = isWell;
if (repeated.length > 0) {
  console.log(`\nonce more: ${repeated.join(" ")}`);
  const flags = Deno.args.filter((arg) => arg.startsWith("-"));
  const [second, isWellNow] = await run([...flags, ...repeated]);
  failed = isWellNow ? 0 : Math.max(1, second?.failed ?? 1);
  hasPassed = isWellNow;
  if (second !== null) tell("failed again", second);
}
if (first !== null) {
  tell(repeated.length > 0 && hasPassed ? "flaky, to be mended" : "failed", first);
}

const skipped = Deno.env.get("CI") === "true" ? first?.ignored ?? 0 : 0;
if (skipped > 0) console.error(`${skipped} tests were skipped, which CI does not accept.`);
// A run that ended without a summary, or failed outside a test (a leak, a type error), is a failure too.
const failures = Math.max(failed + skipped, hasPassed ? 0 : 1);
const passed = (first?.passed ?? 0) + Math.max(0, (first?.failed ?? 0) - failed);
console.log(`${passed} passed, ${failures} failed`);
Deno.exit(failures === 0 && passed > 0 ? 0 : 1);
