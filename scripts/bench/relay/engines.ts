// Engines of this process, sessions between them, and a relay through one of them.

import { randomBytes } from "node:crypto";
import { openEngine } from "../../../lib/quic/mod.ts";
import type { Engine, RelayLeg, Session, SocketAddress } from "../../../lib/types/mod.ts";
import { newIdentity } from "../transport/identity.ts";

/** That of the Internet. */
const PACKET_BYTES = 1_350;
export const LOOPBACK = "127.0.0.1";
const ALPN = "bench/1";
/** What each stream begins with. */
export const HEAD = Uint8Array.of(0, 1);
/** As many as Linux counts in a second of a thread's processor time (USER_HZ). */
const TICKS_PER_SECOND = 100;

export async function open(): Promise<Engine> {
  const identity = await newIdentity(LOOPBACK);
  return await openEngine({
    address: { ip: LOOPBACK, port: 0 },
    protocols: [{ alpn: ALPN, identity, serve: true, headBytes: HEAD.length, movesPaths: true }],
    packetBytesMax: PACKET_BYTES,
  });
}

/** A session: as the one that dials sees it, and the other one. */
export async function meet(
  from: Engine,
  to: Engine,
  address: SocketAddress = to.localAddress,
): Promise<[Session, Session]> {
  const [near, far] = await Promise.all([
    from.dial(address, { alpn: ALPN, timeoutMs: 10_000 }),
    to.accept(),
  ]);
  if (far === null) throw new Error("the engine was closed");
  near.admit();
  far.admit();
  return [near, far];
}

/** The two sides of a leg, under keys of chance. */
export function leg(end: Session, carrier: Session): { end: RelayLeg; carrier: RelayLeg } {
  const chance = (length: number) => new Uint8Array(randomBytes(length));
  const [up, down] = [
    { tag: chance(8), key: chance(16) },
    { tag: chance(8), key: chance(16) },
  ];
  const side = (session: Session, ours: typeof up, theirs: typeof up): RelayLeg => ({
    session,
    sendTag: ours.tag,
    sendKey: ours.key,
    receiveTag: theirs.tag,
    receiveKey: theirs.key,
  });
  return { end: side(end, up, down), carrier: side(carrier, down, up) };
}

/** Processor time of the engines' threads so far, in the order in which they were opened. */
export function threadSeconds(): number[] {
  const threads = [...Deno.readDirSync("/proc/self/task")].map(({ name }) => Number(name));
  return threads.toSorted((a, b) => a - b).flatMap((thread) => {
    const stat = Deno.readTextFileSync(`/proc/self/task/${thread}/stat`);
    if (!stat.includes("(pollen-quic)")) return [];
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return [(Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND];
  });
}
