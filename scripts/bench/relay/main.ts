// What a carrier costs, and what carrying costs it: one bulk transfer through a tunnel, direct and
// relayed in turns of one run, over loopback at the Internet's packet size; what the carrier's thread
// takes of the processor; and the carrier's own echoes and bulk beside what it carries.
//
//   deno task bench:relay [--megabytes N] [--rounds N]
//
// All three engines are of this process: each has a thread of its own, and JavaScript only connects
// them. On two cores a third thread shares them, which is why the carrier's echoes are held against
// those beside the same transfer that it does not carry: that load the machine as much.

import { parseArgs } from "node:util";
import { leg, meet, open, threadSeconds } from "./engines.ts";
import { Bulk, echoesDuring, median, type Route } from "./traffic.ts";

/** Relayed bulk takes at least so much of what a direct one does. */
const RATIO_MARK = 0.5;
/** The carrier's own bulk, beside as much that it carries, at least so much of an equal share. */
const OWN_BULK_MARK = 0.5;
/** The carrier's echoes beside what it carries, at most so many times those beside what it does not. */
const OWN_ECHO_MARK = 4;
/** More than loopback carries. */
const BYTES_PER_SECOND = 10_000_000_000;
const QUIET_MS = 500;

const { values: options } = parseArgs({
  options: {
    megabytes: { type: "string", default: "256" },
    rounds: { type: "string", default: "5" },
  },
});
const bytes = Number(options.megabytes) * 1e6;
const rounds = Number(options.rounds);

const [one, other, carrier] = [await open(), await open(), await open()];
const [oneToCarrier, carrierToOne] = await meet(one, carrier);
const [otherToCarrier, carrierToOther] = await meet(other, carrier);
const first = leg(oneToCarrier, carrierToOne);
const second = leg(otherToCarrier, carrierToOther);
const carried = carrier.carry(first.carrier, second.carrier, { bytesPerSecond: BYTES_PER_SECOND });
const way = one.openRelay(first.end);
other.openRelay(second.end);
const between = async (address = other.localAddress): Promise<Route> => {
  const [near, far] = await meet(one, other, address);
  return { client: one, server: other, near, far };
};
const direct = await between();
const relayed = await between(way.address);
const ownEcho: Route = { client: carrier, server: one, near: carrierToOne, far: oneToCarrier };
const ownBulk: Route = {
  client: carrier,
  server: other,
  near: carrierToOther,
  far: otherToCarrier,
};

const transfer = (route: Route) => new Bulk(route, bytes).done;
const pause = () => new Promise((resolve) => setTimeout(resolve, QUIET_MS));

/** What a carrier's own bulk gets of an equal share, while it carries as much. */
async function shareOfOwn(): Promise<number> {
  const [own, carried] = [new Bulk(ownBulk, bytes), new Bulk(relayed, bytes)];
  await Promise.race([own.done, carried.done]);
  const share = own.received / ((own.received + carried.received) / 2);
  await Promise.all([own.done, carried.done]);
  return share;
}

const figures = {
  direct: [],
  relayed: [],
  cpu: [],
  share: [],
  quiet: [],
  beside: [],
  carrying: [],
} as Record<
  "direct" | "relayed" | "cpu" | "share" | "quiet" | "beside" | "carrying",
  number[]
>;
await transfer(direct);
for (let round = 0; round < rounds; round++) {
  figures.direct.push(await transfer(direct));
  const before = threadSeconds();
  figures.relayed.push(await transfer(relayed));
  figures.cpu.push((threadSeconds()[2]! - before[2]!) / (bytes / 1e9));
  figures.share.push(await shareOfOwn());
  figures.quiet.push(median(await echoesDuring(ownEcho, pause)));
  figures.beside.push(median(await echoesDuring(ownEcho, () => transfer(direct))));
  figures.carrying.push(median(await echoesDuring(ownEcho, () => transfer(relayed))));
}

const { packets, dropped } = carried.stats();
const show = (values: readonly number[], unit: string, digits: number) =>
  `${median(values).toFixed(digits)}${unit} (${
    values.map((value) => value.toFixed(digits)).join(", ")
  })`;
const ratio = median(figures.relayed) / median(figures.direct);
const share = median(figures.share);
const echo = median(figures.carrying) / median(figures.beside);
console.log(`direct   ${show(figures.direct, " MB/s", 0)}`);
console.log(`relayed  ${show(figures.relayed, " MB/s", 0)}`);
console.log(
  `carrier  ${show(figures.cpu, " CPU s/GB", 2)}, ${dropped} of ${packets} packets dropped`,
);
console.log(`its own echo: quiet              ${show(figures.quiet, " ms", 2)}`);
console.log(`  beside bulk it does not carry  ${show(figures.beside, " ms", 2)}`);
console.log(`  beside bulk that it carries    ${show(figures.carrying, " ms", 2)}`);
console.log(`its own bulk, of an equal share with what it carries  ${show(figures.share, "", 2)}`);
const marks: [boolean, string][] = [
  [ratio >= RATIO_MARK, `relayed / direct ${ratio.toFixed(2)}, at least ${RATIO_MARK}`],
  [share >= OWN_BULK_MARK, `own bulk / fair ${share.toFixed(2)}, at least ${OWN_BULK_MARK}`],
  [echo <= OWN_ECHO_MARK, `own echo carrying / not ${echo.toFixed(2)}, at most ${OWN_ECHO_MARK}`],
];
for (const [isMet, text] of marks) console.log(`${text}: ${isMet ? "met" : "MISSED"}`);
await Promise.all([one, other, carrier].map((engine) => engine.close("the benchmark is over")));
Deno.exit(marks.every(([isMet]) => isMet) ? 0 : 1);
