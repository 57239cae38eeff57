// The contract of every command: where what is printed, and the exit code.

import assert from "node:assert/strict";
import type { Command, Run } from "../../../lib/cli/command.ts";
import { COMMANDS } from "../../../lib/cli/commands.ts";
import { run, VERSION } from "../../../lib/cli/mod.ts";
import { type ErrorCode, EXIT_CODE_OF, PollenError } from "../../../lib/types/mod.ts";
import configuration from "../../../deno.json" with { type: "json" };
import { NOW, pollen } from "./support.ts";

function command(work: Run, isService = false): Command {
  return {
    name: "try",
    summary: "",
    usage: "",
    positionals: { min: 0, max: 0 },
    flags: {},
    description: "",
    examples: [],
    isService,
    load: () => Promise.resolve(work),
  };
}

async function attempt(
  work: Run,
  words: string[] = [],
  options: { isService?: boolean; isInterrupted?: boolean } = {},
) {
  const controller = new AbortController();
  if (options.isInterrupted) controller.abort();
  const output = { stdout: "", stderr: "" };
  const code = await run(["try", ...words], {
    stdout: (text) => Promise.resolve(void (output.stdout += text)),
    stderr: (text) => Promise.resolve(void (output.stderr += text)),
    stdin: () => Promise.resolve(""),
    readLine: () => Promise.resolve(""),
    isInteractive: false,
    env: () => undefined,
    isColored: false,
    signal: controller.signal,
    now: () => NOW,
  }, [command(work, options.isService)]);
  return { code, ...output };
}

Deno.test("the result goes to standard output, hints go to standard error", async () => {
  const outcome = { text: "done", json: { keyHex: "ab" }, notes: ["a hint"] };
  const work = () => Promise.resolve(outcome);
  assert.deepEqual(await attempt(work), { code: 0, stdout: "done\n", stderr: "a hint\n" });
  const json = await attempt(work, ["--json"]);
  assert.deepEqual(json, {
    code: 0,
    stdout: '{"schemaVersion":1,"keyHex":"ab"}\n',
    stderr: "a hint\n",
  });
});

Deno.test("every code has its exit code, and standard output stays empty", async () => {
  for (const code of Object.keys(EXIT_CODE_OF) as ErrorCode[]) {
    const work = () => Promise.reject(new PollenError(code, "It failed.", { fix: "Try this." }));
    const expected = { code: EXIT_CODE_OF[code], stdout: "", stderr: "It failed. Try this.\n" };
    assert.deepEqual(await attempt(work), expected);
    const json = await attempt(work, ["--json"]);
    assert.deepEqual(JSON.parse(json.stderr), {
      error: { code, message: "It failed.", fix: "Try this." },
    });
    assert.equal(json.stdout, "");
  }
});

Deno.test("a defect is called one, without its stack", async () => {
  const { code, stdout, stderr } = await attempt(() =>
    Promise.reject(new TypeError("x of undefined"))
  );
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^Something went wrong inside pollen\..*POLLEN_DEBUG=1/);
  assert.doesNotMatch(stderr, /undefined|\n.*at /);
});

Deno.test("an interrupted command ends with 130, a service with 0", async () => {
  const work: Run = ({ signal }) => Promise.reject(signal.reason);
  const interrupted = await attempt(work, [], { isInterrupted: true });
  assert.deepEqual(interrupted, { code: 130, stdout: "", stderr: "Interrupted.\n" });
  const service = await attempt(work, [], { isInterrupted: true, isService: true });
  assert.deepEqual(service, { code: 0, stdout: "", stderr: "" });
});

Deno.test("pollen and pollen --help list every command and exit with 0", async () => {
  for (const words of [[], ["--help"], ["help"]]) {
    const { code, stdout, stderr } = await pollen(words);
    assert.deepEqual([code, stderr], [0, ""]);
    for (const { name, summary } of COMMANDS) {
      assert.match(stdout, new RegExp(`^  ${name} +${summary.replaceAll(".", "\\.")}$`, "m"));
    }
  }
});

Deno.test("every command explains itself with an example, its flags, and no line beyond 100 columns", async () => {
  for (const { name, flags, load } of COMMANDS) {
    const { code, stdout } = await pollen([name, "--help"]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`Examples?:\n  pollen ${name}`));
    for (const flag of Object.keys(flags)) assert.match(stdout, new RegExp(`--${flag}\\b`));
    assert(stdout.split("\n").every((line) => line.length <= 100), stdout);
    assert.equal(typeof await load(), "function");
  }
});

Deno.test("nothing a person reads speaks in jargon", async () => {
  const texts = await Promise.all(COMMANDS.map(({ name }) => pollen([name, "--help"])));
  for (const { stdout } of texts) assert.doesNotMatch(stdout, /mesh|gossip|CRDT|(?<!g)RPC/i);
});

Deno.test("a wrong word exits with 2, as JSON where that is wanted", async () => {
  assert.equal((await pollen(["stauts"])).code, 2);
  const { code, stdout, stderr } = await pollen(["status", "--al", "--json"]);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.equal(JSON.parse(stderr).error.code, "invalid_argument");
});

Deno.test("the version is that of deno.json", async () => {
  assert.equal(VERSION, configuration.version);
  assert.equal((await pollen(["version", "--short"])).stdout, `${VERSION}\n`);
  assert.match((await pollen(["version"])).stdout, new RegExp(`^pollen ${VERSION} `));
  const json = JSON.parse((await pollen(["version", "--json"])).stdout);
  assert.deepEqual([json.schemaVersion, json.version], [1, VERSION]);
  assert.equal((await pollen(["--version"])).stdout, (await pollen(["version"])).stdout);
  assert.equal((await pollen(["--short", "--version"])).stdout, `${VERSION}\n`);
  assert.match((await pollen(["status", "--version"])).stderr, /There is no flag --version/);
});
