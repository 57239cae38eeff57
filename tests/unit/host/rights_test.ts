// What others may do to a node's keys is taken from them, with a word, and nothing else is touched.

import { deepEqual, equal, match } from "node:assert/strict";
import { tightenRights } from "../../../lib/host/mod.ts";

async function inFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "pollen-rights-" });
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** A state folder with these modes of itself, its keys directory and a private and a public key. */
async function make(dir: string, modes: readonly [number, number, number, number]): Promise<void> {
  await Deno.mkdir(`${dir}/keys`);
  await Deno.writeTextFile(`${dir}/keys/a.key`, "secret");
  await Deno.writeTextFile(`${dir}/keys/a.pub`, "public");
  for (const [at, name] of ["", "/keys", "/keys/a.key", "/keys/a.pub"].entries()) {
    await Deno.chmod(dir + name, modes[at]!);
  }
}

async function modes(dir: string): Promise<string> {
  const names = ["", "/keys", "/keys/a.key", "/keys/a.pub"];
  const all = await Promise.all(names.map(async (name) => (await Deno.stat(dir + name)).mode!));
  return all.map((mode) => (mode & 0o7777).toString(8)).join(" ");
}

/** Modes before, modes after, and what is said. */
const CASES: readonly [[number, number, number, number], string, RegExp[]][] = [
  [[0o700, 0o700, 0o600, 0o640], "700 700 600 640", []],
  [[0o755, 0o700, 0o600, 0o640], "755 700 600 640", []],
  // The group of a daemon for several users may look, for its socket.
  [[0o750, 0o700, 0o600, 0o644], "750 700 600 644", []],
  [[0o700, 0o700, 0o644, 0o640], "700 700 600 640", [
    /could get at .*\/keys\/a\.key; .* taken away/,
  ]],
  [[0o700, 0o700, 0o660, 0o640], "700 700 600 640", [/a\.key/]],
  [[0o700, 0o750, 0o600, 0o640], "700 700 600 640", [/could get at .*\/keys;/]],
  [[0o775, 0o700, 0o600, 0o640], "755 700 600 640", [/could change what is in/]],
  [[0o777, 0o777, 0o666, 0o640], "755 700 600 640", [/could change/, /\/keys;/, /a\.key/]],
  // Whose folder is everybody's, like /tmp, is not ours to close.
  [[0o1777, 0o700, 0o600, 0o640], "1777 700 600 640", []],
];

for (const [before, after, said] of CASES) {
  const name = before.map((mode) => mode.toString(8)).join(" ");
  Deno.test(`rights ${name} become ${after}`, () =>
    inFolder(async (dir) => {
      await make(dir, before);
      const sentences = await tightenRights(dir, `${dir}/keys`);
      equal(await modes(dir), after);
      equal(sentences.length, said.length, sentences.join("\n"));
      for (const [at, text] of said.entries()) match(sentences[at]!, text);
      deepEqual(await tightenRights(dir, `${dir}/keys`), [], "once is enough");
    }));
}

Deno.test("a folder without keys is nobody's to close", () =>
  inFolder(async (dir) => {
    await Deno.chmod(dir, 0o777);
    deepEqual(await tightenRights(dir, `${dir}/keys`), []);
    equal((await Deno.stat(dir)).mode! & 0o777, 0o777);
    deepEqual(await tightenRights(`${dir}/nowhere`, `${dir}/nowhere/keys`), []);
  }));
