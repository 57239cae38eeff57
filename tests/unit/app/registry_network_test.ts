// What a registry is told of the network of the node beside it.

import { deepEqual } from "node:assert/strict";
import { RegistryNetwork } from "../../../lib/app/registry_network.ts";
import { linkName, type NodeRecord, type SaidLink } from "../../../lib/store/mod.ts";
import { type PeerKey, type PeerPath, servicePort, type WallMs } from "../../../lib/types/mod.ts";

const key = (digit: string) => digit.repeat(64) as PeerKey;
const [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map(key) as [
  PeerKey,
  PeerKey,
  PeerKey,
  PeerKey,
  PeerKey,
];

function record(peer: PeerKey, reachable: readonly PeerKey[], services: Record<string, number>) {
  const known: NodeRecord = {
    peer,
    ips: [],
    localPort: 0,
    externalPort: 0,
    services: new Map(Object.entries(services)),
    reachable: new Set(reachable),
    publiclyAccessible: false,
    certExpiryUnix: 0n,
    lastAddr: null,
  };
  return [peer, known] as const;
}

function path(address: string | null, carrier: PeerKey | null, rttMs: number): PeerPath {
  const at = address === null ? null : { ip: address, port: 1 };
  return { address: at, carrier, since: 0 as WallMs, rttMs, packetsSent: 0, packetsLost: 0 };
}

/** What nodes say of their sessions, by node and peer. */
const said = new Map<PeerKey, Map<PeerKey, SaidLink>>();
const direct = (rttMs: number | null) => ({ isRelayed: false, carrier: null, rttMs });
const relayed = (rttMs: number | null, carrier: PeerKey | null) => ({
  isRelayed: true,
  carrier: carrier === null ? null : linkName(carrier),
  rttMs,
});

const network = new RegistryNetwork({
  identity: { peerKey: a },
  mesh: {
    connectedPeers: () => [b, c],
    peerPath: (peer) => peer === b ? path("192.0.2.2", null, 1.23456) : path(null, b, 40),
  },
  store: {
    agents: {
      links: (author) =>
        new Map([...said.get(author) ?? []].map(([peer, link]) => [linkName(peer), link])),
    },
    allNodes: () =>
      new Map([
        record(a, [b, c], { own: 1 }),
        record(b, [a, c, d], { near: 2 }),
        record(c, [a, b], { far: 3 }),
        record(d, [b], { further: 4 }),
        record(e, [b], { gone: servicePort(5, true) }),
      ]),
  },
});

Deno.test("own links have their way and round trip; services are reached where a session is", async () => {
  deepEqual(await network.look({ linksMax: 10, servicesMax: 10 }), {
    self: a,
    machines: [
      { id: a, isOnline: true, address: "" },
      { id: b, isOnline: true, address: "192.0.2.2:1" },
      { id: c, isOnline: true, address: "" },
      { id: d, isOnline: true, address: "" },
      { id: e, isOnline: false, address: "" },
    ],
    links: [
      { from: a, to: b, path: "direct", carrier: null, latencyMs: 1.23 },
      { from: a, to: c, path: "relayed", carrier: b, latencyMs: 40 },
      { from: b, to: c, path: "direct", carrier: null, latencyMs: null },
      { from: b, to: d, path: "direct", carrier: null, latencyMs: null },
    ],
    omittedLinks: 0,
    services: [
      { name: "own", port: 1, transport: "tcp", provider: a, isReachable: true },
      { name: "near", port: 2, transport: "tcp", provider: b, isReachable: true },
      { name: "far", port: 3, transport: "tcp", provider: c, isReachable: true },
      { name: "further", port: 4, transport: "tcp", provider: d, isReachable: false },
      { name: "gone", port: 5, transport: "udp", provider: e, isReachable: false },
    ],
    omittedServices: 0,
  });
});

Deno.test("of links between others their ends tell the way; of two words the worse one counts", async () => {
  const told = async (ofB: SaidLink | null, ofC: SaidLink | null) => {
    said.clear();
    // Of this node's own links nobody else is asked.
    said.set(b, new Map([[a, relayed(900, d)], ...ofB === null ? [] : [[c, ofB] as const]]));
    said.set(c, new Map(ofC === null ? [] : [[b, ofC]]));
    const { links } = await network.look({ linksMax: 10, servicesMax: 0 });
    deepEqual([links[0]!.path, links[0]!.latencyMs], ["direct", 1.23]);
    const { path, carrier, latencyMs } = links.find(({ from, to }) => from === b && to === c)!;
    return [path, carrier, latencyMs];
  };
  deepEqual(await told(null, null), ["direct", null, null]);
  deepEqual(await told(direct(12.34), null), ["direct", null, 12]);
  deepEqual(await told(direct(12.34), direct(0.4567)), ["direct", null, 12]);
  deepEqual(await told(null, direct(null)), ["direct", null, null]);
  deepEqual(await told(direct(90), relayed(40, d)), ["relayed", d, 40]);
  deepEqual(await told(relayed(30, null), relayed(40, a)), ["relayed", a, 40]);
  deepEqual(await told(relayed(30, key("9")), null), ["relayed", null, 30], "by somebody unknown");
  said.clear();
});

Deno.test("what is too much is counted", async () => {
  const { links, omittedLinks, services, omittedServices } = await network.look({
    linksMax: 1,
    servicesMax: 2,
  });
  deepEqual([links.length, omittedLinks, services.length, omittedServices], [1, 3, 2, 3]);
});
