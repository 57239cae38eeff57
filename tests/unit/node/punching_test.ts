// Coordinating hole punches: who is asked, who is told what, and whom a member can aim us at.

import { deepEqual, equal } from "node:assert/strict";
import type { NodeOutput } from "../../../lib/node/mod.ts";
import {
  formatAddress,
  type MonotonicMs,
  type PeerKey,
  peerKeyBytes,
} from "../../../lib/types/mod.ts";
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
      output.kind === "send" && output.envelope.body?.kind === "punchCoordRequest"
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

Deno.test("nobody is led to himself or to us, and not without end", async () => {
  await using core = await TestCore.open();
  core.connect(BOB);
  deepEqual(core.receive(BOB, request(BOB)), []);
  deepEqual(core.receive(BOB, request(core.store.local)), []);
  const short = { kind: "punchCoordRequest" as const, value: { peerId: new Uint8Array(31) } };
  deepEqual(core.receive(BOB, short), []);
  let coordinated = 0;
  for (let count = 0; count < 100; count++) coordinated += core.receive(BOB, request(EVE)).length;
  // Two were spent above.
  equal(coordinated, 14);
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
