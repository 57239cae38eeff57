// Relayed flows: two ends that meet over a carrier, and what the carrier can and cannot do.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import {
  type Carried,
  type Engine,
  type RelayedWay,
  type RelayLeg,
  type Session,
  socketWay,
} from "../../lib/types/mod.ts";
import { Relay as Wire } from "../support/relay.ts";
import {
  ALPN,
  connect,
  inTime,
  newIdentity,
  openStreamPair,
  openTestEngine,
  present,
  protocol,
  readAll,
  startTransfer,
  until,
} from "./support.ts";

const RATE = 1_000_000_000;
const HEADER_BYTES = 31;
const FLOW_BYTES = 20 * 1024 * 1024;

/** Two ends, each with a session with a carrier, which carries a flow between them. */
interface Trio extends AsyncDisposable {
  readonly engines: readonly [Engine, Engine, Engine];
  /** Of the ends, with the carrier. */
  readonly sessions: readonly [Session, Session];
  /** Of the carrier, with the ends. */
  readonly carrierSessions: readonly [Session, Session];
  readonly ways: readonly [RelayedWay, RelayedWay];
  readonly carried: Carried;
  /** Dials from one end to the other over the relay. */
  meet(): Promise<{ near: Session; far: Session }>;
}

interface TrioOptions {
  readonly bytesPerSecond?: number;
  readonly ip?: string;
  /** What lies between the first end and the carrier. */
  readonly wire?: (carrier: Engine) => Promise<Wire>;
}

const identities = [newIdentity("one"), newIdentity("other"), newIdentity("carrier")] as const;

async function openTrio(options: TrioOptions = {}): Promise<Trio> {
  const { bytesPerSecond = RATE, ip = "127.0.0.1" } = options;
  const open = (identity: typeof identities[number]) =>
    openTestEngine([protocol({ identity, movesPaths: true })], { address: { ip, port: 0 } });
  const [one, other, carrier] = await Promise.all(
    [open(identities[0]), open(identities[1]), open(identities[2])],
  );
  const wire = await options.wire?.(carrier!);
  const [first, second] = [
    wire === undefined ? await connect(one!, carrier!) : await dial(one!, carrier!, wire.address),
    await connect(other!, carrier!),
  ];
  for (const session of [first, second].flatMap(({ near, far }) => [near, far])) session.admit();
  const carried = carrier!.carry(
    leg(first.far, "carrier", 1),
    leg(second.far, "carrier", 1),
    { bytesPerSecond },
  );
  const ways = [
    one!.openRelay(leg(first.near, "end", 1)),
    other!.openRelay(leg(second.near, "end", 1)),
  ];
  return {
    engines: [one!, other!, carrier!],
    sessions: [first.near, second.near],
    carrierSessions: [first.far, second.far],
    ways: [ways[0]!, ways[1]!],
    carried,
    async meet() {
      const { near, far } = await dial(one!, other!, ways[0]!.address);
      near.admit();
      far.admit();
      return { near, far };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([one!, other!, carrier!].map((engine) => engine.close("test over")));
      await wire?.[Symbol.asyncDispose]();
    },
  };
}

async function dial(from: Engine, to: Engine, address: { ip: string; port: number }) {
  const [near, far] = await Promise.all([
    from.dial(address, { alpn: ALPN, timeoutMs: 10_000 }),
    inTime(to.accept(), "a session"),
  ]);
  return { near, far: present(far) };
}

/** One half of a flow, as both of its sides derive it from the secret that they share. */
function leg(session: Session, side: "end" | "carrier", flow: number): RelayLeg {
  const derive = (purpose: string) =>
    new Uint8Array(createHmac("sha256", session.secret).update(`${purpose} ${flow}`).digest());
  const [up, down] = [derive("from the end"), derive("from the carrier")];
  const [ours, theirs] = side === "end" ? [up, down] : [down, up];
  return {
    session,
    sendTag: ours.slice(16, 24),
    sendKey: ours.slice(0, 16),
    receiveTag: theirs.slice(16, 24),
    receiveKey: theirs.slice(0, 16),
  };
}

for (const ip of ["127.0.0.1", "::1"]) {
  Deno.test(`two ends meet over a carrier and know each other, on ${ip}`, async () => {
    await using trio = await openTrio({ ip });
    const { near, far } = await trio.meet();
    assert.deepEqual(near.remoteAddress, trio.ways[0].address);
    assert.deepEqual(far.remoteAddress, trio.ways[1].address);
    assert.deepEqual(near.peerCertificate, identities[1].certificate);
    assert.deepEqual(far.peerCertificate, identities[0].certificate);
    assert.deepEqual(near.secret, far.secret);
    // What has passed is counted once it has left, and may arrive before.
    await until(() => {
      const { packets, bytes } = trio.carried.stats();
      return packets >= 4 && bytes > 2_400;
    }, "the packets of the handshake in the carrier's figures");
    // Raw packets pass as well, and come from the way.
    trio.engines[0].sendRaw(trio.ways[0].address, Uint8Array.of(3, 1, 4));
    const raw = present(await inTime(trio.engines[1].receiveRaw(), "a raw packet"));
    assert.deepEqual(raw, { from: trio.ways[1].address, bytes: Uint8Array.of(3, 1, 4) });
  });
}

