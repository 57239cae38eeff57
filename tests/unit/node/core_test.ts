// What the core does with each input: gossip, presence, revocation, forwards.

import { deepEqual, equal } from "node:assert/strict";
import { forwardKey } from "../../../lib/node/wanted_forwards.ts";
import type { SocketAddress } from "../../../lib/types/mod.ts";
import { EMPTY, event, key, ME, network, reaches, revocation, service } from "../store/fixtures.ts";
import { addressOf, BOB, DAN, EVE, eventsTo, only, receivers, TestCore } from "./fixtures.ts";

Deno.test("a new session is told to everybody, and the peer gets our clock and where we see it", async () => {
  await using t = await TestCore.open();
  t.connect(BOB);
  const outputs = t.connect(EVE);
  for (const peer of [BOB, EVE]) {
    deepEqual(eventsTo(peer, outputs).map(({ change }) => change), [reaches(EVE)]);
  }
  deepEqual(receivers("clock", outputs), [EVE]);
  const seen = only("send", outputs).map(({ envelope }) => envelope.body)
    .find((body) => body?.kind === "observedAddress");
  deepEqual(seen, { kind: "observedAddress", value: { addr: "192.0.2.51:60611" } });
  equal(only("log", outputs)[0]!.message, "peer connected");
  deepEqual(t.core.connectedPeers(), [BOB, EVE]);
  deepEqual(t.store.get(EVE)!.lastAddr, addressOf(EVE));
});

Deno.test("sessions that replace each other bring one eager sync per pause; one after a loss brings its own", async () => {
  await using t = await TestCore.open();
  deepEqual(receivers("clock", t.connect(BOB)), [BOB]);
  t.now = 4_999;
  deepEqual(receivers("clock", t.connect(BOB)), []);
  t.now = 5_000;
  deepEqual(receivers("clock", t.connect(BOB)), [BOB]);
  t.disconnect(BOB);
  deepEqual(receivers("clock", t.connect(BOB)), [BOB]);
});

Deno.test("the first clock of a node that heard nothing yet is empty, so that it gets everything", async () => {
  await using t = await TestCore.open();
  const [first] = only("send", t.connect(BOB)).filter(({ envelope }) =>
    envelope.body?.kind === "clock"
  );
  deepEqual(first!.envelope.body, { kind: "clock", value: EMPTY });
});

Deno.test("a lost session is told to the others", async () => {
  await using t = await TestCore.open();
  t.connect(BOB);
  t.connect(EVE);
  const outputs = t.disconnect(EVE, "idle_timeout");
  deepEqual(eventsTo(EVE, outputs), []);
  const [told] = eventsTo(BOB, outputs);
  deepEqual([told!.deleted, told!.change], [true, reaches(EVE)]);
  deepEqual(only("log", outputs)[0]!.fields, { peer: EVE, reason: "idle_timeout", text: "" });
  deepEqual(t.core.connectedPeers(), [BOB]);
  deepEqual(t.disconnect(DAN).filter(({ kind }) => kind !== "log"), []);
});

Deno.test("each round our clock goes to every connected peer and to nobody else", async () => {
  await using t = await TestCore.open();
  deepEqual(t.step({ kind: "gossipTick" }), []);
  for (const peer of [BOB, EVE, DAN]) t.connect(peer);
  t.disconnect(EVE);
  const outputs = t.step({ kind: "gossipTick" });
  deepEqual(receivers("clock", outputs), [BOB, DAN]);
  equal(outputs.length, 2);
});

Deno.test("a clock is answered, to its sender alone, with what it lacks", async () => {
  await using t = await TestCore.open();
  for (const peer of [BOB, EVE]) t.connect(peer);
  t.store.upsertLocalService(80, "web");
  const outputs = t.receive(BOB, { kind: "clock", value: EMPTY });
  equal(eventsTo(BOB, outputs).some(({ change }) => change?.kind === "service"), true);
  deepEqual(eventsTo(EVE, outputs), []);
  deepEqual(t.receive(BOB, { kind: "clock", value: t.store.clock() }), []);
});

