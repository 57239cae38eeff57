// What a store says and accepts, one rule per test.

import { deepEqual, equal, throws } from "node:assert/strict";
import { isPollenError } from "./errors.ts";
import {
  accessible,
  BOB,
  EMPTY,
  EVE,
  event,
  key,
  load,
  ME,
  network,
  reaches,
  service,
} from "./fixtures.ts";

Deno.test("the eager clock is empty until another node was heard, and never has this node", async () => {
  await using store = await load();
  deepEqual(store.eagerSyncClock(), EMPTY);
  store.setLocalNetwork(["10.0.0.1"], 60_611);
  store.setLastAddr(BOB, { ip: "192.0.2.1", port: 1 });
  deepEqual(store.eagerSyncClock(), EMPTY);
  store.applyEvents([event(BOB, 3n, network("10.0.0.2"))]);
  deepEqual(store.eagerSyncClock(), { counters: new Map([[BOB, 3n]]) });
  deepEqual(store.clock(), { counters: new Map([[ME, 2n], [BOB, 3n]]) });
});

Deno.test("each setter gives one event, and none for what is said already", async () => {
  await using store = await load();
  const setters = [
    () => store.setLocalNetwork(["10.0.0.1", "2001:db8::1"], 60_611),
    () => store.setExternalPort(4_000),
    () => store.setLocalCertExpiry(1_900_000_000n),
    () => store.setLocalPubliclyAccessible(true),
    () => store.setLocalConnected(BOB, true),
    () => store.upsertLocalService(8_080, "web"),
    () => store.upsertLocalService(8_081, "web"),
    () => store.removeLocalServices("web"),
    () => store.setLocalConnected(BOB, false),
    () => store.setLocalPubliclyAccessible(false),
    () => store.setExternalPort(0),
  ];
  let counter = 1n;
  for (const set of setters) {
    const events = set();
    equal(events.length, 1);
    equal(events[0]!.counter, ++counter);
    equal(events[0]!.peerId, ME);
    deepEqual(set(), []);
  }
  equal(store.clock().counters.get(ME), counter);
});

Deno.test("the order of addresses counts", async () => {
  await using store = await load();
  store.setLocalNetwork(["10.0.0.1", "10.0.0.2"], 1);
  equal(store.setLocalNetwork(["10.0.0.2", "10.0.0.1"], 1).length, 1);
});

Deno.test("connecting and disconnecting gives a live and a deleted reachability", async () => {
  await using store = await load();
  deepEqual(store.setLocalConnected(BOB, true), [event(ME, 2n, reaches(BOB))]);
  equal(store.isConnected(ME, BOB), true);
  deepEqual(store.setLocalConnected(BOB, false), [event(ME, 3n, reaches(BOB), true)]);
  equal(store.isConnected(ME, BOB), false);
  deepEqual(store.setLocalConnected(ME, true), []);
});

Deno.test("taking back what was never said gives nothing", async () => {
  await using store = await load();
  deepEqual(store.removeLocalServices("web"), []);
  deepEqual(store.setLocalConnected(BOB, false), []);
  deepEqual(store.setExternalPort(0), []);
  deepEqual(store.setLocalPubliclyAccessible(false), []);
});

Deno.test("events make up a node's record", async () => {
  await using store = await load();
  const events = [
    event(BOB, 1n, {
      kind: "identityPub",
      value: { identityPub: Uint8Array.fromHex(BOB), certExpiryUnix: 99n },
    }),
    event(BOB, 2n, network("10.0.0.2", 5)),
    event(BOB, 3n, { kind: "externalPort", value: { externalPort: 6 } }),
    event(BOB, 4n, service("web", 80)),
    event(BOB, 5n, service("api", 81)),
    event(BOB, 6n, reaches(EVE)),
    event(BOB, 7n, reaches(ME)),
    event(BOB, 8n, accessible),
  ];
  deepEqual(store.applyEvents(events), { rebroadcast: [], applied: events, revoked: [] });
  deepEqual(store.get(BOB), {
    peer: BOB,
    ips: ["10.0.0.2"],
    localPort: 5,
    externalPort: 6,
    services: new Map([["api", 81], ["web", 80]]),
    reachable: new Set([ME, EVE]),
    publiclyAccessible: true,
    certExpiryUnix: 99n,
    lastAddr: null,
  });
  deepEqual([...store.get(BOB)!.services.keys()], ["api", "web"]);
  deepEqual([...store.get(BOB)!.reachable], [ME, EVE]);
  deepEqual([...store.allNodes().keys()], [ME, BOB]);
  equal(store.isConnected(BOB, EVE), true);
  equal(store.hasServicePort(BOB, 81), true);
  equal(store.hasServicePort(BOB, 82), false);
  equal(store.hasServicePort(EVE, 81), false);
});

