// Coordinating hole punches: who is asked, who is told what, and whom a member can aim us at.

import { deepEqual, equal, ok } from "node:assert/strict";
import type { NodeOutput } from "../../../lib/node/mod.ts";
import {
  formatAddress,
  type MonotonicMs,
  type PeerKey,
  peerKeyBytes,
} from "../../../lib/types/mod.ts";
import { Seeded } from "../../support/seeded.ts";
import { event, network, reaches } from "../store/fixtures.ts";
import { addressOf, BOB, DAN, EVE, only, TestCore } from "./fixtures.ts";

const NOW = 0 as MonotonicMs;

const request = (peer: PeerKey) => ({
  kind: "punchCoordRequest" as const,
  value: { peerId: peerKeyBytes(peer) },
});

/** A node that knows Dan but cannot reach him, and is connected with those given, who can. */
async function openBefore(...coordinators: PeerKey[]): Promise<TestCore> {
  const core = await TestCore.open();
  for (const [index, peer] of coordinators.entries()) {
    core.connect(peer);
    core.events(peer, event(peer, BigInt(index + 1), reaches(DAN)));
  }
  core.events(coordinators[0] ?? BOB, event(DAN, 1n, network("198.51.100.9")));
  return core;
}

/** Lets every dial fail until a punch is to be coordinated, or so many ticks have gone by. */
function untilPunch(core: TestCore): NodeOutput[] {
  for (let tick = 0; tick < 30; tick++) {
    core.now += 1_000;
    const outputs = core.tick();
    const asked = outputs.filter((output) =>
      output.kind === "send" && output.envelope.body?.kind === "punchCoordRequest" ||
      output.kind === "sendFrame" && output.frame.body?.kind === "punchCoordRequest"
    );
    if (asked.length > 0) return asked;
    for (const { peer } of only("connect", outputs)) core.step({ kind: "connectFailed", peer });
  }
  return [];
}

Deno.test("after the dials a common peer is asked, and the next time another one", async () => {
  await using core = await openBefore(BOB, EVE);
  const first = untilPunch(core);
  deepEqual(first, [{ kind: "send", peer: BOB, envelope: { body: request(DAN) } }]);
  core.now += 10_000;
  core.tick();
  const second = untilPunch(core);
  deepEqual(second, [{ kind: "send", peer: EVE, envelope: { body: request(DAN) } }]);
});

Deno.test("over pollen/2 it is asked in a frame, and a refusal leads on at once", async () => {
  await using core = await openBefore();
  core.connect(BOB, addressOf(BOB), "pollen/2");
  core.events(BOB, event(BOB, 1n, reaches(DAN)), event(DAN, 1n, network("198.51.100.9")));
  let asked = 0;
  for (let tick = 0; tick < 12; tick++) {
    core.now += 1_000;
    const outputs = core.tick();
    for (const { peer } of only("connect", outputs)) core.step({ kind: "connectFailed", peer });
    for (const { frame } of only("sendFrame", outputs)) {
      if (frame.body?.kind !== "punchCoordRequest") continue;
      asked++;
      const refusal = { kind: "punchCoordRefusal", value: frame.body.value } as const;
      core.step({ kind: "frame", packet: { peer: BOB, frame: { body: refusal } } });
    }
  }
  // Two attempts of this stage within seconds: nothing waited for the attempt's deadline.
  equal(asked, 2);
});

Deno.test("nobody is asked who is not known to be connected with the peer", async () => {
  await using core = await openBefore();
  core.connect(BOB);
  core.events(BOB, event(DAN, 1n, network("198.51.100.9")));
  deepEqual(untilPunch(core), []);
});

Deno.test("who carries for both is asked, though nobody has said yet whom it reaches", async () => {
  await using core = await openBefore();
  core.connect(BOB, addressOf(BOB), "pollen/2");
  core.events(BOB, event(DAN, 1n, network("198.51.100.9")));
  core.relayPeers.set(BOB, { rttMs: 1, carries: true });
  const grant = { kind: "relayGrant", value: { peerId: peerKeyBytes(DAN), flow: 1 } } as const;
  core.frame(BOB, grant);
  deepEqual(untilPunch(core), [{ kind: "sendFrame", peer: BOB, frame: { body: request(DAN) } }]);
});