Deno.test("news goes on once, to those whom its author does not reach itself", async () => {
  await using t = await TestCore.open();
  for (const peer of [BOB, EVE, DAN]) t.connect(peer);
  // Eve has a session with Dan, and says so; both hear of the other's news from itself.
  t.events(EVE, event(EVE, 1n, reaches(DAN)));
  const news = event(EVE, 2n, service("web"));
  const outputs = t.events(EVE, news);
  deepEqual(receivers("events", outputs), [BOB]);
  deepEqual(eventsTo(BOB, outputs), [news]);
  deepEqual(t.events(EVE, news), [], "what is known travels no further");
  // The same through a third: neither back to who told it, nor to whom it is about.
  deepEqual(receivers("events", t.events(BOB, event(EVE, 3n, service("db", 81)))), []);
  t.events(EVE, event(EVE, 4n, reaches(DAN), true));
  deepEqual(receivers("events", t.events(BOB, event(EVE, 5n, service("ftp", 82)))), [DAN]);
});

Deno.test("who reaches whom goes on with the next tick, to those who have not heard it by then", async () => {
  await using t = await TestCore.open();
  for (const peer of [BOB, EVE, DAN]) t.connect(peer);
  deepEqual(t.events(EVE, event(EVE, 1n, reaches(key(0x55)))), []);
  const newest = event(EVE, 2n, reaches(key(0x55)), true);
  deepEqual(t.events(EVE, newest), []);
  // By then Eve has a session with Dan, who hears it from her.
  t.events(EVE, event(EVE, 3n, reaches(DAN)));
  const outputs = t.tick();
  deepEqual(receivers("events", outputs), [BOB]);
  deepEqual(eventsTo(BOB, outputs), [newest, event(EVE, 3n, reaches(DAN))]);
  deepEqual(receivers("events", t.tick()), []);
});

Deno.test("what is said falsely in our name is contradicted to everybody", async () => {
  await using t = await TestCore.open();
  for (const peer of [BOB, EVE]) t.connect(peer);
  const outputs = t.events(BOB, event(ME, 900n, service("fake")));
  for (const peer of [BOB, EVE]) {
    const answer = eventsTo(peer, outputs).find(({ change }) => change?.kind === "service");
    deepEqual([answer!.deleted, answer!.counter > 900n], [true, true]);
  }
});

Deno.test("our own changes go to the connected peers", async () => {
  await using t = await TestCore.open();
  t.connect(BOB);
  const events = t.store.upsertLocalService(80, "web");
  deepEqual(eventsTo(BOB, t.step({ kind: "localEvents", events })), events);
  deepEqual(t.step({ kind: "localEvents", events: [] }), []);
});

Deno.test("our addresses are announced when they change, with the one that others see", async () => {
  await using t = await TestCore.open();
  t.connect(BOB);
  const own = { kind: "ownAddresses", ips: ["10.0.0.7"], port: 60_611 } as const;
  deepEqual(eventsTo(BOB, t.step(own)).map(({ change }) => change), [network("10.0.0.7")]);
  deepEqual(t.step(own), []);
  const seen = t.receive(BOB, { kind: "observedAddress", value: { addr: "8.8.4.4:4242" } });
  deepEqual(eventsTo(BOB, seen).map(({ change }) => change), [
    { kind: "network", value: { ips: ["10.0.0.7", "8.8.4.4"], localPort: 60_611 } },
    { kind: "externalPort", value: { externalPort: 4_242 } },
  ]);
  for (const addr of ["10.1.1.1:1", "8.8.4.4", "", "fe80::1%x:1", "nonsense:99999"]) {
    deepEqual(t.receive(BOB, { kind: "observedAddress", value: { addr } }), []);
  }
});

