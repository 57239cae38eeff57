// The calls of the control service translate and hand on: each asks the one part that decides, with
// what it was given, and touches nothing else.

import { deepEqual } from "node:assert/strict";
import { NodeService } from "../../../lib/node/mod.ts";
import { peerKeyBytes, servicePort } from "../../../lib/types/mod.ts";
import { key } from "../store/fixtures.ts";
import { network, RunningNode } from "./running.ts";

const PEER = key(0x01);
const node = { peerId: peerKeyBytes(PEER) };

/** What was touched of a part: its name and the member's, and what a method was given. */
type Touch = readonly [what: string, ...given: unknown[]];

/** The part, with a note of everything that is touched of it; `answers` stand for what would act. */
function recorded<T extends object>(
  name: string,
  part: T,
  touched: Touch[],
  answers: Readonly<Record<string, unknown>> = {},
): T {
  return new Proxy(part, {
    get(target, member) {
      const what = `${name}.${String(member)}`;
      const value = Reflect.get(target, member, target);
      if (typeof value !== "function") {
        touched.push([what]);
        return value;
      }
      return (...given: unknown[]) => {
        touched.push([what, ...given]);
        return Object.hasOwn(answers, member)
          ? answers[String(member)]
          : value.apply(target, given);
      };
    },
  });
}

/** The service of a running node whose parts are watched, and what was touched since last asked. */
function watched(running: RunningNode) {
  const touched: Touch[] = [];
  const { parts } = running;
  const done = Promise.resolve();
  const acts = {
    registerService: done,
    connectService: Promise.resolve(4_711),
    unregisterService: Promise.resolve({ names: ["web"], port: 80 }),
    disconnectService: Promise.resolve([]),
    connectPeer: done,
    revokePeer: done,
  };
  const service = NodeService.create({
    node: recorded("node", parts.node, touched, acts),
    local: running.key,
    mesh: recorded("mesh", parts.at.mesh, touched),
    store: recorded("store", parts.store, touched),
    tunnels: recorded("tunnels", parts.tunnels, touched),
    certificate: () => network.founder.credentials.cert,
    signer: recorded("signer", network.root.signer, touched, {
      issueRevocation: "a revocation",
    }),
    clock: recorded("clock", parts.clock, touched),
    shutdown: () => void touched.push(["shutdown"]),
  });
  return { service, touched: () => touched.splice(0) };
}

Deno.test("each call hands on what it was given to the one that decides, and asks nobody else", async () => {
  await using running = await RunningNode.start(network.founder);
  const { service, touched } = watched(running);
  const now = running.parts.clock.wallNow();
  const calls: readonly [asked: () => Promise<unknown>, answer: unknown, ...Touch[]][] = [
    [() => service.registerService({ port: 80, name: "web" }), {}, [
      "node.registerService",
      80,
      "web",
    ]],
    [() => service.registerService({ port: 53, name: "dns", udp: true }), {}, [
      "node.registerService",
      servicePort(53, true),
      "dns",
    ]],
    [
      () => service.connectService({ node, remotePort: 80, localPort: 8_080, serviceName: "web" }),
      { localPort: 4_711 },
      ["node.connectService", PEER, 80, 8_080, "web"],
    ],
    [() => service.unregisterService({ port: 0, name: "web" }), { names: ["web"], port: 80 }, [
      "node.unregisterService",
      { name: "web" },
    ]],
    [() => service.disconnectService({ localPort: 8_080, remotePort: 0 }), { disconnected: [] }, [
      "node.disconnectService",
      { localPort: 8_080 },
    ]],
    [
      () => service.disconnectService({ localPort: 0, node, remotePort: 80 }),
      { disconnected: [] },
      [
        "node.disconnectService",
        { peer: PEER, remotePort: 80 },
      ],
    ],
    [() => service.connectPeer({ peerId: node.peerId, addrs: ["h:1"] }), {}, [
      "node.connectPeer",
      PEER,
      ["h:1"],
    ]],
    // Who may revoke is the administrator's key's to say, not a matter of the network's state.
    [
      () => service.revokePeer(node),
      {},
      ["signer.isRoot"],
      ["clock.wallNow"],
      ["signer.issueRevocation", PEER, now],
      ["node.revokePeer", "a revocation"],
    ],
    [() => service.shutdown(), {}, ["shutdown"]],
  ];
  for (const [asked, answer, ...expected] of calls) {
    deepEqual(await asked(), answer);
    deepEqual(touched(), expected);
  }
});

Deno.test("to ask for the status, or for addresses, changes nothing", async () => {
  await using running = await RunningNode.start(network.founder);
  const { service, touched } = watched(running);
  const names = () => [...new Set(touched().map(([what]) => what))].sort();
  await service.getBootstrapInfo();
  deepEqual(names(), ["mesh.connectedPeers", "node.reachableAt"]);
  await service.getStatus();
  deepEqual(names(), [
    "clock.wallNow",
    "mesh.engineStats",
    "node.isUnanswered",
    "node.natKind",
    "node.portMapping",
    "node.reachableAt",
    "node.refusals",
    "signer.isRoot",
    "store.allNodes",
    "store.isSubjectRevoked",
    "tunnels.listConnections",
  ]);
});
