// Proves a node on Linux arm64 against one on x64: the arm64 node, emulated, joins, serves, connects,
// carries 10 MB each way through both tunnels, is killed and comes back. Prints what each step took;
// the figures tell of the emulation, not of a machine.
//
//   deno task arm64 [LIBRARY]     with the checked-in engine, or with another
//
// Needs qemu-user and gcc-aarch64-linux-gnu (Debian's names).

import { createHash, randomBytes } from "node:crypto";
import { resolve } from "./paths.ts";
import { emulatedDeno, emulationMissing } from "./support/arm64/emulation.ts";
import {
  Daemon,
  type Place,
  pollen,
  ROOT,
  sourceProgram,
  TemporaryFolder,
  until,
} from "./support/pollen_process.ts";

const BYTES = 10 * 1024 * 1024;
const LOCAL = ["--port", "0", "--ips", "127.0.0.1"] as const;
/** Emulation is some ten times slower, and this machine may be busy. */
const PATIENCE = 10;
/** The longest that a transfer, or news of a service, may take. */
const TIMEOUT_MS = 300_000;

const ATTEMPTS = 5;

async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  console.log(
    `${what.padEnd(52)} ${((performance.now() - start) / 1000).toFixed(2).padStart(7)} s`,
  );
  return result;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A web server that gives 10 MB away, and says the hash of what it is sent. */
function serveBytes(body: Uint8Array<ArrayBuffer>): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    if (request.method === "GET") return new Response(body);
    return new Response(sha256(await request.bytes()));
  });
}

/** Fetches the 10 MB and sends as many back; both must arrive unchanged. */
async function carryBothWays(port: number, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const url = `http://127.0.0.1:${port}/`;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const received = await (await fetch(url, { signal })).bytes();
  if (sha256(received) !== sha256(body)) throw new Error("what was fetched is not what was served");
  const sent = new Uint8Array(randomBytes(BYTES));
  const answer = await fetch(url, { method: "POST", body: sent, signal });
  if (await answer.text() !== sha256(sent)) throw new Error("what was sent is not what arrived");
}

/**
 * Runs a command that must succeed, again where it does not. The first steps of an emulated process
 * may take longer than the other side waits (3 s for the question of one who joins) when the machine
 * is busy; each of these commands may be repeated, and a person would.
 */
async function insist(place: Place, args: readonly string[]): Promise<string> {
  for (let attempt = 1;; attempt++) {
    const { code, stdout, stderr } = await pollen(place, args);
    if (code === 0) return stdout.trimEnd();
    // Then the attempt before came through, and only its answer was late.
    if (attempt > 1 && /\balready\b/.test(stderr)) return "";
    console.log(`  ${args[0]}, attempt ${attempt}: ${stderr.trim()}`);
    if (attempt === ATTEMPTS) throw new Error(`${args[0]} failed ${ATTEMPTS} times`);
  }
}

/** Serves the port at one node and connects the other to it; the port that leads there. */
async function offer(at: Place, to: Place, port: number, name: string): Promise<number> {
  await insist(at, ["serve", String(port), name]);
  await until(`${name} is known`, async () => {
    const { services } = JSON.parse(await insist(to, ["status", "--json"]));
    return services.some((service: { name: string }) => service.name === name) ? true : null;
  }, TIMEOUT_MS);
  // A port of its own: one that was not asked for may be another after a restart.
  const local = freePort();
  await insist(to, ["connect", name, "--local-port", String(local)]);
  return local;
}

/** A TCP port that was free a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

const [engine] = Deno.args;
const missing = await emulationMissing();
if (missing !== null) {
  console.error(`arm64 cannot be tried here: ${missing}.`);
  console.error(
    "On Debian: apt-get install qemu-user gcc-aarch64-linux-gnu; then: deno task engine",
  );
  Deno.exit(1);
}

await using folder = await TemporaryFolder.make();
const body = new Uint8Array(randomBytes(BYTES));
await using site = serveBytes(body);
const deno = await step("the arm64 Deno is fetched", () => Promise.resolve(emulatedDeno()));
const x64: Place = { dir: await folder.folder("x64") };
const arm64: Place = {
  dir: await folder.folder("arm64"),
  program: sourceProgram(ROOT, deno),
  // A cache of its own: compiled code of the two machines must not meet in one.
  env: {
    DENO_DIR: await folder.folder("deno"),
    ...(engine === undefined ? {} : { POLLEN_QUIC_LIBRARY: resolve(engine) }),
  },
  patience: PATIENCE,
};
const upArm64 = () => Daemon.up(arm64, LOCAL);

await insist(x64, ["init"]);
await using _x64Daemon = await step("x64: up", () => Daemon.up(x64, LOCAL));
const version = await step(
  "arm64: version, into an empty cache",
  () => insist(arm64, ["version"]),
);
console.log(`  ${version.replaceAll("\n", ", ")}`);
const token = await insist(x64, ["invite"]);
await step("arm64: join", () => insist(arm64, ["join", "--no-start", token]));

{
  await using daemon = await step("arm64: up", upArm64);
  await daemon.waitForLog(/peer connected/);
  const near = await step(
    "arm64: serve, x64: connect",
    () => offer(arm64, x64, site.addr.port, "on-arm64"),
  );
  await step("x64 -> arm64: 10 MB there and 10 MB back", () => carryBothWays(near, body));
  const far = await step(
    "x64: serve, arm64: connect",
    () => offer(x64, arm64, site.addr.port, "on-x64"),
  );
  await step("arm64 -> x64: 10 MB there and 10 MB back", () => carryBothWays(far, body));
  await step("arm64: kill -9", () => daemon.kill());

  await using again = await step("arm64: up again", upArm64);
  await step("arm64: what it had promised is back", async () => {
    await again.waitForLog(/peer connected/);
    await again.waitForLog(/forward restored/);
  });
  await step("x64 -> arm64: 10 MB there and 10 MB back", () => carryBothWays(near, body));
  await step("arm64 -> x64: 10 MB there and 10 MB back", () => carryBothWays(far, body));
  await step("arm64: down", async () => {
    const code = await again.stop();
    if (code !== 0) throw new Error(`it ended with ${code}:\n${again.log.join("\n")}`);
  });
}
console.log("\nA node on Linux arm64 works with one on x64.");
