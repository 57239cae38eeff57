// Whom the core dials, when, and where.

import { deepEqual, equal, ok } from "node:assert/strict";
import { event, key, ME, network } from "../store/fixtures.ts";
import { addressOf, BOB, EVE, only, TestCore } from "./fixtures.ts";

const NAMES = ["bob.example:60611", "192.0.2.9:1"];

/** Lets the seconds go by, every dial failing; the moments at which there was one. */
function failingDials(t: TestCore, seconds: number): number[] {
  const moments: number[] = [];
  for (let second = 0; second < seconds; second++, t.now += 1_000) {
    for (const { peer } of only("connect", t.tick())) {
      moments.push(t.now);
      t.step({ kind: "connectFailed", peer });
    }
  }
  return moments;
}

Deno.test("bootstrap peers are dialled by their names at the first tick, and ourselves never", async () => {
  await using t = await TestCore.open([
    { peerKey: BOB, addrs: NAMES },
    { peerKey: ME, addrs: ["me.example:1"] },
  ]);
  deepEqual(t.tick(), [{ kind: "connect", peer: BOB, addresses: [], names: NAMES }]);
  deepEqual(t.tick(), [], "not again while the first attempt runs");
});

Deno.test("a bootstrap peer that does not answer is tried again and again, not ever faster", async () => {
  await using t = await TestCore.open([{ peerKey: BOB, addrs: NAMES }]);
  const moments = failingDials(t, 300);
  ok(moments.length >= 10, `${moments.length} dials`);
  ok(moments.length <= 60, `${moments.length} dials`);
  ok(moments.at(-1)! > 270_000);
});

Deno.test("an attempt whose outcome is never reported does not stop the next one", async () => {
  await using t = await TestCore.open([{ peerKey: BOB, addrs: NAMES }]);
  equal(t.tick().length, 1);
  let dials = 0;
  for (t.now = 0; t.now < 60_000; t.now += 1_000) dials += only("connect", t.tick()).length;
  ok(dials >= 1, `${dials} dials`);
});

Deno.test("a node that others tell of is dialled at the addresses it gives", async () => {
  await using t = await TestCore.open();
  t.connect(EVE);
  t.events(EVE, event(BOB, 1n, network("10.0.0.5", 4_000)));
  deepEqual(only("connect", t.tick()), [
    { kind: "connect", peer: BOB, addresses: [{ ip: "10.0.0.5", port: 4_000 }], names: [] },
  ]);
});

Deno.test("a lost peer is dialled where it was last, then wherever it may be", async () => {
  await using t = await TestCore.open([{ peerKey: BOB, addrs: NAMES }]);
  t.connect(BOB);
  t.events(BOB, event(BOB, 1n, network("10.0.0.5", 4_000)));
  t.disconnect(BOB, "idle_timeout");
  deepEqual(only("connect", t.tick()), [], "not before the pause");
  t.now = 1_000;
  const eager = only("connect", t.tick());
  deepEqual(eager, [{ kind: "connect", peer: BOB, addresses: [addressOf(BOB)], names: [] }]);
  t.step({ kind: "connectFailed", peer: BOB });
  t.now = 2_000;
  const all = [addressOf(BOB), { ip: "10.0.0.5", port: 4_000 }];
  deepEqual(only("connect", t.tick()), [
    { kind: "connect", peer: BOB, addresses: all, names: NAMES },
  ]);
});

Deno.test("a connected peer is not dialled", async () => {
  await using t = await TestCore.open([{ peerKey: BOB, addrs: NAMES }]);
  t.connect(BOB);
  equal(failingDials(t, 60).length, 0);
});

Deno.test("a peer that somebody here wants is dialled now", async () => {
  await using t = await TestCore.open();
  t.connect(BOB);
  t.disconnect(BOB);
  deepEqual(only("connect", t.tick()), []);
  const wanted = t.step({ kind: "retryPeer", peer: BOB });
  deepEqual(only("connect", wanted).map(({ peer }) => peer), [BOB]);
  deepEqual(only("connect", t.step({ kind: "retryPeer", peer: BOB })), []);
  // Somebody of whom only the key is known: an attempt without addresses, which fails like any other.
  const unknown = only("connect", t.step({ kind: "retryPeer", peer: key(0x77) }));
  deepEqual(unknown.map(({ addresses, names }) => [addresses, names]), [[[], []]]);
});
