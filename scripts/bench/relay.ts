// What a carrier costs: one bulk transfer through a tunnel, direct and relayed in turns of one run,
// over loopback at the Internet's packet size, and what the carrier's thread takes of the processor.
//
//   deno task bench:relay [--megabytes N] [--rounds N]
//
// All three engines are of this process: each has a thread of its own, and JavaScript only connects
// them. On two cores a third thread shares them. The mark is half of direct.

import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { openEngine } from "../../lib/quic/mod.ts";
import type { Engine, RelayLeg, Session, SocketAddress } from "../../lib/types/mod.ts";
import { newIdentity } from "./transport/identity.ts";

/** Relayed bulk takes at least so much of what a direct one does. */
const RATIO_MARK = 0.5;
const PACKET_BYTES = 1_350;
const LOOPBACK = "127.0.0.1";
const ALPN = "bench/1";
const HEAD = Uint8Array.of(0, 1);
/** As many as Linux counts in a second of a thread's processor time (USER_HZ). */
const TICKS_PER_SECOND = 100;
/** More than loopback carries. */
const BYTES_PER_SECOND = 10_000_000_000;

const { values: options } = parseArgs({
  options: {
    megabytes: { type: "string", default: "512" },
    rounds: { type: "string", default: "5" },
  },
});
const bytes = Number(options.megabytes) * 1e6;
const rounds = Number(options.rounds);

async function open(): Promise<Engine> {
  const identity = await newIdentity(LOOPBACK);
  return await openEngine({
    address: { ip: LOOPBACK, port: 0 },
    protocols: [{ alpn: ALPN, identity, serve: true, headBytes: HEAD.length, movesPaths: true }],
    packetBytesMax: PACKET_BYTES,
  });
}

async function meet(from: Engine, to: Engine, address: SocketAddress): Promise<[Session, Session]> {
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
function leg(end: Session, carrier: Session): { end: RelayLeg; carrier: RelayLeg } {
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
function threadSeconds(): number[] {
  const threads = [...Deno.readDirSync("/proc/self/task")].map(({ name }) => Number(name));
  return threads.toSorted((a, b) => a - b).flatMap((thread) => {
    const stat = Deno.readTextFileSync(`/proc/self/task/${thread}/stat`);
    if (!stat.includes("(pollen-quic)")) return [];
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return [(Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND];
  });
}

/** Sends the bytes through a tunnel over the session; gives megabytes per second. */
async function transfer(client: Engine, server: Engine, near: Session, far: Session) {
  const origin = Deno.listen({ hostname: LOOPBACK, port: 0 });
  const listener = await client.forwarder.listen({ ip: LOOPBACK, port: 0 });
  const began = performance.now();
  const sending = (async () => {
    const connection = await Deno.connect({ hostname: LOOPBACK, port: listener.address.port });
    const chunk = new Uint8Array(1 << 20);
    for (let sent = 0; sent < bytes;) {
      sent += await connection.write(chunk.subarray(0, Math.min(chunk.length, bytes - sent)));
    }
    await connection.closeWrite();
    return connection;
  })();
  const accepted = await listener.accept();
  client.forwarder.bridgeToSession(accepted!, near, HEAD);
  const stream = await far.acceptStream();
  server.forwarder.bridgeToTcp(stream!, [{ ip: LOOPBACK, port: origin.addr.port }]);
  const sink = await origin.accept();
  const buffer = new Uint8Array(1 << 20);
  let received = 0;
  for (let count; (count = await sink.read(buffer)) !== null;) received += count;
  const seconds = (performance.now() - began) / 1_000;
  if (received !== bytes) throw new Error(`${received} of ${bytes} bytes came`);
  (await sending).close();
  sink.close();
  origin.close();
  listener.close();
  return bytes / 1e6 / seconds;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

const [one, other, carrier] = [await open(), await open(), await open()];
const first = leg(...await meet(one, carrier, carrier.localAddress));
const second = leg(...await meet(other, carrier, carrier.localAddress));
const carried = carrier.carry(first.carrier, second.carrier, { bytesPerSecond: BYTES_PER_SECOND });
const way = one.openRelay(first.end);
other.openRelay(second.end);
const direct = await meet(one, other, other.localAddress);
const relayed = await meet(one, other, way.address);

const figures: Record<"direct" | "relayed", number[]> = { direct: [], relayed: [] };
const carrierCpu: number[] = [];
await transfer(one, other, ...direct);
for (let round = 0; round < rounds; round++) {
  figures.direct.push(await transfer(one, other, ...direct));
  const before = threadSeconds();
  figures.relayed.push(await transfer(one, other, ...relayed));
  carrierCpu.push((threadSeconds()[2]! - before[2]!) / (bytes / 1e9));
}
const { packets, dropped } = carried.stats();
const ratio = median(figures.relayed) / median(figures.direct);
const show = (values: readonly number[]) =>
  `${median(values).toFixed(0)} MB/s (${values.map((value) => value.toFixed(0)).join(", ")})`;
console.log(`direct   ${show(figures.direct)}`);
console.log(`relayed  ${show(figures.relayed)}`);
console.log(`relayed / direct  ${ratio.toFixed(2)} (mark ${RATIO_MARK})`);
console.log(
  `carrier  ${median(carrierCpu).toFixed(2)} CPU s/GB, ${dropped} of ${packets} packets dropped`,
);
await Promise.all([one, other, carrier].map((engine) => engine.close("the benchmark is over")));
Deno.exit(ratio >= RATIO_MARK ? 0 : 1);