Deno.test("a coordinator tells both where it sees the other one, or says no", async () => {
  await using core = await TestCore.open();
  core.connect(BOB);
  core.connect(EVE, addressOf(EVE), "pollen/2");
  deepEqual(core.receive(BOB, request(EVE)), [{ kind: "coordinatePunch", from: BOB, target: EVE }]);
  const [bob, eve] = [BOB, EVE].map((peer) => ({ peer, address: addressOf(peer) }));
  const told = core.core.coordinate(NOW, bob!, eve!);
  const trigger = (other: PeerKey, self: PeerKey) => ({
    kind: "punchCoordTrigger",
    value: {
      peerId: peerKeyBytes(other),
      selfAddr: formatAddress(addressOf(self)),
      peerAddr: formatAddress(addressOf(other)),
    },
  });
  deepEqual(told, [
    { kind: "send", peer: BOB, envelope: { body: trigger(EVE, BOB) } },
    { kind: "sendFrame", peer: EVE, frame: { body: trigger(BOB, EVE) } },
  ]);
  // The original knows no such answer.
  deepEqual(core.core.coordinate(NOW, bob!, { peer: DAN, address: null }), []);
  const refusal = { kind: "punchCoordRefusal", value: { peerId: peerKeyBytes(DAN) } };
  deepEqual(core.core.coordinate(NOW, eve!, { peer: DAN, address: null }), [
    { kind: "sendFrame", peer: EVE, frame: { body: refusal } },
  ]);
});

/** So many words of a member within a second. */
const FLOOD = 10_000;

Deno.test("ten thousand words in a second lead nobody to himself, to us or to a stranger", async () => {
  await using core = await TestCore.open();
  core.connect(BOB);
  const short = { kind: "punchCoordRequest" as const, value: { peerId: new Uint8Array(31) } };
  const stranger = { peer: DAN, address: null };
  for (const asked of [request(BOB), request(core.store.local), short]) {
    core.now += 60_000;
    for (let count = 0; count < FLOOD; count++, core.now += 1_000 / FLOOD) {
      deepEqual(core.receive(BOB, asked), []);
    }
  }
  core.now += 60_000;
  let told = 0;
  for (let count = 0; count < FLOOD; count++, core.now += 1_000 / FLOOD) {
    for (const { target } of only("coordinatePunch", core.receive(BOB, request(DAN)))) {
      equal(target, DAN);
      told++;
      const here = { peer: BOB, address: addressOf(BOB) };
      deepEqual(core.core.coordinate(core.now as MonotonicMs, here, stranger), []);
    }
  }
  equal(told, 16, "a member's share");
});

Deno.test("whoever asks for ten thousand is served as often as his share says, and others beside him", async () => {
  await using core = await TestCore.open();
  core.connect(BOB);
  core.connect(DAN);
  let coordinated = 0;
  for (let count = 0; count < FLOOD; count++, core.now += 1_000 / FLOOD) {
    coordinated += core.receive(BOB, request(EVE)).length;
  }
  equal(coordinated, 16);
  equal(core.receive(DAN, request(EVE)).length, 1);
});

Deno.test("a member aims us at nobody who has not announced that address himself", async () => {
  await using core = await openBefore(BOB);
  const trigger = (peerAddr: string, peer = DAN) =>
    core.receive(BOB, {
      kind: "punchCoordTrigger",
      value: { peerId: peerKeyBytes(peer), selfAddr: "", peerAddr },
    });
  for (const victim of ["203.0.113.7:53", "127.0.0.1:53", "", "dan.invalid:1", "198.51.100.9:0"]) {
    deepEqual(trigger(victim), [], victim);
  }
  deepEqual(trigger("198.51.100.9:4321", core.store.local), []);
  deepEqual(trigger("198.51.100.9:4321"), [
    { kind: "punch", peer: DAN, address: { ip: "198.51.100.9", port: 4_321 }, part: "equal" },
  ]);
  core.connect(DAN);
  deepEqual(trigger("198.51.100.9:4321"), []);
});

Deno.test("ten thousand words in a second aim us at no third party", async () => {
  await using core = await openBefore(BOB);
  const seed = Seeded.seedFrom("POLLEN_PUNCH_SEED");
  const chance = new Seeded(seed);
  const punched = new Set<string>();
  let followed = 0;
  for (let count = 0; count < FLOOD; count++, core.now += 1_000 / FLOOD) {
    // One in eight names the peer's own IP, at a port of Bob's choice.
    const ip = count % 8 === 0 ? "198.51.100.9" : `203.0.113.${chance.draw(256)}`;
    const peerAddr = `${ip}:${1 + chance.draw(65_535)}`;
    const value = { peerId: peerKeyBytes(DAN), selfAddr: "", peerAddr };
    const outputs = core.receive(BOB, { kind: "punchCoordTrigger", value });
    followed += outputs.length;
    for (const { address } of only("punch", outputs)) punched.add(address.ip);
  }
  ok(followed <= 16, `seed ${seed}: ${followed}`);
  deepEqual([...punched], ["198.51.100.9"], `seed ${seed}`);
});
