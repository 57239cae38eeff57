// Relays as their ends see them: whom they ask, what they open, and what nobody can make them open.

import { deepEqual, equal } from "node:assert/strict";
import type { NodeOutput } from "../../../lib/node/mod.ts";
import { KEPT_MS, Relaying, REQUEST_TIMEOUT_MS } from "../../../lib/node/relaying.ts";
import type { Frame } from "../../../lib/proto/mod.ts";
import type { Store } from "../../../lib/store/mod.ts";
import {
  type MonotonicMs,
  type PeerKey,
  peerKeyBytes,
  type RelayPeer,
  RELAYS_PER_CARRIER_MAX,
  RELAYS_PER_PEER_MAX,
} from "../../../lib/types/mod.ts";
import { event, key, load, ME, network, reaches } from "../store/fixtures.ts";
import { BOB, DAN, EVE, only } from "./fixtures.ts";

/** Greater than ours, so that we see to what one end is enough for. */
const PEER = key(0xee);

/** What we know of others, and the relays that follow. */
class Fixture implements AsyncDisposable {
  now = 0;
  readonly peers = new Map<PeerKey, RelayPeer>();
  readonly relaying: Relaying;
  #counter = 0n;

  private constructor(readonly store: Store) {
    this.relaying = new Relaying({ store, peers: () => this.peers });
  }

  /** Carriers that say they reach the peer, the nearest first. */
  static async open(...carriers: PeerKey[]): Promise<Fixture> {
    const fixture = new Fixture(await load());
    fixture.store.applyEvents([event(PEER, 1n, network("198.51.100.9"))]);
    for (const [index, carrier] of carriers.entries()) fixture.carrier(carrier, 10 * (index + 1));
    return fixture;
  }

  get at(): MonotonicMs {
    return this.now as MonotonicMs;
  }

