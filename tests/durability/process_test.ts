// Real daemons, killed with -9 in the middle of commands: three times here, POLLEN_KILLS times in the
// long run. POLLEN_CRASH_SEED repeats the choices; the moment of a kill is the machine's.

import { equal } from "node:assert/strict";
import { Daemon, pollenOk, TemporaryFolder } from "../../scripts/support/pollen_process.ts";
import { ControlClient, socketPathOf } from "../../lib/server/mod.ts";
import { parsePeerKey, peerKeyBytes } from "../../lib/types/mod.ts";
import { LOCAL, status } from "../e2e/support/network.ts";
import { Seeded } from "../support/seeded.ts";
import { key } from "../unit/store/fixtures.ts";
import { Facts } from "./facts.ts";

const KILLS = Number(Deno.env.get("POLLEN_KILLS") ?? 3);
const NAMES = ["api", "cache", "db", "mail", "web"];
/** Commands take a few milliseconds each; a kill comes among them. */
const KILL_WITHIN_MS = 60;

Deno.test({
  name: `nothing promised is lost after kill -9 of a daemon, ${KILLS} times`,
  // grpc-js rests for a while after a connection that was refused, closed or not.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: killed,
});

async function killed(): Promise<void> {
  const seed = Seeded.seedFrom("POLLEN_CRASH_SEED");
  const seeded = new Seeded(seed);
  await using folder = await TemporaryFolder.make();
  const place = { dir: await folder.folder("a") };
  await pollenOk(place, ["init"]);
  const id = await pollenOk(place, ["id"]);
  const services = new Facts<string, number>("service");
  const revocations = new Facts<string, true>("revocation");

  for (let kill = 0; kill <= KILLS; kill++) {
    await using daemon = await Daemon.up(place, LOCAL);
    const known = await status(place);
    equal(known.self.key, id, `seed ${seed}`);
    for (const name of NAMES) {
      services.observe(name, known.services.find((service) => service.name === name)?.port ?? null);
    }
    if (kill === KILLS) break;
    using client = await ControlClient.open({ socketPath: socketPathOf(place.dir) });
    const isOver = work(client, seeded, services, revocations);
    await new Promise((resolve) => setTimeout(resolve, seeded.draw(KILL_WITHIN_MS)));
    await daemon.kill();
    await isOver;
  }
  const state = await Deno.readTextFile(`${place.dir}/state.yaml`);
  for (const subject of revocations.subjects) {
    revocations.observe(subject, state.includes(subject) ? true : null);
  }
}

/** Commands, some at the same time, until the daemon answers no more. */
async function work(
  client: ControlClient,
  { draw }: Seeded,
  services: Facts<string, number>,
  revocations: Facts<string, true>,
): Promise<void> {
  const ask = async <K, V>(
    facts: Facts<K, V>,
    subject: K,
    value: V | null,
    act: Promise<unknown>,
  ) => {
    facts.ask(subject, value);
    await act;
    facts.acknowledge(subject, value);
  };
  for (;;) {
    const [first, second] = [draw(NAMES.length), 1 + draw(NAMES.length - 1)];
    const names = [NAMES[first]!, NAMES[(first + second) % NAMES.length]!];
    const changes = names.map((name) => {
      if (services.get(name) !== null && draw(3) === 0) {
        return ask(services, name, null, client.unregisterService({ port: 0, name }));
      }
      const port = 8_000 + draw(100);
      return ask(services, name, port, client.registerService({ port, name }));
    });
    if (draw(4) === 0) {
      const subject = parsePeerKey(key(1 + draw(200)));
      const request = { peerId: peerKeyBytes(subject) };
      changes.push(ask(revocations, subject, true, client.revokePeer(request)));
    }
    const failed = (await Promise.allSettled(changes)).find(({ status }) => status === "rejected");
    if (failed !== undefined) return;
  }
}
