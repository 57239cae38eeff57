// Punches of unequal ends: who is told which part, what a node follows, and how often.

import { deepEqual, equal } from "node:assert/strict";
import type { NodeOutput } from "../../../lib/node/mod.ts";
import { isEasy, isHard, partsOf } from "../../../lib/node/punch_pairs.ts";
import type { NatKind } from "../../../lib/node/nat_kind.ts";
import {
  ALPN_MEMBER_1,
  ALPN_MEMBER_2,
  type MonotonicMs,
  type PeerKey,
  peerKeyBytes,
  relayWay,
  socketWay,
} from "../../../lib/types/mod.ts";
import { event, key, network } from "../store/fixtures.ts";
import { addressOf, BOB, DAN, EVE, only, TestCore } from "./fixtures.ts";

const MAPPING = { unknown: 0, none: 1, endpoint_independent: 2, per_destination: 3 } as const;
const KINDS = Object.keys(MAPPING) as NatKind[];

/** A node connected with Bob and Eve, who have said how their routers give out ports. */
async function coordinator(bob: NatKind, eve: NatKind): Promise<TestCore> {
  const core = await TestCore.open();
  for (const [peer, kind] of [[BOB, bob], [EVE, eve]] as const) {
    core.connect(peer, addressOf(peer), ALPN_MEMBER_2);
    core.frame(peer, { kind: "natReport", value: { mapping: MAPPING[kind] } });
  }
  return core;
}

/** What a node says when Bob asks it for Eve: the part of each, or "refused". */
function told(
  core: TestCore,
  now = 0,
  from = BOB,
  target = EVE,
  ipOf = (peer: PeerKey) => addressOf(peer).ip,
): string {
  const [one, other] = [from, target].map((peer) => ({
    peer,
    address: { ip: ipOf(peer), port: 4_321 },
  }));
  const outputs = core.core.coordinate(now as MonotonicMs, one!, other!);
  return only("sendFrame", outputs).map(({ frame: { body } }) => {
    switch (body?.kind) {
      case "punchCoordTrigger":
        return "equal";
      case "punchCoordUnequal":
        return body.value.isHard ? "hard" : "easy";
      default:
        return "refused";
    }
  }).join(" ");
}

Deno.test("two strict routers are left alone, a strict one and another one have their parts, others are equal", async () => {
  for (const bob of KINDS) {
    for (const eve of KINDS) {
      await using core = await coordinator(bob, eve);
      const expected = isHard(bob) && isHard(eve)
        ? "refused"
        : isHard(bob) && isEasy(eve)
        ? "hard easy"
        : isEasy(bob) && isHard(eve)
        ? "easy hard"
        : "equal equal";
      equal(told(core), expected, `${bob} ${eve}`);
    }
  }
  deepEqual(partsOf("none", "endpoint_independent"), ["equal", "equal"], "never sprayed");
});

Deno.test("nobody is sent into a second attempt while one runs", async () => {
  await using core = await coordinator("per_destination", "endpoint_independent");
  core.connect(DAN, addressOf(DAN), ALPN_MEMBER_2);
  core.frame(DAN, { kind: "natReport", value: { mapping: MAPPING.none } });
  equal(told(core, 0), "hard easy");
  equal(told(core, 1, EVE, BOB), "refused");
  equal(told(core, 4_999, DAN, BOB), "refused");
  equal(told(core, 5_000, DAN, BOB), "easy hard");
  // A new session is a new router, for all that is known.
  core.disconnect(BOB);
  core.connect(BOB, addressOf(BOB), ALPN_MEMBER_2);
  equal(told(core, 20_000), "equal equal");
  core.frame(BOB, { kind: "natReport", value: { mapping: 4 } });
  equal(told(core, 20_000), "equal equal", "what a later version knows");
});

Deno.test("no router gets a second attempt while one runs, whoever is behind it", async () => {
  const late = key(0x55);
  await using core = await coordinator("per_destination", "none");
  for (const [peer, kind] of [[DAN, "per_destination"], [late, "none"]] as const) {
    core.connect(peer, addressOf(peer), ALPN_MEMBER_2);
    core.frame(peer, { kind: "natReport", value: { mapping: MAPPING[kind] } });
  }
  // Bob and Dan are behind one router, Eve and the last one behind another.
  const ipOf = (peer: PeerKey) => peer === BOB || peer === DAN ? "203.0.113.1" : "203.0.113.2";
  const away = (peer: PeerKey) => peer === EVE ? "203.0.113.3" : ipOf(peer);
  equal(told(core, 0, BOB, EVE, ipOf), "hard easy");
  equal(told(core, 1, DAN, late, ipOf), "refused", "both routers are busy");
  equal(told(core, 1, DAN, EVE, away), "refused", "one is");
  equal(told(core, 1, EVE, late, ipOf), "equal equal", "a few packets harm nobody");
  core.disconnect(late);
  equal(told(core, 4_999, DAN, EVE, ipOf), "refused", "somebody else is gone");
  equal(told(core, 5_000, DAN, EVE, ipOf), "hard easy");
  core.disconnect(DAN);
  equal(told(core, 5_001, BOB, EVE, ipOf), "hard easy", "who took part is gone");
});

