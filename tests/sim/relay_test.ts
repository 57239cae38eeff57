// Two nodes that cannot meet, on virtual time: others carry their packets, one after the other, until
// they can. It is the same session all along.

import { deepEqual, equal, ok } from "node:assert/strict";
import { RegistryNetwork } from "../../lib/app/registry_network.ts";
import type { PeerKey, PeerPath, Session } from "../../lib/types/mod.ts";
import { type Machine, RELAY_BYTES_PER_SECOND } from "./machine.ts";
import { World } from "./world.ts";

const KIND = { machines: 4, old: 0, hasHostile: false, troubleMs: 0 };
/** Until the nodes of a network know each other and everybody who can meet has met. */
const SETTLING_MS = 10_000;

/** Two that cannot meet, and two that can carry for them. */
async function openApart(seed: number) {
  const world = await World.found(seed, KIND);
  const [root, one, other, fourth] = world.machines as [Machine, Machine, Machine, Machine];
  world.network.cut(one.ip, other.ip);
  world.network.cut(other.ip, one.ip);
  for (const machine of world.machines) await machine.start();
  await world.time.run(SETTLING_MS);
  return { world, one, other, carriers: [root, fourth] as const };
}

function path(from: Machine, to: Machine): PeerPath | null {
  return from.life!.mesh.peerPath(to.key);
}

function session(from: Machine, to: Machine): Promise<Session> {
  return from.life!.mesh.session(to.key);
}

/** Who carries what the one sends to the other. */
function carrierOf(carriers: readonly Machine[], from: Machine, to: Machine): Machine {
  const key = path(from, to)?.carrier;
  const carrier = carriers.find((machine) => machine.key === key);
  ok(carrier !== undefined, `carried by ${key}`);
  return carrier;
}

/** Both say something to each other, again and again. */
function chatter(one: Machine, other: Machine): void {
  const say = (from: Machine, to: PeerKey) => {
    const { mesh, clock } = from.life!;
    if (mesh.peerPath(to) !== null) {
      mesh.sendFrame(to, { body: { kind: "observedAddress", value: { addr: "" } } });
    }
    clock.setTimer(300, () => say(from, to));
  };
  say(one, other.key);
  say(other, one.key);
}

Deno.test("who cannot meet is connected by a carrier, which can go", async () => {
  const { world, one, other, carriers } = await openApart(1);
  const sessions = [await session(one, other), await session(other, one)];
  const first = carrierOf(carriers, one, other);
  equal(carrierOf(carriers, other, one), first);
  equal(path(one, other)!.address, null);
  equal(first.life!.engine.relays.carried, 1);
  const second = carriers.find((carrier) => carrier !== first)!;
  equal(second.life!.engine.relays.carried, 1, "one is held ready");
  // What is said passes.
  await one.life!.node.registerService(8_000, "api");
  await world.time.run(1_000);
  equal(other.life!.store.get(one.key)?.services.get("api"), 8_000);

  chatter(one, other);
  await world.time.run(1_000);
  first.crash("kill");
  await world.time.run(3_000);
  equal(carrierOf(carriers, one, other), second);
  equal(carrierOf(carriers, other, one), second);

  world.network.mendAll();
  await world.time.run(70_000);
  deepEqual(path(one, other)!.address, other.address);
  deepEqual(path(other, one)!.address, one.address);
  deepEqual([await session(one, other), await session(other, one)], sessions);
  equal(second.life!.engine.relays.carried, 0, "what nobody needs is given up");
});

Deno.test("what a carrier gives a member is for all of its relays together", async () => {
  const { world, one, carriers: [root, fourth] } = await openApart(2);
  deepEqual(root.life!.engine.relays.limits, [RELAY_BYTES_PER_SECOND]);
  world.network.cut(one.ip, fourth.ip);
  world.network.cut(fourth.ip, one.ip);
  // Until the session that is lost is over, and another one leads over the carrier that is left.
  await world.time.run(60_000);
  const half = RELAY_BYTES_PER_SECOND / 2;
  deepEqual(root.life!.engine.relays.limits, [half, half]);
  root.life!.engine.relays.use(RELAY_BYTES_PER_SECOND);
  await world.time.run(3_000);
  const least = RELAY_BYTES_PER_SECOND / 8;
  deepEqual(root.life!.engine.relays.limits, [RELAY_BYTES_PER_SECOND - least, least]);
  world.network.mendAll();
  await world.time.run(70_000);
  deepEqual(root.life!.engine.relays.limits, []);
});

Deno.test("a third one knows who carries what between two others, and how long it takes", async () => {
  const { world, one, other, carriers } = await openApart(4);
  await world.time.run(30_000);
  const carrier = carrierOf(carriers, one, other);
  const viewer = carriers.find((machine) => machine !== carrier)!;
  const linkSeen = async () => {
    const { mesh, store } = viewer.life!;
    const network = new RegistryNetwork({ identity: { peerKey: viewer.key }, mesh, store });
    const { links } = await network.look({ linksMax: 100, servicesMax: 0 });
    const ends = [one.key, other.key].sort();
    const { path, carrier, latencyMs } = links.find(({ from, to }) =>
      from === ends[0] && to === ends[1]
    )!;
    ok(latencyMs !== null && latencyMs > 0, `${latencyMs} ms`);
    return [path, carrier];
  };
  deepEqual(await linkSeen(), ["relayed", carrier.key]);
  world.network.mendAll();
  await world.time.run(150_000);
  equal(path(one, other)!.carrier, null);
  deepEqual(await linkSeen(), ["direct", null]);
});

Deno.test("a direct path that dies is left for a carrier within seconds", async () => {
  const world = await World.found(2, KIND);
  for (const machine of world.machines) await machine.start();
  await world.time.run(SETTLING_MS);
  const [root, one, other, fourth] = world.machines as [Machine, Machine, Machine, Machine];
  chatter(one, other);
  await world.time.run(5_000);
  equal(path(one, other)!.carrier, null);
  const before = await session(one, other);
  // In one direction alone: the other end hears everything and has to believe what it is told.
  world.network.cut(one.ip, other.ip);
  await world.time.run(5_000);
  carrierOf([root, fourth], one, other);
  carrierOf([root, fourth], other, one);
  world.network.mendAll();
  await world.time.run(70_000);
  equal(path(one, other)!.carrier, null);
  equal(await session(one, other), before);
});

Deno.test("nothing is carried over what is carried", async () => {
  const { world, one, other, carriers: [root, fourth] } = await openApart(3);
  // The fourth one reaches the first only through the root from now on: it is no carrier for it.
  world.network.cut(one.ip, fourth.ip);
  world.network.cut(fourth.ip, one.ip);
  chatter(one, fourth);
  chatter(one, other);
  await world.time.run(20_000);
  equal(carrierOf([root], one, fourth), root);
  equal(carrierOf([root], one, other), root);
  equal(carrierOf([root], other, one), root);
  equal(fourth.life!.engine.relays.carried, 0);
});
