// Relays as their carrier sees them: who gets one, in which order both ends hear of it, and what a
// hostile member can make us carry.

import { deepEqual, equal } from "node:assert/strict";
import type { NodeOutput } from "../../../lib/node/mod.ts";
import { Carrying } from "../../../lib/node/carrying.ts";
import { type Frame, RelayRefusalReason } from "../../../lib/proto/mod.ts";
import type { Store } from "../../../lib/store/mod.ts";
import {
  CARRIED_FLOWS_MAX,
  type MonotonicMs,
  type PeerKey,
  peerKeyBytes,
  type RelayPeer,
  RELAYS_PER_MEMBER_MAX,
} from "../../../lib/types/mod.ts";
import { key, load } from "../store/fixtures.ts";
import { BOB, DAN, EVE, only } from "./fixtures.ts";

const LIMIT = 12_000_000;
const PEER: RelayPeer = { rttMs: 10, carries: false };

class Fixture implements AsyncDisposable {
  now = 0;
  readonly carrying: Carrying;

  private constructor(
    readonly store: Store,
    readonly peers: Map<PeerKey, RelayPeer>,
    bytesPerSecond: number | null,
  ) {
    this.carrying = new Carrying({ store, bytesPerSecond, peers: () => peers });
  }

  static async open(
    connected: readonly PeerKey[],
    bytesPerSecond: number | null = LIMIT,
  ): Promise<Fixture> {
    const peers = new Map(connected.map((peer) => [peer, PEER]));
    return new Fixture(await load(), peers, bytesPerSecond);
  }

  request(from: PeerKey, peer: PeerKey): NodeOutput[] {
    return this.carrying.requested(this.now as MonotonicMs, from, peerKeyBytes(peer));
  }

  tick(): NodeOutput[] {
    return this.carrying.tick(this.now as MonotonicMs);
  }

  /** A relay that both ends have; its number. */
  open(from: PeerKey, peer: PeerKey): number {
    const [carry] = only("carry", this.request(from, peer));
    this.carrying.opened(carry!.flow, true);
    // The first one that was granted it, then the other one.
    for (const end of [from, peer].sort().reverse()) this.carrying.accepted(end, carry!.flow);
    return carry!.flow;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
  }
}

/** What is said to whom. */
function said(outputs: readonly NodeOutput[]): [PeerKey, Frame["body"]][] {
  return only("sendFrame", outputs).map(({ peer, frame }) => [peer, frame.body]);
}

const grant = (flow: number, peer: PeerKey): Frame["body"] => ({
  kind: "relayGrant",
  value: { peerId: peerKeyBytes(peer), flow },
});
const refusal = (peer: PeerKey, reason: RelayRefusalReason): Frame["body"] => ({
  kind: "relayRefusal",
  value: { peerId: peerKeyBytes(peer), reason },
});
const withdrawal = (flow: number): Frame["body"] => ({
  kind: "relayWithdrawal",
  value: { flow, carried: true },
});

for (const [asker, peer] of [[BOB, EVE], [EVE, BOB]] as const) {
  const who = asker < peer ? "smaller" : "greater";
  Deno.test(`the end that dials is granted the flow last: the ${who} one asks`, async () => {
    await using fixture = await Fixture.open([BOB, EVE]);
    const { carrying } = fixture;
    const [dialling, first] = [BOB, EVE].sort() as [PeerKey, PeerKey];
    deepEqual(fixture.request(asker, peer), [
      { kind: "carry", flow: 1, ends: [asker, peer], bytesPerSecond: LIMIT },
    ]);
    deepEqual(fixture.request(peer, asker), [], "both asked; it hears of it soon");
    deepEqual(said(carrying.opened(1, true)), [[first, grant(1, dialling)]]);
    deepEqual(carrying.accepted(dialling, 1), [], "it was not granted it yet");
    deepEqual(said(carrying.accepted(first, 1)), [[dialling, grant(1, first)]]);
    deepEqual(carrying.accepted(first, 1), []);
    deepEqual(carrying.accepted(dialling, 1), []);
    // Whoever asks again gets the same.
    deepEqual(said(fixture.request(EVE, BOB)), [[EVE, grant(1, BOB)]]);
    equal(carrying.count, 1);
    fixture.now += 2_000;
    deepEqual(fixture.tick(), [], "both accepted");
  });
}

