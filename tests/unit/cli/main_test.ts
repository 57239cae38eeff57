// The program as a process: exit codes as a shell sees them, and how `up` ends.

import assert from "node:assert/strict";
import { inFolder } from "./support.ts";

const MAIN = new URL("../../../main.ts", import.meta.url).pathname;

/** A hang shows as a failure. */
const DEADLINE_MS = 30_000;

function spawn(dir: string, words: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", MAIN, ...words, "--dir", dir],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(DEADLINE_MS),
  }).spawn();
}

async function finished(child: Deno.ChildProcess) {
  const { code, stdout, stderr } = await child.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out!, err: err! };
}

/** Starts `up`, waits until it says it is up, has it ended, and gives its exit code. */
async function endUp(dir: string, end: (child: Deno.ChildProcess) => Promise<void>) {
  const child = spawn(dir, ["up", "--port", "0", "--json"]);
  const errors = new Response(child.stderr).text();
  const reader = child.stdout.getReader();
  const first = await reader.read();
  if (first.value === undefined) throw new Error(`up ended before it was up: ${await errors}`);
  const { schemaVersion, port, socketPath } = JSON.parse(new TextDecoder().decode(first.value));
  assert.equal(schemaVersion, 1);
  assert(port > 0);
  assert.equal(socketPath, `${dir}/pollen.sock`);
  await end(child);
  const { code } = await child.status;
  assert.equal((await reader.read()).done, true, "nothing more on standard output");
  await errors;
  return code;
}

Deno.test("results and failures have their exit codes", () =>
  inFolder(async (dir) => {
    const version = await finished(spawn(dir, ["version", "--short"]));
    assert.deepEqual([version.code, version.err], [0, ""]);
    const unknown = await finished(spawn(dir, ["stauts"]));
    assert.deepEqual([unknown.code, unknown.out], [2, ""]);
    const status = await finished(spawn(dir, ["status"]));
    assert.deepEqual([status.code, status.out], [6, ""]);
  }));

Deno.test("up demands a network, and never makes one by itself", () =>
  inFolder(async (dir) => {
    const { code, out, err } = await finished(spawn(dir, ["up"]));
    assert.deepEqual([code, out], [1, ""]);
    assert.match(err, /pollen init.*pollen join/);
    assert.deepEqual([...Deno.readDirSync(dir)], []);
  }));

Deno.test("up ends with 0 when interrupted, when terminated, and by down", () =>
  inFolder(async (dir) => {
    assert.equal((await finished(spawn(dir, ["init"]))).code, 0);
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      assert.equal(await endUp(dir, (child) => Promise.resolve(child.kill(signal))), 0);
    }
    const code = await endUp(dir, async () => {
      const second = await finished(spawn(dir, ["up", "--port", "0"]));
      assert.deepEqual([second.code, second.out], [1, ""]);
      const down = await finished(spawn(dir, ["down"]));
      assert.deepEqual([down.code, down.out], [0, "node stopped\n"]);
    });
    assert.equal(code, 0);
    await assert.rejects(Deno.lstat(`${dir}/pollen.sock`), Deno.errors.NotFound);
  }));