Deno.test("where the router lets others in is announced, and its port rather than the one that others see", async () => {
  await using t = await TestCore.open();
  t.connect(BOB);
  t.step({ kind: "ownAddresses", ips: ["10.0.0.7"], port: 60_611 });
  t.receive(BOB, { kind: "observedAddress", value: { addr: "8.8.4.4:4242" } });
  const said = (address: SocketAddress | null) =>
    eventsTo(BOB, t.step({ kind: "mappedAddress", address })).map(({ change }) => change);
  deepEqual(said({ ip: "8.8.4.4", port: 60_611 }), [
    { kind: "externalPort", value: { externalPort: 60_611 } },
  ]);
  deepEqual(said({ ip: "8.8.4.4", port: 60_611 }), []);
  deepEqual(said({ ip: "9.9.9.9", port: 60_611 }), [
    { kind: "network", value: { ips: ["10.0.0.7", "9.9.9.9", "8.8.4.4"], localPort: 60_611 } },
  ]);
  deepEqual(said(null), [
    { kind: "network", value: { ips: ["10.0.0.7", "8.8.4.4"], localPort: 60_611 } },
    { kind: "externalPort", value: { externalPort: 4_242 } },
  ]);
});

Deno.test("what this node does not offer is met with silence", async () => {
  await using t = await TestCore.open();
  t.connect(BOB);
  deepEqual(t.receive(BOB, undefined), []);
  deepEqual(
    t.receive(BOB, { kind: "inviteRedeemRequest", value: { subjectPub: new Uint8Array(32) } }),
    [],
  );
  deepEqual(
    t.receive(BOB, { kind: "inviteRedeemResponse", value: { accepted: true, reason: "" } }),
    [],
  );
});

Deno.test("a revoked peer is cut off and not dialled again", async () => {
  await using t = await TestCore.open([{ peerKey: BOB, addrs: ["bob.example:1"] }]);
  t.connect(BOB);
  t.store.publishRevocation(revocation(BOB));
  deepEqual(t.step({ kind: "revoked", peer: BOB }), [
    { kind: "closeSession", peer: BOB, reason: "revoked" },
  ]);
  t.disconnect(BOB, "revoked");
  for (t.now = 0; t.now < 120_000; t.now += 1_000) deepEqual(t.tick(), []);
});

Deno.test("a session that was reported when its peer was being revoked is ended, not kept", async () => {
  await using t = await TestCore.open();
  t.store.publishRevocation(revocation(BOB));
  t.step({ kind: "revoked", peer: BOB });
  deepEqual(t.connect(BOB), [{ kind: "closeSession", peer: BOB, reason: "revoked" }]);
  t.disconnect(BOB, "revoked");
  deepEqual(t.core.connectedPeers(), []);
  for (t.now = 0; t.now < 120_000; t.now += 1_000) deepEqual(t.tick(), []);
});

Deno.test("forwards that should exist and do not are restored, also while the peer is away", async () => {
  await using t = await TestCore.open();
  t.store.addDesiredConnection(BOB, 80, 8_080);
  t.store.addDesiredConnection(EVE, 80, 8_081);
  const restored = only("restoreForward", t.tick(new Set([forwardKey(EVE, 80)])));
  deepEqual(restored, [{ kind: "restoreForward", peer: BOB, remotePort: 80, localPort: 8_080 }]);
  equal(only("restoreForward", t.tick(new Set())).length, 2);
  const both = new Set([forwardKey(EVE, 80), forwardKey(BOB, 80)]);
  deepEqual(only("restoreForward", t.tick(both)), []);
});

Deno.test("a forward follows its service's name to another port, once, unless one is there", async () => {
  await using t = await TestCore.open();
  const moves = (live: string[]) => only("moveForward", t.tick(new Set(live)));
  const offer = (counter: bigint, port: number) =>
    t.store.applyEvents([event(BOB, counter, service("web", port))]);
  offer(1n, 80);
  t.store.addDesiredConnection(BOB, 80, 8_080, "web");
  t.store.addDesiredConnection(BOB, 81, 8_081);
  const live = [forwardKey(BOB, 80), forwardKey(BOB, 81)];
  deepEqual(moves(live), []);
  offer(2n, 81);
  deepEqual(moves(live), [], "another forward leads there already");
  offer(3n, 443);
  const move = { kind: "moveForward", peer: BOB, service: "web", remotePort: 80, toPort: 443 };
  deepEqual(moves(live), [move]);
  deepEqual(moves([]), [move], "also one that is not there now");
  t.store.applyEvents([event(BOB, 4n, service("web", 443), true)]);
  deepEqual(moves(live), [], "what is not offered has no port to follow to");
});