Deno.test("who cannot be served is told why", async () => {
  await using off = await Fixture.open([BOB, EVE], null);
  deepEqual(said(off.request(BOB, EVE)), [[BOB, refusal(EVE, RelayRefusalReason.OFF)]]);
  await using fixture = await Fixture.open([BOB, EVE]);
  const missing = [[BOB, refusal(DAN, RelayRefusalReason.NOT_CONNECTED)]];
  deepEqual(said(fixture.request(BOB, DAN)), missing);
  deepEqual(said(fixture.request(DAN, BOB)), [
    [DAN, refusal(BOB, RelayRefusalReason.NOT_CONNECTED)],
  ]);
  deepEqual(said(fixture.request(BOB, BOB)), [
    [BOB, refusal(BOB, RelayRefusalReason.NOT_CONNECTED)],
  ]);
  deepEqual(fixture.carrying.requested(0 as MonotonicMs, BOB, new Uint8Array(31)), []);
  // The engine may have no room.
  const [carry] = only("carry", fixture.request(BOB, EVE));
  deepEqual(said(fixture.carrying.opened(carry!.flow, false)), [
    [BOB, refusal(EVE, RelayRefusalReason.FULL)],
  ]);
  equal(fixture.carrying.count, 0);
});

Deno.test("when an end does not accept in time, the flow ends, and both are told", async () => {
  const [small, great] = [BOB, EVE].sort() as [PeerKey, PeerKey];
  const late = async (asker: PeerKey, peer: PeerKey, accepts: readonly PeerKey[]) => {
    await using fixture = await Fixture.open([BOB, EVE]);
    fixture.request(asker, peer);
    fixture.carrying.opened(1, true);
    for (const end of accepts) fixture.carrying.accepted(end, 1);
    fixture.now += 1_999;
    deepEqual(fixture.tick(), []);
    fixture.now += 1;
    const outputs = fixture.tick();
    deepEqual(only("endCarried", outputs), [{ kind: "endCarried", flow: 1 }]);
    deepEqual(fixture.carrying.accepted(great, 1), []);
    return said(outputs);
  };
  const declined = refusal(great, RelayRefusalReason.DECLINED);
  deepEqual(await late(small, great, []), [[small, declined], [great, withdrawal(1)]]);
  deepEqual(await late(great, small, []), [[great, withdrawal(1)]], "the other one knows nothing");
  const both = [[great, withdrawal(1)], [small, withdrawal(1)]];
  deepEqual(await late(great, small, [great]), both);
});

Deno.test("a flow ends with either end's word or session, and nobody else's", async () => {
  await using fixture = await Fixture.open([BOB, EVE, DAN]);
  const { carrying } = fixture;
  const first = fixture.open(BOB, EVE);
  deepEqual(carrying.withdrawn(DAN, first), []);
  deepEqual(said(carrying.withdrawn(EVE, first)), [[BOB, withdrawal(first)]]);
  const second = fixture.open(BOB, EVE);
  equal(second > first, true);
  fixture.open(DAN, BOB);
  const outputs = carrying.endPeer(BOB);
  equal(only("endCarried", outputs).length, 2);
  deepEqual(said(outputs).map(([peer]) => peer).sort(), [EVE, DAN].sort());
  equal(carrying.count, 0);
  // What the driver opened meanwhile is ended, too.
  fixture.request(BOB, EVE);
  carrying.endPeer(EVE);
  deepEqual(carrying.opened(4, true), [{ kind: "endCarried", flow: 4 }]);
});

/** What relays may pass from now on, in bytes per second by their numbers. */
function limits(outputs: readonly NodeOutput[]): Record<number, number> {
  return Object.fromEntries(
    only("limitCarried", outputs).map(({ flow, bytesPerSecond }) => [flow, bytesPerSecond]),
  );
}