Deno.test("a record handed out does not change later", async () => {
  await using store = await load();
  store.applyEvents([event(BOB, 1n, service("web"))]);
  const before = store.get(BOB)!;
  store.applyEvents([event(BOB, 2n, service("web"), true)]);
  deepEqual([...before.services.keys()], ["web"]);
  deepEqual([...store.get(BOB)!.services.keys()], []);
});

Deno.test("an older counter of the same attribute is ignored, of another one it is not", async () => {
  await using store = await load();
  store.applyEvents([event(BOB, 7n, service("web", 7))]);
  deepEqual(store.applyEvents([event(BOB, 6n, service("web", 6))]).applied, []);
  deepEqual(store.applyEvents([event(BOB, 7n, service("web", 8))]).applied, []);
  equal(store.applyEvents([event(BOB, 6n, service("api", 6))]).applied.length, 1);
  deepEqual(store.get(BOB)!.services, new Map([["api", 6], ["web", 7]]));
  equal(store.clock().counters.get(BOB), 7n);
});

Deno.test("a deletion clears every kind of attribute and an old event does not bring it back", async () => {
  await using store = await load();
  const changes = [
    network("10.0.0.2"),
    { kind: "externalPort", value: { externalPort: 6 } } as const,
    service("web"),
    reaches(EVE),
    accessible,
  ];
  store.applyEvents(changes.map((change, index) => event(BOB, BigInt(index + 1), change)));
  store.applyEvents(changes.map((change, index) => event(BOB, BigInt(index + 11), change, true)));
  const empty = store.get(BOB)!;
  deepEqual(empty, {
    peer: BOB,
    ips: [],
    localPort: 0,
    externalPort: 0,
    services: new Map(),
    reachable: new Set(),
    publiclyAccessible: false,
    certExpiryUnix: 0n,
    lastAddr: null,
  });
  const old = changes.map((change, index) => event(BOB, BigInt(index + 6), change));
  deepEqual(store.applyEvents(old).applied, []);
  deepEqual(store.get(BOB), empty);
});

Deno.test("missingFor gives all, the rest, or nothing, by author and counter", async () => {
  await using store = await load();
  store.setLocalNetwork(["10.0.0.1"], 1);
  store.applyEvents([
    event(EVE, 2n, service("b")),
    event(EVE, 1n, service("a"), true),
    event(BOB, 9n, network("10.0.0.2")),
  ]);
  const order = (clock: Map<string, bigint>) =>
    store.missingFor({ counters: clock }).map(({ peerId, counter }) => [peerId, counter]);
  deepEqual(order(new Map()), [[ME, 1n], [ME, 2n], [BOB, 9n], [EVE, 1n], [EVE, 2n]]);
  deepEqual(order(new Map([[ME, 2n], [BOB, 8n], [EVE, 1n]])), [[BOB, 9n], [EVE, 2n]]);
  deepEqual(order(new Map(store.clock().counters)), []);
  deepEqual(order(new Map([[ME, 99n], [BOB, 99n], [EVE, 99n], [key(9), 1n]])), []);
});

Deno.test("known peers have an address and a port, or a last address", async () => {
  await using store = await load();
  store.setLocalNetwork(["10.0.0.1"], 1);
  store.applyEvents([event(EVE, 1n, network("10.0.0.3", 3)), event(BOB, 1n, service("web"))]);
  deepEqual(store.knownPeers().map(({ peerId }) => peerId), [EVE]);
  store.setLastAddr(BOB, { ip: "192.0.2.2", port: 2 });
  deepEqual(store.knownPeers(), [
    {
      peerId: BOB,
      identityPub: Uint8Array.fromHex(BOB),
      ips: [],
      localPort: 0,
      externalPort: 0,
      lastAddr: { ip: "192.0.2.2", port: 2 },
    },
    {
      peerId: EVE,
      identityPub: Uint8Array.fromHex(EVE),
      ips: ["10.0.0.3"],
      localPort: 3,
      externalPort: 0,
      lastAddr: null,
    },
  ]);
});

