// What two nodes make of a bad line: handshakes where every third packet is lost, and bulk where some
// are, or where the line is slow and short of buffers, beside TCP. Over a link of scripts/link between
// two network namespaces, whose own capacity comes first: nothing is said beyond it.
//
//   deno task bench:link [PART…] [--rounds N] [--seconds N] [--seed N] [--congestion cubic|bbr]
//
// PART is handshakes, lossy or narrow; all of them if none is named. `--congestion` is what pollen
// is told in its config.yaml. Needs root, iproute2, iperf3 and cargo. Exits 1 when a mark is missed.

import { parseArgs } from "node:util";
import { type Congestion, CONGESTIONS } from "../../../lib/types/mod.ts";
import { LinkedHosts } from "../../support/link.ts";
import { capacity } from "./capacity.ts";
import { handshakes } from "./handshakes.ts";
import { lossy } from "./lossy.ts";
import { narrow } from "./narrow.ts";
import type { Bench, Mark } from "./report.ts";
import { Tunnel } from "./tunnel.ts";

/** The MTU of Ethernet, in bytes. */
const MTU = 1_500;
const PARTS = { handshakes, lossy, narrow };
const PROGRAMS = ["ip", "ss", "iperf3", "cargo"];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "20" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    congestion: { type: "string", default: "cubic" },
  },
});

async function bench(): Promise<boolean> {
  const seed = Number(options.seed);
  console.log(`Losses by seed ${seed}; congestion control ${options.congestion}.`);
  await using hosts = await LinkedHosts.make(MTU, seed);
  const congestion = options.congestion as Congestion;
  const common = {
    hosts,
    congestion,
    rounds: Number(options.rounds),
    seconds: Number(options.seconds),
    say: (line: string) => console.log(`  ${line}`),
  };
  const failures = async () => {
    const { left, right } = await hosts.counts();
    return left.failed + right.failed;
  };
  const capacityMbit = await capacity(common);
  // Beyond its capacity it did fail.
  const failedBefore = await failures();
  await using tunnel = await Tunnel.open(hosts, congestion);
  const context: Bench = { ...common, tunnel, capacityMbit };
  const marks: Mark[] = [];
  for (const [name, part] of Object.entries(PARTS)) {
    if (positionals.length === 0 || positionals.includes(name)) marks.push(...await part(context));
  }

  const failed = await failures() - failedBefore;
  console.log("\nMarks");
  for (const { what, value, mark, isMet } of marks) {
    console.log(`  ${what.padEnd(58)}${value.padStart(10)}  ${mark}: ${isMet ? "met" : "MISSED"}`);
  }
  if (failed > 0) console.log(`The link failed ${failed} packets: these figures say nothing.`);
  return failed === 0 && marks.every(({ isMet }) => isMet);
}

async function problem(): Promise<string | null> {
  const unknown = positionals.filter((name) => !(name in PARTS));
  if (unknown.length > 0) return `There is no ${unknown.join(", ")}.`;
  if (!CONGESTIONS.some((known) => known === options.congestion)) {
    return `--congestion is ${CONGESTIONS.join(" or ")}.`;
  }
  for (const program of PROGRAMS) {
    const found = await new Deno.Command("sh", { args: ["-c", `command -v ${program}`] }).output();
    if (!found.success) return `This benchmark needs ${PROGRAMS.join(", ")}; no ${program} here.`;
  }
  return Deno.uid() === 0 ? null : "This benchmark makes network namespaces, which takes root.";
}

const why = await problem();
if (why !== null) {
  console.error(why);
  Deno.exit(2);
}
Deno.exit(await bench() ? 0 : 1);