Deno.test("a running transfer goes from the relay to a direct path, and to it once more", async () => {
  await using trio = await openTrio();
  const { near, far } = await trio.meet();
  const [one, other] = trio.engines;
  const transfer = await startTransfer({ near, far });
  await until(() => trio.carried.stats().bytes > FLOW_BYTES, "20 MB over the carrier");
  trio.carried.close();
  const passed = trio.carried.stats().bytes;
  near.setPath(other.localAddress);
  far.setPath(one.localAddress);
  await transfer.goesOn();
  assert.equal(trio.carried.stats().bytes, passed);
  // A second flow between the same three.
  const again = trio.engines[2].carry(
    leg(trio.carrierSessions[0], "carrier", 2),
    leg(trio.carrierSessions[1], "carrier", 2),
    { bytesPerSecond: RATE },
  );
  const ways = [
    one.openRelay(leg(trio.sessions[0], "end", 2)),
    other.openRelay(leg(trio.sessions[1], "end", 2)),
  ] as const;
  near.setPath(ways[0].address);
  far.setPath(ways[1].address);
  await transfer.goesOn();
  assert.ok(again.stats().bytes > 0);
  await transfer.finish();
  assert.ok(ways[0].stats().bytes > 0);
});

Deno.test("nothing of what passes a carrier can be read there or before it", async () => {
  const secret = new TextEncoder().encode("a secret that nobody but the two ends is to see ");
  const seen: Uint8Array[] = [];
  await using trio = await openTrio({
    async wire(carrier) {
      const wire = await Wire.open(carrier.localAddress);
      wire.carry = (packet) => {
        seen.push(packet.slice());
        return [packet];
      };
      return wire;
    },
  });
  const { near, far } = await trio.meet();
  const { ours, theirs } = await openStreamPair({ near, far });
  for (let count = 0; count < 1_000; count++) await ours.write(secret);
  ours.finish();
  assert.equal((await readAll(theirs)).length, 1_000 * secret.length);
  const relayed = seen.filter((packet) => packet[0] === 4);
  assert.ok(relayed.reduce((sum, { length }) => sum + length, 0) > 1_000 * secret.length);
  const shown = seen.map((packet) => new TextDecoder("latin1").decode(packet)).join();
  for (let at = 0; at < secret.length; at += 8) {
    const part = new TextDecoder("latin1").decode(secret.subarray(at, at + 8));
    assert.equal(shown.includes(part), false, part);
  }
});

Deno.test("a wire that flips, repeats, reorders and cuts relayed packets changes nothing that arrives", async () => {
  let count = 0;
  let isHostile = false;
  let held: Uint8Array | null = null;
  await using trio = await openTrio({
    async wire(carrier) {
      const wire = await Wire.open(carrier.localAddress);
      wire.carry = (packet) => {
        if (!isHostile || packet[0] !== 4) return [packet];
        const copy = packet.slice();
        switch (count++ % 40) {
          case 3:
            copy[(count * 7) % copy.length]! ^= 1 << (count % 8);
            return [copy];
          case 9:
            return [copy.subarray(0, count % copy.length)];
          case 15:
            return [packet, copy];
          case 21:
            held = copy;
            return [];
          case 22: {
            const late = held;
            held = null;
            return late === null ? [packet] : [packet, late];
          }
          default:
            return [packet];
        }
      };
      return wire;
    },
  });
  const { near, far } = await trio.meet();
  const transfer = await startTransfer({ near, far });
  isHostile = true;
  await transfer.goesOn();
  await until(() => count > 400, "hostile packets");
  isHostile = false;
  await transfer.finish();
  assert.ok(trio.carried.stats().dropped + trio.ways[0].stats().dropped > 0);
});

Deno.test("a flow has no more than its rate, which may be another one later", async () => {
  const packets = 400;
  await using trio = await openTrio({ bytesPerSecond: 1_024 });
  const { carried } = trio;
  const offer = () => trio.engines[0].sendRaw(trio.ways[0].address, new Uint8Array(1_000));
  // What comes before the carrier's thread knows of the flow is nobody's.
  await until(() => {
    offer();
    return carried.stats().packets > 0;
  }, "the first packet");
  const before = trio.ways[0].stats().packets;
  for (let count = 0; count < packets; count++) offer();
  await until(() => trio.ways[0].stats().packets >= before + packets, "400 packets");
  // At one a second, a run of minutes would be needed for half of them.
  await until(() => carried.stats().dropped > packets / 2, "the loss of what is too much");
  assert.ok(carried.stats().packets < packets / 2);
  const offerUntil = (condition: () => boolean, what: string) =>
    until(() => {
      for (let count = 0; count < 20; count++) offer();
      return condition();
    }, what);
  carried.setLimit({ bytesPerSecond: RATE });
  await offerUntil(() => carried.stats().packets >= packets, "packets at the higher rate");
  carried.setLimit({ bytesPerSecond: 1_024 });
  const { dropped } = carried.stats();
  await offerUntil(() => carried.stats().dropped > dropped + packets, "the loss at the lower one");
});