Deno.test("a last address makes an unknown peer known, and is never announced", async () => {
  await using store = await load();
  store.setLastAddr(BOB, { ip: "192.0.2.2", port: 2 });
  store.setLastAddr(ME, { ip: "192.0.2.2", port: 2 });
  deepEqual(store.get(BOB)!.lastAddr, { ip: "192.0.2.2", port: 2 });
  equal(store.get(ME)!.lastAddr, null);
  deepEqual(store.missingFor(EMPTY).map(({ peerId }) => peerId), [ME]);
});

Deno.test("own services can be listed, moved and removed", async () => {
  await using store = await load();
  store.upsertLocalService(2, "b");
  store.upsertLocalService(1, "a");
  store.upsertLocalService(3, "b");
  const services = store.localServices();
  deepEqual([...services], [["a", { name: "a", port: 1 }], ["b", { name: "b", port: 3 }]]);
  services.clear();
  store.removeLocalServices("a");
  deepEqual([...store.localServices().keys()], ["b"]);
});

Deno.test("what cannot be announced is refused and leaves no trace", async () => {
  await using store = await load();
  const refused = isPollenError("invalid_argument");
  for (const port of [0, -1, 65_536, 1.5, NaN]) {
    throws(() => store.upsertLocalService(port, "web"), refused);
    throws(() => store.setLocalNetwork(["10.0.0.1"], port), refused);
    throws(() => store.addDesiredConnection(BOB, port, 1), refused);
    throws(() => store.addDesiredConnection(BOB, 1, port), refused);
    if (port !== 0) throws(() => store.setExternalPort(port), refused);
  }
  for (const name of ["", "x".repeat(65), "a\nb", "a\u0000", "\u007f", "\ud800", "a\u2028"]) {
    throws(() => store.upsertLocalService(80, name), refused);
  }
  throws(() => store.setLocalNetwork(["example.org"], 1), refused);
  equal(store.clock().counters.get(ME), 1n);
  equal(store.upsertLocalService(80, "🙂".repeat(64)).length, 1);
});

Deno.test("addresses that do not fit one datagram are left out from the end", async () => {
  await using store = await load();
  const ips = Array.from({ length: 100 }, (_, index) => `2001:db8::1:2:3:4:${index + 1000}`);
  store.setLocalNetwork(ips, 60_611);
  const { length } = store.get(ME)!.ips;
  equal(length > 20 && length < 64, true);
  deepEqual(store.get(ME)!.ips, ips.slice(0, length));
});

Deno.test("desired connections are a sorted set, removed exactly or by wildcard", async () => {
  await using store = await load();
  const list = () =>
    store.desiredConnections().map(({ peerId, remotePort, localPort }) =>
      `${peerId === BOB ? "bob" : "eve"}:${remotePort}:${localPort}`
    );
  const fill = () => {
    store.addDesiredConnection(EVE, 80, 8_080);
    store.addDesiredConnection(BOB, 443, 1);
    store.addDesiredConnection(BOB, 80, 9_000);
    store.addDesiredConnection(BOB, 80, 8_080);
    store.addDesiredConnection(BOB, 80, 8_080);
  };
  fill();
  deepEqual(list(), ["bob:80:8080", "bob:80:9000", "bob:443:1", "eve:80:8080"]);
  store.removeDesiredConnection(BOB, 80, 1);
  equal(list().length, 4);
  store.removeDesiredConnection(BOB, 80, 9_000);
  deepEqual(list(), ["bob:80:8080", "bob:443:1", "eve:80:8080"]);
  store.removeDesiredConnection(BOB, 80, 0);
  deepEqual(list(), ["bob:443:1", "eve:80:8080"]);
  fill();
  store.removeDesiredConnection(BOB, 0, 8_080);
  deepEqual(list(), ["bob:80:9000", "bob:443:1", "eve:80:8080"]);
  store.removeDesiredConnection(BOB, 0, 0);
  deepEqual(list(), ["eve:80:8080"]);
});
