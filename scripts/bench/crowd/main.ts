// Many nodes that start at once: ten processes of ten each, all invited by the first node, over real
// UDP on this machine. How long until every node lists every other one as online, what that costs
// each of them, and what they cost while nothing happens.
//
//   deno task bench:crowd [--processes N] [--nodes N] [--idle-seconds N]
//
// Fails when they are not all online in time.

import { parseArgs } from "node:util";
import { TemporaryFolder } from "../../support/pollen_process.ts";
import { cpuSeconds, pause, residentBytes } from "../transport/figures.ts";
import type { Sent } from "./member.ts";
import { MemberProcess } from "./process.ts";

/** Seconds from the last process that is ready until all must be online. */
const ONLINE_S_MAX = 30;
/** What is still said after the last one came is none of the idle time. */
const SETTLE_S = 15;

const { values: options } = parseArgs({
  options: {
    processes: { type: "string", default: "10" },
    nodes: { type: "string", default: "10" },
    "idle-seconds": { type: "string", default: "60" },
  },
});
const processes = Number(options.processes);
const nodes = Number(options.nodes);
const idleS = Number(options["idle-seconds"]);
const all = processes * nodes;

function print(what: string, value: string): void {
  console.log(`${what.padEnd(52)} ${value}`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}

/** What each node used since then, on average. */
function cpuPerNode(before: readonly number[]): string {
  const used = members.map(({ pid }, index) => (cpuSeconds(pid) - before[index]!) / nodes);
  return `${(sum(used) / used.length).toFixed(2)} s (${Math.min(...used).toFixed(2)} to ${
    Math.max(...used).toFixed(2)
  })`;
}

function cpuNow(): number[] {
  return members.map(({ pid }) => cpuSeconds(pid));
}

function perNode(sent: readonly Sent[], before: readonly Sent[] = []): string {
  const of = (field: keyof Sent) =>
    (sum(sent.map((each) => each[field])) - sum(before.map((each) => each[field]))) / all;
  return `${of("messages").toFixed(0)} messages, ${of("packets").toFixed(0)} packets, ${
    (of("bytes") / 1e3).toFixed(0)
  } kB`;
}

await using folder = await TemporaryFolder.make();
await using running = new AsyncDisposableStack();
const members: MemberProcess[] = [];
for (let index = 0; index < processes; index++) {
  const dir = await folder.folder(`process-${index}`);
  const found = index === 0 ? ["--found"] : [];
  const args = ["--dir", dir, "--nodes", String(nodes), "--all", String(all), ...found];
  members.push(running.use(MemberProcess.start(args)));
}
const made = await Promise.all(members.map((member) => member.line("made")));
const [, ...others] = made.flatMap(({ keys }) => keys);
members[0]!.tell(others);
const { tokens } = await members[0]!.line("tokens");
members.forEach((member, index) => {
  member.tell(tokens.slice(Math.max(0, index * nodes - 1), (index + 1) * nodes - 1));
});
await Promise.all(members.map((member) => member.line("joined")));
const cpuAtJoined = cpuNow();
for (const member of members) member.tell("run");
await Promise.all(members.map((member) => member.line("ready")));
const cpuAtReady = cpuNow();
const start = performance.now();
print("nodes", `${processes} processes of ${nodes}`);
print("CPU per node from joined to ready", cpuPerNode(cpuAtJoined));

const online = await Promise.all(members.map((member) => member.line("online")));
const onlineS = (performance.now() - start) / 1000;
print("all online everywhere, after the last was ready", `${onlineS.toFixed(1)} s`);
print("CPU per node from then on", cpuPerNode(cpuAtReady));
print("sent by each node until then", perNode(online.map(({ sent }) => sent)));
print(
  "peers reached over a carrier, all nodes together",
  String(sum(online.map(({ relayed }) => relayed))),
);

await pause(SETTLE_S);
print(`CPU per node, ${SETTLE_S} s later`, cpuPerNode(cpuAtReady));
const before = await Promise.all(members.map((member) => member.count()));
const cpuBefore = cpuNow();
await pause(idleS);
const share = (sum(cpuNow()) - sum(cpuBefore)) / all / idleS * 100;
const after = await Promise.all(members.map((member) => member.count()));
print(`CPU of a node while idle for ${idleS} s`, `${share.toFixed(2)} % of a core`);
print("sent by each node in that time", perNode(after, before));
const resident = sum(members.map(({ pid }) => residentBytes(pid)));
print("memory per node", `${(resident / all / 1e6).toFixed(1)} MB`);

if (onlineS > ONLINE_S_MAX) {
  console.log(`Not all were online within ${ONLINE_S_MAX} s.`);
  Deno.exitCode = 1;
}