Deno.test("relays of a member share its limit as they come and go, the new one last", async () => {
  await using fixture = await Fixture.open([BOB, EVE, DAN]);
  const { carrying } = fixture;
  const first = fixture.open(BOB, EVE);
  const outputs = fixture.request(DAN, BOB);
  deepEqual(outputs, [
    { kind: "limitCarried", flow: first, bytesPerSecond: LIMIT / 2 },
    { kind: "carry", flow: 2, ends: [DAN, BOB], bytesPerSecond: LIMIT / 2 },
  ]);
  deepEqual(limits(carrying.opened(2, false)), { [first]: LIMIT }, "there was no room for it");
  const third = fixture.open(DAN, BOB);
  deepEqual(limits(carrying.withdrawn(DAN, third)), { [first]: LIMIT });
  fixture.open(DAN, BOB);
  deepEqual(limits(carrying.endPeer(DAN)), { [first]: LIMIT });
  fixture.request(DAN, BOB);
  fixture.now += 2_000;
  deepEqual(limits(fixture.tick()), { [first]: LIMIT }, "it was not accepted in time");
});

Deno.test("relays that rest leave their part to those in use, and get it back when they begin", async () => {
  await using fixture = await Fixture.open([BOB, EVE, DAN]);
  const [one, other] = [fixture.open(BOB, EVE), fixture.open(BOB, DAN)];
  const measure = (passed: Record<number, number>) => {
    fixture.now += 1_000;
    const counts = Object.entries(passed).map(([flow, bytes]) => [Number(flow), bytes] as const);
    return limits(fixture.carrying.measured(fixture.now as MonotonicMs, new Map(counts)));
  };
  const [least, most] = [LIMIT / 8, LIMIT * 7 / 8];
  deepEqual(measure({ [one]: 0, [other]: 0 }), {}, "what was just asked for is about to be used");
  deepEqual(measure({ [one]: least, [other]: 0 }), { [one]: most, [other]: least });
  deepEqual(measure({ [one]: 2 * least, [other]: least / 4 }), {}, "a word is no use");
  const half = { [one]: LIMIT / 2, [other]: LIMIT / 2 };
  deepEqual(measure({ [one]: 3 * least, [other]: 2 * least }), half);
  deepEqual(measure({ [one]: 3 * least, [other]: 3 * least }), { [one]: least, [other]: most });
  // Nothing is known of a moment.
  fixture.now += 10;
  const counts = new Map([[one, 9 * least], [other, 3 * least]]);
  deepEqual(fixture.carrying.measured(fixture.now as MonotonicMs, counts), []);
  deepEqual(measure({ [one]: 3 * least, [other]: 3 * least }), half, "all rest");
});

Deno.test("ten thousand requests in a second lead to a bounded number of answers and relays", async () => {
  const members = Array.from({ length: 200 }, (_, index) => key(index + 1));
  await using fixture = await Fixture.open(members);
  let answers = 0;
  for (let request = 0; request < 10_000; request++) {
    fixture.now = request / 10;
    const outputs = fixture.request(BOB, members[request % members.length]!);
    answers += said(outputs).length;
    for (const { flow, ends } of only("carry", outputs)) {
      answers += fixture.carrying.opened(flow, true).length;
      for (const end of [...ends].sort().reverse()) {
        answers += fixture.carrying.accepted(end, flow).length;
      }
    }
  }
  equal(fixture.carrying.count <= RELAYS_PER_MEMBER_MAX, true, `${fixture.carrying.count} relays`);
  equal(answers <= 3 * (RELAYS_PER_MEMBER_MAX + 4), true, `${answers} answers`);
  // Others are served all the same.
  fixture.open(EVE, DAN);
});

Deno.test("all members together have a bound, and then hear that it is reached", async () => {
  const members = Array.from({ length: 60 }, (_, index) => key(index + 1));
  await using fixture = await Fixture.open(members);
  let last: [PeerKey, Frame["body"]] | undefined;
  for (const from of members) {
    for (const peer of members) {
      if (from < peer) last = said(fixture.request(from, peer)).at(-1) ?? last;
    }
  }
  equal(fixture.carrying.count, CARRIED_FLOWS_MAX);
  equal(last?.[1]?.kind === "relayRefusal" && last[1].value.reason, RelayRefusalReason.FULL);
});