Deno.test("whoever speaks pollen/1 gets the messages of that", async () => {
  await using core = await coordinator("per_destination", "none");
  core.disconnect(EVE);
  core.connect(EVE, addressOf(EVE), ALPN_MEMBER_1);
  const [bob, eve] = [BOB, EVE].map((peer) => ({ peer, address: addressOf(peer) }));
  const outputs = core.core.coordinate(0 as MonotonicMs, bob!, eve!);
  equal(only("send", outputs)[0]?.envelope.body?.kind, "punchCoordTrigger");
  equal(only("sendFrame", outputs)[0]?.frame.body?.kind, "punchCoordTrigger");
});

/** What a coordinator says of a peer at an IP. */
function unequal(core: TestCore, peer: PeerKey, ip: string, isHard: boolean): NodeOutput[] {
  const trigger = { peerId: peerKeyBytes(peer), selfAddr: "", peerAddr: `${ip}:4321` };
  return core.frame(BOB, { kind: "punchCoordUnequal", value: { trigger, isHard } });
}

const parts = (outputs: readonly NodeOutput[]) => only("punch", outputs).map(({ part }) => part);

Deno.test("many packets go only where the peer says, signed, that it is", async () => {
  await using core = await TestCore.trusting();
  core.connect(BOB, addressOf(BOB), ALPN_MEMBER_2);
  core.signed(DAN, 1n, network("198.51.100.9"));
  // Bob can make this one up.
  core.events(BOB, event(EVE, 1n, network("203.0.113.7")));
  const address = { ip: "198.51.100.9", port: 4_321 };
  deepEqual(unequal(core, DAN, "203.0.113.7", false), []);
  deepEqual(unequal(core, core.store.local, "198.51.100.9", false), []);
  deepEqual(core.frame(BOB, { kind: "punchCoordUnequal", value: { isHard: true } }), []);
  deepEqual(parts(unequal(core, EVE, "203.0.113.7", false)), ["equal"]);
  deepEqual(parts(unequal(core, EVE, "203.0.113.7", true)), ["equal"]);
  deepEqual(unequal(core, DAN, "198.51.100.9", false), [
    { kind: "punch", peer: DAN, address, part: "easy" },
  ]);
  core.connect(DAN);
  core.now += 10_000;
  deepEqual(unequal(core, DAN, "198.51.100.9", false), [], "there is a session");
});

Deno.test("of a peer that speaks pollen/2 nothing but its own signature counts", async () => {
  await using core = await TestCore.trusting();
  core.connect(BOB, addressOf(BOB), ALPN_MEMBER_2);
  core.events(BOB, event(EVE, 1n, network("203.0.113.7")));
  const value = { peerId: peerKeyBytes(EVE), selfAddr: "", peerAddr: "203.0.113.7:4321" };
  const trigger = () => parts(core.frame(BOB, { kind: "punchCoordTrigger", value }));
  deepEqual(trigger(), ["equal"], "it may speak pollen/1, where nothing is signed");
  core.connect(EVE, null, ALPN_MEMBER_2);
  deepEqual(trigger(), []);
  core.signed(EVE, 2n, network("203.0.113.7"));
  deepEqual(trigger(), ["equal"]);
});

Deno.test("a way is no address, and ports of IPv6 are not tried", async () => {
  await using core = await TestCore.trusting();
  core.connect(BOB, addressOf(BOB), ALPN_MEMBER_2);
  const ways = [relayWay(1), socketWay(1, { ip: "198.51.100.9", port: 4_321 })];
  for (const [index, { ip }] of ways.entries()) {
    core.signed(DAN, BigInt(index + 1), network(ip));
    deepEqual(unequal(core, DAN, `[${ip}]`, true), [], ip);
  }
  core.signed(DAN, 3n, network("2a0f::9"));
  deepEqual(parts(unequal(core, DAN, "[2a0f::9]", false)), ["equal"]);
});

/** A node that two others see, at these ports of its router. */
async function behind(...ports: number[]): Promise<TestCore> {
  const core = await TestCore.trusting();
  core.step({ kind: "ownAddresses", ips: ["192.168.1.10"], port: 60_611 });
  for (const [index, port] of ports.entries()) {
    const peer = [BOB, EVE][index]!;
    core.connect(peer, addressOf(peer), ALPN_MEMBER_2);
    core.frame(peer, { kind: "observedAddress", value: { addr: `8.8.8.8:${port}` } });
  }
  core.signed(DAN, 1n, network("198.51.100.9"));
  return core;
}

Deno.test("a coordinator makes nobody do what does not go with his own router", async () => {
  await using strict = await behind(1_000, 2_000);
  equal(strict.core.natKind(), "per_destination");
  deepEqual(parts(unequal(strict, DAN, "198.51.100.9", true)), ["hard"]);
  strict.now += 60_000;
  deepEqual(parts(unequal(strict, DAN, "198.51.100.9", false)), ["equal"]);
  await using kept = await behind(1_000, 1_000);
  equal(kept.core.natKind(), "endpoint_independent");
  deepEqual(parts(unequal(kept, DAN, "198.51.100.9", false)), ["easy"]);
  kept.now += 60_000;
  deepEqual(parts(unequal(kept, DAN, "198.51.100.9", true)), ["equal"]);
});

