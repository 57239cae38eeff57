// A session between our engine and quiche over a bad network: nothing that a network may do to
// packets (RFC 9000, section 13) changes what arrives.

import { equal, ok } from "node:assert/strict";
import { inTime, pattern, present, readAll, sha256 } from "../quic/support.ts";
import type { Direction } from "../support/relay.ts";
import { Seeded } from "../support/seeded.ts";
import { sessionTest } from "./support.ts";

const BYTES = 1024 * 1024;

/** What becomes of packets: shares of all, the rest goes on at once. */
const LOST = 0.03;
const REPEATED = 0.03;
const HELD_BACK = 0.05;
const DAMAGED = 0.02;

sessionTest("loss, repetition, reordering and damage change nothing", async (pair) => {
  const seed = Seeded.seedFrom("POLLEN_NETWORK_SEED");
  console.log(`seed ${seed}`);
  const { ours, theirs, relay } = pair;
  relay.carry = badNetwork(seed);
  const stream = await ours.openStream();
  const [up, down] = [pattern(BYTES, seed), pattern(BYTES, seed + 1)];
  const writing = stream.write(up).then(() => stream.finish());
  const accepted = present(await inTime(theirs.acceptStream(), "a stream"));
  const answering = accepted.write(down, true);
  const [atTheirs, atOurs] = await inTime(
    Promise.all([accepted.readAll(), readAll(stream)]),
    "both bodies",
  );
  await Promise.all([writing, answering]);
  equal(sha256(atTheirs), sha256(up));
  equal(sha256(atOurs), sha256(down));
  const { packetsSent, packetsLost } = ours.stats();
  ok(packetsLost > 0 && packetsLost < packetsSent, `${packetsLost} of ${packetsSent} were lost`);
});

/** Decides by chance, the same way for the same seed and packets. */
function badNetwork(seed: number) {
  const chance = random(seed);
  const held: Record<Direction, Uint8Array[]> = { toServer: [], toClient: [] };
  return (packet: Uint8Array, direction: Direction): Uint8Array[] => {
    const late = held[direction].splice(0);
    const fate = chance();
    if (fate < LOST) return late;
    if (fate < LOST + REPEATED) return [packet, ...late, packet];
    if (fate < LOST + REPEATED + HELD_BACK) {
      held[direction].push(packet);
      return late;
    }
    if (fate < LOST + REPEATED + HELD_BACK + DAMAGED) {
      packet[Math.floor(chance() * packet.length)]! ^= 1 << Math.floor(chance() * 8);
    }
    return [packet, ...late];
  };
}

/** Numbers from 0 to 1 (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
