// The life of a node and its rhythm: nothing before start, all from start, nothing after its end.

import { deepEqual, equal } from "node:assert/strict";
import { systemRandom } from "../../../lib/host/mod.ts";
import { type Config, DEFAULT_CONFIG, Node } from "../../../lib/node/mod.ts";
import type { Envelope } from "../../../lib/proto/mod.ts";
import { Manager } from "../../../lib/tunnel/mod.ts";
import {
  type FlowForwarder,
  type Forwarder,
  peerKeyBytes,
  type Random,
  silentLog,
} from "../../../lib/types/mod.ts";
import { until } from "../../../scripts/support/pollen_process.ts";
import { inTime } from "../../mesh/support.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { event, load, ME, network } from "../store/fixtures.ts";
import { addressOf, BOB, DAN } from "./fixtures.ts";
import { quietMesh } from "./quiet_mesh.ts";

const PORT = 40_000;

interface Made extends AsyncDisposable {
  readonly node: Node;
  readonly clock: FakeClock;
  readonly at: ReturnType<typeof quietMesh>;
  /** What the machine's addresses are from now on. */
  move(ip: string): void;
  /** How many clocks have gone out. */
  rounds(): number;
  /** Starts the node; the result says whether it has ended. */
  start(): { isOver(): boolean; readonly ended: Promise<void> };
  stop(): void;
}

async function make(config: Partial<Config> = {}, random: Random = systemRandom): Promise<Made> {
  const clock = new FakeClock();
  const at = quietMesh(PORT);
  const stop = new AbortController();
  let ips = ["192.0.2.1"];
  const store = await load();
  const node = Node.create({
    local: ME,
    mesh: at.mesh,
    tunnels: Manager.create({
      transport: at.mesh,
      forwarder: {} as Forwarder,
      flows: {} as FlowForwarder,
      clock,
      log: silentLog,
    }),
    store,
    clock,
    random,
    log: silentLog,
    machineAddresses: () => ips,
    resolve: () => Promise.resolve([]),
  }, config);
  let ended: Promise<void> = Promise.resolve();
  return {
    node,
    clock,
    at,
    move: (ip) => void (ips = [ip]),
    rounds: () => at.sent.filter(({ envelope }) => envelope.body?.kind === "clock").length,
    start: () => {
      let isOver = false;
      ended = node.start(stop.signal).finally(() => isOver = true);
      return { isOver: () => isOver, ended };
    },
    stop: () => stop.abort(),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await inTime(ended, "the end of the node");
    },
  };
}

/** Lets everything run that waits for nothing but its turn. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Bob comes; the eager sync that follows is not counted as a round. */
async function connectBob(made: Made): Promise<void> {
  const address = addressOf(BOB);
  const protocol = "pollen/1";
  made.at.events.push({ kind: "connected", peer: BOB, address, inbound: false, protocol });
  await until("the eager sync", () => Promise.resolve(made.rounds() === 1 || null));
  made.at.sent.length = 0;
}

Deno.test("a node serves from ready until its signal, and leaves nothing behind", async () => {
  await using made = await make();
  const { node, clock, stop } = made;
  let isReady = false;
  void node.ready.then(() => isReady = true);
  await settle();
  deepEqual([isReady, clock.pending], [false, 0]);

  const run = made.start();
  await inTime(node.ready, "the node");
  equal(node.listenPort, PORT);
  await settle();
  deepEqual([run.isOver(), clock.pending > 0], [false, true]);

  stop();
  await inTime(run.ended, "the end of the node");
  equal(clock.pending, 0);
});

Deno.test("rounds come at the interval that was asked for, when jitter is off", async () => {
  await using made = await make({ gossipIntervalMs: 3_000, disableGossipJitter: true });
  made.start();
  await connectBob(made);
  made.clock.advance(2_999);
  equal(made.rounds(), 0);
  made.clock.advance(1);
  equal(made.rounds(), 1);
  made.clock.advance(6_000);
  equal(made.rounds(), 3);
});

Deno.test("by default rounds come every ten seconds, earlier or later by a tenth as chance says", async () => {
  for (const [chance, pauseMs] of [[0, 9_000], [0.5, 10_000], [0.75, 10_500]] as const) {
    await using made = await make({}, { ...systemRandom, uniform: () => chance });
    made.start();
    await connectBob(made);
    made.clock.advance(pauseMs - 1);
    equal(made.rounds(), 0, `chance ${chance}`);
    made.clock.advance(1);
    equal(made.rounds(), 1, `chance ${chance}`);
  }
});

Deno.test("addresses are looked at again and again, and told when they changed", async () => {
  await using made = await make();
  made.start();
  await connectBob(made);
  made.move("192.0.2.9");
  made.clock.advance(1_999);
  const told = () =>
    made.at.sent.flatMap(({ envelope: { body } }) =>
      body?.kind === "events"
        ? body.value.events.flatMap(({ change }) =>
          change?.kind === "network" ? [change.value] : []
        )
        : []
    );
  deepEqual(told(), []);
  made.clock.advance(1);
  deepEqual(told(), [{ ips: ["192.0.2.9"], localPort: PORT }]);
});

Deno.test("what may be tuned is by default as in pollen/1", () => {
  deepEqual(DEFAULT_CONFIG, {
    advertisedIps: [],
    advertised: [],
    bootstrapPeers: [],
    gossipIntervalMs: 10_000,
    gossipJitter: 0.1,
    disableGossipJitter: false,
    peerTickIntervalMs: 1_000,
    relayBytesPerSecond: null,
  });
});

Deno.test("a punch that a peer coordinates is made, and another one after it failed", async () => {
  await using made = await make();
  made.start();
  await made.node.ready;
  await connectBob(made);
  const say = (body: Envelope["body"]) =>
    made.at.packets.push({ peer: BOB, envelope: body === undefined ? {} : { body } });
  const events = [event(DAN, 1n, network("198.51.100.9"))];
  say({ kind: "events", value: { events } });
  const peerId = peerKeyBytes(DAN);
  const trigger = { peerId, selfAddr: "", peerAddr: "198.51.100.9:4321" };
  say({ kind: "punchCoordTrigger", value: trigger });
  const punched = () => Promise.resolve(made.at.punched.length > 0 || null);
  await until("the punch", punched);
  const address = { ip: "198.51.100.9", port: 4_321 };
  deepEqual(made.at.punched, [{ address, part: "equal" }]);
  // It failed and is over: the next word of a coordinator is followed again.
  say({ kind: "punchCoordTrigger", value: trigger });
  await until("another punch", () => Promise.resolve(made.at.punched.length > 1 || null));
});