Deno.test("the mesh hears that no router stands before this node, and when that is in doubt again", async () => {
  await using core = await TestCore.open();
  core.step({ kind: "ownAddresses", ips: ["8.8.8.8"], port: 60_611 });
  const isRouterThere = (peer: PeerKey, port: number) => {
    core.connect(peer, addressOf(peer), ALPN_MEMBER_2);
    const value = { addr: `8.8.8.8:${port}` };
    const outputs = core.frame(peer, { kind: "observedAddress", value });
    return only("router", outputs).map(({ isThere }) => isThere);
  };
  deepEqual(isRouterThere(BOB, 60_611), [false]);
  deepEqual(isRouterThere(EVE, 2_000), [true]);
  deepEqual(isRouterThere(DAN, 60_611), [false]);
});

Deno.test("peers hear how our router gives out ports when that is known, and whoever comes later", async () => {
  await using core = await behind(1_000);
  const reports = (outputs: readonly NodeOutput[]) =>
    only("sendFrame", outputs).flatMap(({ peer, frame: { body } }) =>
      body?.kind === "natReport" ? [[peer, body.value.mapping] as const] : []
    );
  deepEqual(reports(core.connect(EVE, addressOf(EVE), ALPN_MEMBER_2)), []);
  const seen = (port: number) => ({
    kind: "observedAddress" as const,
    value: { addr: `8.8.8.8:${port}` },
  });
  deepEqual(reports(core.frame(EVE, seen(2_000))), [[BOB, 3], [EVE, 3]]);
  deepEqual(reports(core.frame(EVE, seen(2_001))), []);
  const late = key(0x55);
  deepEqual(reports(core.connect(late, addressOf(late), ALPN_MEMBER_2)), [[late, 3]]);
  deepEqual(reports(core.connect(key(0x56), addressOf(BOB), ALPN_MEMBER_1)), []);
  core.disconnect(EVE);
  deepEqual(reports(core.disconnect(late)), []);
});

Deno.test("ten thousand words of a member in a second lead to sixteen attempts at most", async () => {
  await using core = await behind(1_000, 1_000);
  const peers = Array.from({ length: 100 }, (_, index) => key(0x60 + index));
  const ips = peers.map((_, index) => `198.51.100.${index}`);
  for (const [index, peer] of peers.entries()) core.signed(peer, 1n, network(ips[index]!));
  let followed = 0;
  for (let word = 0; word < 10_000; word++) {
    core.now += 0.1;
    const index = word % peers.length;
    followed += unequal(core, peers[index]!, ips[index]!, word % 2 === 0).length;
  }
  equal(followed, 16);
});

Deno.test("while an attempt runs a second word about it changes nothing", async () => {
  await using core = await behind(1_000, 1_000);
  equal(unequal(core, DAN, "198.51.100.9", false).length, 1);
  core.now += 3_999;
  equal(unequal(core, DAN, "198.51.100.9", false).length, 0);
  core.now += 1_001;
  equal(unequal(core, DAN, "198.51.100.9", false).length, 1);
});

Deno.test("what was in vain comes back ever more rarely, and at once when it was not", async () => {
  await using core = await behind(1_000, 1_000);
  let tried = 0;
  const hour = 60 * 60_000;
  for (; core.now < hour; core.now += 1_000) {
    tried += unequal(core, DAN, "198.51.100.9", false).length;
  }
  // 5, 10, 20 … 600 s: eight in the first eleven minutes, then six an hour.
  equal(tried, 12);
  core.connect(DAN, { ip: "198.51.100.9", port: 4_321 });
  core.disconnect(DAN);
  equal(unequal(core, DAN, "198.51.100.9", false).length, 1);
  core.connect(DAN, { ip: "198.51.100.10", port: 4_321 });
  core.disconnect(DAN);
  core.now += 1_000;
  equal(unequal(core, DAN, "198.51.100.9", false).length, 0, "it answered from elsewhere");
});

Deno.test("attempts in vain make the IP rest as well, whoever says that it is there", async () => {
  await using core = await behind(1_000, 1_000);
  const peers = Array.from({ length: 200 }, (_, index) => key(0x60 + index % 150));
  for (const peer of new Set(peers)) core.signed(peer, 1n, network("198.51.100.9"));
  core.signed(EVE, 1n, network("198.51.100.10"));
  let tried = 0;
  for (; core.now < 30 * 60_000; core.now += 1_000) {
    const peer = peers[(core.now / 1_000) % peers.length]!;
    tried += unequal(core, peer, "198.51.100.9", false).length;
  }
  // 5, 10, 20 … 600 s, as of one peer.
  equal(tried, 9);
  core.disconnect(EVE);
  equal(unequal(core, EVE, "198.51.100.10", false).length, 1, "another IP does not");
});
