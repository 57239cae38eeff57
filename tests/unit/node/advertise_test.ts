// A node whose owner says where it is reached: tokens get the words, the network what they stand for.

import { deepEqual } from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { Dialer } from "../../../lib/node/dialer.ts";
import { Node } from "../../../lib/node/mod.ts";
import { systemRandom } from "../../../lib/host/mod.ts";
import { Manager } from "../../../lib/tunnel/mod.ts";
import {
  type FlowForwarder,
  type Forwarder,
  type Mesh,
  type PortMapping,
  silentLog,
  type SocketAddress,
} from "../../../lib/types/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { load, ME } from "../store/fixtures.ts";
import { BOB } from "./fixtures.ts";
import { quietMesh } from "./quiet_mesh.ts";

const PORT = 40_000;
const NAME = "home.example:4000";

Deno.test("names are told as they are in tokens, and looked up again and again for the network", async () => {
  const clock = new FakeClock();
  const { mesh } = quietMesh(PORT);
  const store = await load();
  let found: SocketAddress[] = [{ ip: "9.9.9.9", port: 4_000 }];
  let tellMapped: (address: SocketAddress | null) => void = () => {};
  const mapping: PortMapping = {
    mapping: null,
    state: "searching",
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const node = Node.create({
    local: ME,
    mesh,
    tunnels: Manager.create({
      transport: mesh,
      forwarder: {} as Forwarder,
      flows: {} as FlowForwarder,
      clock,
      log: silentLog,
    }),
    store,
    clock,
    random: systemRandom,
    log: silentLog,
    machineAddresses: () => ["10.0.0.7"],
    resolve: () => Promise.resolve(found),
    mapPort: (_port, onChange) => {
      tellMapped = onChange;
      return mapping;
    },
  }, { advertised: [NAME] });
  const told = () => {
    const { ips, externalPort } = store.get(ME)!;
    return [...ips, externalPort];
  };
  const stop = new AbortController();
  const ended = node.start(stop.signal);
  await setImmediate();
  deepEqual(node.reachableAt, [NAME, `10.0.0.7:${PORT}`]);
  deepEqual(told(), ["10.0.0.7", "9.9.9.9", 4_000]);

  found = [{ ip: "9.9.9.8", port: 4_000 }];
  clock.advance(60_000);
  await setImmediate();
  deepEqual(told(), ["10.0.0.7", "9.9.9.8", 4_000]);

  found = [];
  clock.advance(60_000);
  await setImmediate();
  deepEqual(
    told(),
    ["10.0.0.7", "9.9.9.8", 4_000],
    "a name server that is away takes nothing away",
  );

  tellMapped({ ip: "8.8.8.8", port: 5_000 });
  deepEqual(node.reachableAt, [NAME, "8.8.8.8:5000", `10.0.0.7:${PORT}`]);
  stop.abort();
  await ended;
});

Deno.test("a peer's name is looked up anew at each attempt", async () => {
  const dialled: string[] = [];
  const mesh = {
    connect: (_peer: unknown, addresses: readonly SocketAddress[]) => {
      dialled.push(...addresses.map(({ ip }) => ip));
      return Promise.reject(new Error("nobody is there"));
    },
  } as unknown as Mesh<never, never>;
  let last = 0;
  const dialer = new Dialer({
    mesh,
    clock: new FakeClock(),
    log: silentLog,
    signal: new AbortController().signal,
    resolve: () => Promise.resolve([{ ip: `9.9.9.${++last}`, port: 4_000 }]),
  });
  for (let attempt = 0; attempt < 3; attempt++) await dialer.attempt(BOB, [], [NAME]);
  deepEqual(dialled, ["9.9.9.1", "9.9.9.2", "9.9.9.3"]);
});
