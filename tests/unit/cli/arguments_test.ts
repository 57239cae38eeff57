// The grammar of the command line and the words it answers with.

import assert from "node:assert/strict";
import fc from "fast-check";
import { GLOBAL_FLAGS, parseArguments, wantsJson } from "../../../lib/cli/arguments.ts";
import { COMMANDS } from "../../../lib/cli/commands.ts";
import { PollenError } from "../../../lib/types/mod.ts";

function parse(...words: string[]) {
  return parseArguments(words, COMMANDS);
}

function refusal(...words: string[]): string {
  try {
    parse(...words);
  } catch (thrown) {
    assert(thrown instanceof PollenError);
    assert.equal(thrown.code, "invalid_argument");
    return thrown.text;
  }
  throw new assert.AssertionError({ message: `${words.join(" ")} was taken` });
}

Deno.test("flags and arguments may stand in any order, values behind a space or an equals sign", () => {
  for (
    const words of [
      ["connect", "api", "3f9a", "--local-port", "9000", "--dir", "/x"],
      ["--dir", "/x", "connect", "--local-port=9000", "api", "3f9a"],
      ["--dir=/x", "connect", "--local-port", "9000", "--", "api", "3f9a"],
    ]
  ) {
    const { command, isHelp, args } = parse(...words);
    assert.equal(command?.name, "connect");
    assert.equal(isHelp, false);
    assert.deepEqual(args.positionals, ["api", "3f9a"]);
    assert.equal(args.value("local-port"), "9000");
    assert.equal(args.value("dir"), "/x");
    assert.equal(args.has("json"), false);
  }
});

Deno.test("a value may contain an equals sign, and begin with a dash behind one", () => {
  assert.equal(parse("invite", "--ttl=a=b").args.value("ttl"), "a=b");
  assert.equal(parse("invite", "--ttl=-5m").args.value("ttl"), "-5m");
});

Deno.test("an empty value is no value, and never falls back to the default", () => {
  assert.match(refusal("status", "--dir="), /--dir needs a value/);
  assert.match(refusal("status", "--dir", ""), /--dir needs a value/);
});

Deno.test("a flag before the command keeps its value", () => {
  const { command, args } = parse("--port", "7", "up", "--dir=/x");
  assert.deepEqual([command?.name, args.value("port"), args.positionals], ["up", "7", []]);
  assert.equal(parse("--all", "status").command?.name, "status");
  // A switch here and a flag with a value there: only behind the command is it clear.
  assert.equal(parse("--registry", "up").command?.name, "up");
  assert.equal(parse("up", "--registry", "--port", "7").args.has("registry"), true);
  assert.equal(parse("agent", "--registry", "a:1").args.value("registry"), "a:1");
});

Deno.test("one name is one kind of flag in every command", () => {
  const kinds = new Map<string, string>();
  for (
    const [name, flag] of [GLOBAL_FLAGS, ...COMMANDS.map(({ flags }) => flags)].flatMap(
      Object.entries,
    )
  ) {
    // It is a switch of `up`, and an address elsewhere.
    if (name === "registry") continue;
    const kind = `${flag.value === undefined} ${flag.short}`;
    assert.equal(kinds.get(name) ?? kind, kind, name);
    kinds.set(name, kind);
  }
});

Deno.test("a lone dash is an argument, and after two dashes everything is", () => {
  assert.deepEqual(parse("join", "-").args.positionals, ["-"]);
  assert.deepEqual(parse("join", "--", "--odd").args.positionals, ["--odd"]);
});

Deno.test("a list takes every value, any other flag only one", () => {
  const { args } = parse("invite", "--bootstrap", "a", "--bootstrap=b");
  assert.deepEqual(args.values("bootstrap"), ["a", "b"]);
  assert.match(refusal("invite", "--ttl", "1m", "--ttl", "2m"), /--ttl was given twice/);
  assert.equal(parse("status", "--all", "--all").args.has("all"), true);
});

Deno.test("no command, --help, -h and help ask for help", () => {
  assert.deepEqual([parse().command, parse().isHelp], [null, true]);
  assert.equal(parse("--help").command, null);
  for (const words of [["up", "--help"], ["help", "up"], ["up", "-h"], ["--help", "up"]]) {
    const { command, isHelp } = parse(...words);
    assert.deepEqual([command?.name, isHelp], ["up", true]);
  }
  assert.equal(parse("connect", "--help").isHelp, true, "no argument is missing when asking");
});

Deno.test("an unknown command or flag is answered with the nearest", () => {
  assert.match(refusal("stauts"), /no command "stauts".*Did you mean "pollen status"\?/s);
  assert.match(refusal("conn"), /"pollen connect"/);
  assert.match(refusal("frobnicate"), /no command "frobnicate"\. See all commands/);
  assert.match(refusal("status", "--jsn"), /no flag --jsn.*"--json"/);
  assert.match(refusal("up", "--all"), /no flag --all.*Usage: pollen up/);
  assert.match(refusal("up", "-p", "7"), /no flag -p/);
  assert.match(refusal("--jsn"), /no flag --jsn/);
  assert.match(refusal("up", "--constructor"), /no flag --constructor/);
});

Deno.test("missing and superfluous words are named", () => {
  assert.match(refusal("connect"), /needs <service>/);
  assert.match(refusal("serve", "1", "a", "b"), /"b" is one argument too many/);
  assert.match(refusal("up", "--port"), /--port needs a value.*--port N/);
  assert.match(refusal("up", "--port", "--ips", "1.2.3.4"), /--port needs a value/);
  assert.match(refusal("status", "--all=yes"), /--all takes no value/);
});

Deno.test("whether JSON is wanted is known even where parsing fails", () => {
  assert.equal(wantsJson(["stauts", "--json"]), true);
  assert.equal(wantsJson(["join", "--", "--json"]), false);
});

Deno.test("any words are taken or refused, never anything else", () => {
  const word = fc.oneof(
    fc.constantFrom(
      "--dir",
      "--json",
      "--",
      "-",
      "-h",
      "help",
      ...COMMANDS.map(({ name }) => name),
    ),
    fc.string({ maxLength: 12 }),
    fc.string({ maxLength: 12 }).map((text) => `--${text}`),
  );
  fc.assert(fc.property(fc.array(word, { maxLength: 8 }), (words) => {
    try {
      parse(...words);
    } catch (thrown) {
      assert(thrown instanceof PollenError && thrown.code === "invalid_argument");
    }
  }));
});