Deno.test("a carrier hears from relayed packets alone that an end has moved", async () => {
  let wire: Wire | null = null;
  await using trio = await openTrio({
    wire: async (carrier) => wire = await Wire.open(carrier.localAddress),
  });
  const before = trio.carrierSessions[0].remoteAddress;
  await present<Wire>(wire).moveClient();
  const { carried } = trio;
  // What comes before the carrier's thread knows of the flow is nobody's.
  await until(() => {
    trio.engines[0].sendRaw(trio.ways[0].address, Uint8Array.of(3));
    return carried.stats().packets > 0;
  }, "a packet of the end that has moved");
  const stray = present(await inTime(trio.carrierSessions[0].nextStray(), "the new address"));
  assert.notDeepEqual(stray, before);
  trio.carrierSessions[0].setPath(stray);
  trio.engines[1].sendRaw(trio.ways[1].address, Uint8Array.of(3));
  await inTime(trio.engines[0].receiveRaw(), "the answer to where the end is now");
});

Deno.test("legs are refused that cannot be", async () => {
  await using trio = await openTrio();
  const [one, , carrier] = trio.engines;
  const { near, far } = await trio.meet();
  const invalid = { code: "invalid_argument" };
  const good = leg(trio.sessions[0], "end", 9);
  for (
    const bad of [
      { ...good, sendTag: new Uint8Array(7) },
      { ...good, receiveTag: new Uint8Array(9) },
      { ...good, sendKey: new Uint8Array(15) },
      { ...good, receiveKey: new Uint8Array(32) },
      leg(trio.sessions[0], "end", 1),
      leg(near, "end", 9),
      leg(far, "end", 9),
    ]
  ) {
    assert.throws(() => one.openRelay(bad), invalid);
  }
  const legs = [2, 2].map((flow, side) => leg(trio.carrierSessions[side]!, "carrier", flow));
  for (const bytesPerSecond of [0, 1_023, 1e11, NaN]) {
    assert.throws(() => carrier.carry(legs[0]!, legs[1]!, { bytesPerSecond }), invalid);
  }
  assert.throws(() => carrier.carry(legs[0]!, legs[0]!, { bytesPerSecond: RATE }), invalid);
  const carried = carrier.carry(legs[0]!, legs[1]!, { bytesPerSecond: RATE });
  for (const bytesPerSecond of [0, 1_023, 1e11, NaN]) {
    assert.throws(() => carried.setLimit({ bytesPerSecond }), invalid);
  }
  carried.close();
  carried.setLimit({ bytesPerSecond: RATE });
  const { near: fresh } = await connect(one, carrier);
  assert.throws(() => one.openRelay(leg(fresh, "end", 1)), { code: "failed_precondition" });
  // A flow ends with the session of one of its legs, and the way leads nowhere then.
  trio.sessions[0].close("");
  await trio.sessions[0].closed;
  assert.throws(() => one.openRelay(good), { code: "closed" });
  await assert.rejects(one.dial(trio.ways[0].address, { alpn: ALPN, timeoutMs: 10_000 }), {
    code: "unreachable",
  });
  await one.close("");
  assert.throws(() => one.openRelay(good), { code: "closed" });
});

Deno.test("a leg goes where its session goes, over an extra socket too, but not over a relay", async () => {
  await using trio = await openTrio();
  const [one, , carrier] = trio.engines;
  const { near, far } = await trio.meet();
  const socket = await one.openSocket();
  trio.sessions[0].setPath(socketWay(socket.number, carrier.localAddress));
  trio.carrierSessions[0].setPath({ ip: "127.0.0.1", port: socket.port });
  const transfer = await startTransfer({ near, far });
  await transfer.goesOn();
  await transfer.finish();
  const passed = trio.carried.stats();
  assert.ok(passed.bytes > 2 * HEADER_BYTES);
  // From now on the carrier would have to send to itself what it carries.
  trio.sessions[0].setPath(trio.ways[0].address);
  one.sendRaw(trio.ways[0].address, Uint8Array.of(3));
  await until(() => trio.ways[0].stats().dropped > 0, "the loss of what cannot go");
  assert.deepEqual(trio.carried.stats().dropped, passed.dropped);
});
