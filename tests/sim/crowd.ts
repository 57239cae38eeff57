// How long many nodes take to find each other that know one of them only, and what it costs:
// `deno run -A tests/sim/crowd.ts [nodes]`. Virtual seconds until each is connected with each and
// all agree; bytes as a model of QUIC counts them, acknowledgements aside.

import { Seeded } from "../support/seeded.ts";
import { World } from "./world.ts";

const NODES = Number(Deno.args[0] ?? 100);
const BOUND_MS = 600_000;

const seed = Seeded.seedFrom("POLLEN_SIM_SEED");
const world = await World.found(seed, {
  machines: NODES,
  old: 0,
  hasHostile: false,
  troubleMs: 0,
});
const start = performance.now();
for (const machine of world.machines) await machine.start();

// What must be so at every moment is looked at in smaller networks.
world.time.after = () => {};

const lives = world.machines.map(({ life }) => life!);
const connectedS = await until(() =>
  lives.every(({ mesh }) => mesh.connectedPeers().length === NODES - 1)
);
const agreedS = await until(() =>
  new Set(lives.map(({ store }) => store.digest().toHex())).size === 1
);
const bytes = bytesSent();
await world.time.run(60_000);
const idle = bytesSent();

const tookS = (performance.now() - start) / 1000;
console.log(`${NODES} nodes, POLLEN_SIM_SEED=${seed}, ${tookS.toFixed(0)} s of real time`);
console.log(`each connected with each after ${connectedS} virtual s, agreed after ${agreedS} s`);
console.log(`sent until then: ${(mean(bytes) / 1e3).toFixed(0)} kB per node`);
console.log(`and in the next minute: ${((mean(idle) - mean(bytes)) / 1e3).toFixed(0)} kB per node`);

/** The virtual seconds until it is so. */
async function until(isSo: () => boolean): Promise<number> {
  while (!isSo()) {
    if (world.time.nowMs > BOUND_MS) throw new Error("not connected within the bound");
    await world.time.run(1_000);
  }
  return world.time.nowMs / 1_000;
}

function bytesSent(): number[] {
  return lives.map(({ engine }) => engine.bytesSent);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}
