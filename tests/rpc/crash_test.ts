// A server lives through clients that connect, call once and hang up. Without the HTTP/2 shim each
// round has about an even chance of aborting the server's process, hence several rounds with a
// fresh server each.

import assert from "node:assert/strict";

const ROUNDS = 5;
const CONNECTIONS = 500;

/** A hang shows as a failure, not as a test run that never ends. Usual: 8 s. */
const ALL_ROUNDS_MS_MAX = 300_000;

function run(args: string[], signal: AbortSignal): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", `${import.meta.dirname}/one_shot.ts`, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal,
  }).spawn();
}

async function firstBytes(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return new TextDecoder().decode(value);
}

async function endOf(child: Deno.ChildProcess): Promise<{ code: number; errors: string }> {
  const [{ code }, errors] = await Promise.all([
    child.status,
    new Response(child.stderr).text(),
    child.stdout.locked ? null : Array.fromAsync(child.stdout),
  ]);
  return { code, errors };
}

Deno.test(`a server survives ${ROUNDS} × ${CONNECTIONS} one-shot connections`, async () => {
  const dir = await Deno.makeTempDir({ prefix: "pollen-crash-" });
  const signal = AbortSignal.timeout(ALL_ROUNDS_MS_MAX);
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const socket = `${dir}/${round}.sock`;
      const server = run(["server", socket], signal);
      assert.equal(await firstBytes(server.stdout), "ready\n");
      const client = run(["client", socket, String(CONNECTIONS)], signal);
      await client.stdin.close();
      assert.deepEqual(await endOf(client), { code: 0, errors: "" }, `client, round ${round}`);
      // The server ends when its standard input does, and removes its socket: so it lived until then.
      await server.stdin.close();
      assert.deepEqual(await endOf(server), { code: 0, errors: "" }, `server, round ${round}`);
      assert.deepEqual([...Deno.readDirSync(dir)], []);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