  carrier(carrier: PeerKey, rttMs: number, carries = true): void {
    this.peers.set(carrier, { rttMs, carries });
    this.store.applyEvents([event(carrier, ++this.#counter, reaches(PEER))]);
  }

  grant(carrier: PeerKey, flow: number, peer = PEER): NodeOutput[] {
    return this.relaying.granted(this.at, carrier, { peerId: peerKeyBytes(peer), flow });
  }

  /** A flow that was granted and opened. */
  granted(carrier: PeerKey, flow: number, peer = PEER): void {
    equal(only("openRelay", this.grant(carrier, flow, peer)).length, 1);
    this.relaying.opened(carrier, flow, peer, true);
  }

  refuse(carrier: PeerKey): NodeOutput[] {
    return this.relaying.refused(this.at, carrier, peerKeyBytes(PEER));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
  }
}

type FrameKind = NonNullable<Frame["body"]>["kind"];

/** Who gets a frame of this kind. */
function told(kind: FrameKind, outputs: readonly NodeOutput[]): PeerKey[] {
  return only("sendFrame", outputs).filter(({ frame }) => frame.body?.kind === kind)
    .map(({ peer }) => peer);
}

const asked = (outputs: readonly NodeOutput[]) => told("relayRequest", outputs);

Deno.test("the nearest carrier is asked, and after a refusal or silence the next one", async () => {
  await using fixture = await Fixture.open(EVE, BOB, DAN);
  const { relaying } = fixture;
  deepEqual(asked(relaying.seek(fixture.at, PEER)), [EVE]);
  deepEqual(asked(relaying.seek(fixture.at, PEER)), [], "one at a time");
  deepEqual(fixture.refuse(DAN), [], "who was not asked has nothing to refuse");
  deepEqual(asked(fixture.refuse(EVE)), [BOB]);
  fixture.now += REQUEST_TIMEOUT_MS;
  deepEqual(asked(relaying.tick(fixture.at)), [DAN]);
  // After the last one there is a pause, longer each time, then it begins anew.
  deepEqual(asked(fixture.refuse(DAN)), []);
  deepEqual(asked(relaying.tick(fixture.at)), []);
  fixture.now += 1_000;
  deepEqual(asked(relaying.tick(fixture.at)), [EVE]);
});

Deno.test("nobody is asked who does not carry, or does not say that it reaches the peer", async () => {
  await using fixture = await Fixture.open();
  fixture.carrier(BOB, 1, false);
  fixture.peers.set(EVE, { rttMs: 1, carries: true });
  deepEqual(asked(fixture.relaying.seek(fixture.at, PEER)), []);
  deepEqual(asked(fixture.relaying.seek(fixture.at, BOB)), [], "nor the peer itself");
});

Deno.test("a flow that is granted is opened and accepted, and a relayed peer gets another one", async () => {
  await using fixture = await Fixture.open(BOB, EVE, DAN);
  const { relaying } = fixture;
  relaying.seek(fixture.at, PEER);
  deepEqual(fixture.grant(BOB, 7), [{ kind: "openRelay", carrier: BOB, flow: 7, peer: PEER }]);
  deepEqual(told("relayAcceptance", relaying.opened(BOB, 7, PEER, true)), [BOB]);
  deepEqual(fixture.grant(BOB, 7), [], "said twice");
  deepEqual(asked(relaying.relayed(fixture.at, PEER)), [EVE]);
  fixture.granted(EVE, 1);
  deepEqual(asked(relaying.tick(fixture.at)), [], "that is enough");
  // When the one in use is gone, a third one is next.
  fixture.peers.delete(BOB);
  const outputs = relaying.endCarrier(fixture.at, BOB);
  deepEqual(only("closeRelay", outputs), [{ kind: "closeRelay", carrier: BOB, flow: 7 }]);
  deepEqual(asked(outputs), [DAN]);
});

Deno.test("one end alone asks for what is held ready", async () => {
  await using fixture = await Fixture.open();
  const small = key(0x00);
  fixture.store.applyEvents([
    event(small, 1n, network("198.51.100.1")),
    event(BOB, 9n, reaches(small)),
    event(EVE, 9n, reaches(small)),
  ]);
  fixture.peers.set(BOB, { rttMs: 1, carries: true }).set(EVE, { rttMs: 2, carries: true });
  const { relaying } = fixture;
  fixture.granted(BOB, 1, small);
  deepEqual(asked(relaying.relayed(fixture.at, small)), []);
  deepEqual(relaying.punches(fixture.at), []);
  // Without any flow it helps itself.
  deepEqual(asked(relaying.withdrawn(fixture.at, BOB, 1)), [EVE]);
});

Deno.test("what is not needed any more is given up after a while, and what nobody asked for too", async () => {
  await using fixture = await Fixture.open(BOB, EVE);
  const { relaying } = fixture;
  relaying.seek(fixture.at, PEER);
  fixture.granted(BOB, 1);
  relaying.reached(fixture.at, PEER);
  fixture.granted(EVE, 1);
  fixture.now += KEPT_MS - 1;
  deepEqual(relaying.tick(fixture.at), []);
  fixture.now += 1;
  const outputs = relaying.tick(fixture.at);
  deepEqual(only("closeRelay", outputs).map(({ carrier }) => carrier), [BOB, EVE]);
  deepEqual(told("relayWithdrawal", outputs), [BOB, EVE]);
});

Deno.test("no flow is opened to strangers, ourselves, the revoked, the carrier, or a second time", async () => {
  await using fixture = await Fixture.open(BOB);
  const { relaying } = fixture;
  const isRefused = (outputs: NodeOutput[]) => {
    deepEqual(only("openRelay", outputs), []);
    equal(told("relayWithdrawal", outputs).length, 1);
  };
  isRefused(fixture.grant(BOB, 1, DAN));
  isRefused(fixture.grant(BOB, 2, ME));
  isRefused(fixture.grant(BOB, 3, BOB));
  fixture.granted(BOB, 4);
  isRefused(fixture.grant(BOB, 3));
  // A carrier that is reached over a relay itself, or knows nothing of relays.
  isRefused(fixture.grant(EVE, 1));
  deepEqual(fixture.grant(BOB, 0), []);
  deepEqual(relaying.granted(fixture.at, BOB, { peerId: new Uint8Array(31), flow: 9 }), []);
  // Another session counts from one again.
  relaying.endCarrier(fixture.at, BOB);
  fixture.granted(BOB, 1);
});

Deno.test("a carrier forces a bounded number of flows upon us", async () => {
  await using fixture = await Fixture.open(BOB);
  const members = Array.from(
    { length: RELAYS_PER_CARRIER_MAX + 50 },
    (_, index) => `${(index + 0x1000).toString(16)}`.padEnd(64, "0") as PeerKey,
  );
  for (const member of members) {
    fixture.store.applyEvents([event(member, 1n, network("192.0.2.1"))]);
  }
  let opened = 0;
  let answers = 0;
  for (let second = 0; second < 100; second++) {
    for (let index = 0; index < 1_000; index++) {
      const flow = second * 1_000 + index + 1;
      const outputs = fixture.grant(BOB, flow, members[index % members.length]!);
      opened += only("openRelay", outputs).length - only("closeRelay", outputs).length;
      answers += outputs.length;
    }
    fixture.now += 1;
  }
  equal(opened <= RELAYS_PER_CARRIER_MAX, true, `${opened} flows`);
  equal(answers <= 3 * (RELAYS_PER_CARRIER_MAX + 1), true, `${answers} answers`);

  await using other = await Fixture.open();
  let ofPeer = 0;
  for (let index = 0; index < 10; index++) {
    const carrier = key(0x60 + index);
    other.peers.set(carrier, { rttMs: 1, carries: true });
    ofPeer += only("openRelay", other.grant(carrier, 1)).length;
  }
  equal(ofPeer, RELAYS_PER_PEER_MAX);
});

Deno.test("a silent session gets a flow, which is given up when it is heard again", async () => {
  await using fixture = await Fixture.open(BOB);
  const { relaying } = fixture;
  deepEqual(asked(relaying.silent(fixture.at, PEER)), [BOB]);
  fixture.granted(BOB, 1);
  fixture.now += KEPT_MS;
  deepEqual(only("closeRelay", relaying.tick(fixture.at)).length, 1);
});

Deno.test("a way is punched to a relayed peer, ever less often", async () => {
  await using fixture = await Fixture.open(BOB);
  const { relaying } = fixture;
  relaying.relayed(fixture.at, PEER);
  const moments: number[] = [];
  for (; fixture.now < 200_000; fixture.now += 1_000) {
    if (relaying.punches(fixture.at).includes(PEER)) moments.push(fixture.now / 1_000);
  }
  deepEqual(moments, [0, 5, 15, 35, 75, 135, 195]);
  relaying.reached(fixture.at, PEER);
  deepEqual(relaying.punches(fixture.at), []);
});
