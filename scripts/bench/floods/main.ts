// Floods, and what they cost: a node with two honest peers who keep echoes going through it, while a
// stranger sends it packets of every kind that is not QUIC, by chance and replayed, and a member says
// what members may say, ten thousand a second of each.
//
//   deno task bench:floods [--seconds N] [--rate N] [FLOOD…]
//
// Beside each flood stand the quiet figures of the same run. It exits 1 when an honest echo stays
// without an answer, one packet reaches the third party at whom the member aims, or the node's memory
// grows over its mark. How long echoes take is printed and not judged: flooding processes, node and
// peers share this machine.

import { parseArgs } from "node:util";
import { Daemon, pollenOk, TemporaryFolder, until } from "../../support/pollen_process.ts";
import { Echo, type Echoes } from "./echo.ts";
import { Flooder } from "./flooder.ts";
import type { Outcome } from "./said.ts";
import { residentMib, usedDuring } from "./usage.ts";

/**
 * How much more memory the node may have at any moment of the whole run than before it. Hundreds of
 * thousands of messages come; a few hundred bytes kept of each would be more.
 */
const GROWTH_MARK_MIB = 128;
/** Another machine, as far as the node can tell. */
const THIRD_PARTY_IP = "127.0.0.2";
const LOCAL = ["--port", "0", "--ips", "127.0.0.1", "--no-port-mapping"];
const FIRST_BYTES = ["0x01", "0x02", "0x03", "0x04"];

const { values: options, positionals: chosen } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "5" },
    rate: { type: "string", default: "10000" },
  },
});
const seconds = Number(options.seconds);
const perSecond = Number(options.rate);

interface Flood {
  readonly title: string;
  run(): Promise<Outcome>;
}

interface Row {
  readonly title: string;
  readonly outcome: Outcome;
  readonly cpu: number;
  readonly grownMib: number;
  readonly echoes: Echoes;
}

/** A node of the network, running. */
async function member(folder: TemporaryFolder, name: string, root: Daemon): Promise<Daemon> {
  const place = { dir: await folder.folder(name) };
  await pollenOk(place, ["join", "--no-start", await pollenOk(root.place, ["invite"])]);
  const daemon = await Daemon.up(place, LOCAL);
  await daemon.waitForLog(/peer connected/);
  return daemon;
}

/** The local port that leads to the echo of the victim. */
async function forward(daemon: Daemon): Promise<number> {
  const text = await until("the echo is known", async () => {
    const { services } = JSON.parse(await pollenOk(daemon.place, ["status", "--json"]));
    return services.length > 0 ? await pollenOk(daemon.place, ["connect", "echo"]) : null;
  });
  return Number(/127\.0\.0\.1:(\d+)/.exec(text)![1]);
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? NaN;
}

const joined = (all: readonly Echoes[]): Echoes => ({
  ms: all.flatMap(({ ms }) => ms),
  unanswered: all.reduce((sum, { unanswered }) => sum + unanswered, 0),
});

function show({ title, outcome, cpu, grownMib, echoes }: Row, quiet: Row): void {
  const beside = (share: number) => {
    const [ms, quietMs] = [echoes, quiet.echoes].map((of) => quantile(of.ms, share));
    return `${ms!.toFixed(2)} (${(ms! / quietMs!).toFixed(1)})`.padStart(15);
  };
  const perS = outcome.sent === undefined ? "–" : (outcome.sent / seconds).toFixed(0);
  console.log([
    title.padEnd(41),
    perS.padStart(7),
    cpu.toFixed(2).padStart(6),
    grownMib.toFixed(0).padStart(6),
    beside(0.5),
    beside(0.99),
    (outcome.back?.toString() ?? "–").padStart(7),
    `${echoes.ms.length}/${echoes.ms.length + echoes.unanswered}`.padStart(12),
  ].join(""));
}

/** Counts what reaches the address of somebody who has to do with nothing of it. */
function thirdParty() {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: THIRD_PARTY_IP, port: 0 });
  const reached = { packets: 0 };
  void (async () => {
    for await (const _ of socket) reached.packets++;
  })();
  const { port } = socket.addr as Deno.NetAddr;
  return { reached, address: `${THIRD_PARTY_IP}:${port}`, [Symbol.dispose]: () => socket.close() };
}

async function bench(): Promise<boolean> {
  await using folder = await TemporaryFolder.make();
  const place = { dir: await folder.folder("victim") };
  await pollenOk(place, ["init"]);
  await using victim = await Daemon.up(place, LOCAL);
  await using one = await member(folder, "one", victim);
  await using two = await member(folder, "two", victim);
  using echoing = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void (async () => {
    for await (const connection of echoing) {
      connection.setNoDelay(true);
      void connection.readable.pipeTo(connection.writable).catch(() => {});
    }
  })();
  await pollenOk(victim.place, ["serve", String(echoing.addr.port), "echo"]);
  using echo = await Echo.open(await forward(one));
  using other = await Echo.open(await forward(two));
  using bystander = thirdParty();

  const keyOf = async ({ place }: Daemon): Promise<string> =>
    JSON.parse(await pollenOk(place, ["status", "--json"])).self.key;
  const port = /port=(\d+)/.exec(await victim.waitForLog(/node is ready/))![1]!;
  const [stranger, { port: strangerPort }] = await Flooder.start<{ port: number }>("stranger.ts", [
    String(port),
  ]);
  await using _stranger = stranger;
  const dir = await folder.folder("hostile");
  await pollenOk({ dir }, ["join", "--no-start", await pollenOk(victim.place, ["invite"])]);
  const [hostile, { floods: said }] = await Flooder.start<{ floods: string[] }>("member.ts", [
    ...[dir, await keyOf(victim), port, await keyOf(one)],
    ...[bystander.address, String(strangerPort)],
  ]);
  await using _hostile = hostile;

  await hostile.order({ what: "invent" });
  const question = await stranger.order({ what: "record a question" });
  const sealed = await hostile.order({ what: "record" });
  const recorded = { ...question.recorded, ...sealed.recorded };
  const floods: Flood[] = [
    ...FIRST_BYTES.flatMap((what) => [
      { title: `stranger: ${what}`, run: () => stranger.order({ what, seconds, perSecond }) },
      {
        title: `stranger: ${what}, replayed`,
        run: () => stranger.order({ what, seconds, perSecond, recorded }),
      },
    ]),
    ...said.map((what) => ({
      title: `member: ${what}`,
      run: () => hostile.order({ what, seconds, perSecond }),
    })),
  ].filter(({ title }) => chosen.length === 0 || chosen.some((part) => title.includes(part)));

  const nothing = () =>
    new Promise<Outcome>((resolve) => setTimeout(() => resolve({}), seconds * 1_000));
  const measure = async ({ title, run }: Flood): Promise<Row> => {
    const [[outcome, ...echoes], { cpu, peakMib }] = await usedDuring(victim.pid, () => {
      const work = run();
      return Promise.all([work, echo.during(work), other.during(work)]);
    });
    return { title, outcome, cpu, grownMib: peakMib - before, echoes: joined(echoes) };
  };
  let before = residentMib(victim.pid);
  await measure({ title: "", run: nothing });
  before = residentMib(victim.pid);
  const quiet = await measure({ title: "quiet", run: nothing });
  const rows = [quiet];
  const sum = "sent/s   CPU   MiB   p50 ms (ratio)  p99 ms (ratio)   back    answered";
  console.log(`${" ".repeat(42)}${sum}`);
  show(quiet, quiet);
  for (const flood of [...floods, { title: "quiet again", run: nothing }]) {
    const row = await measure(flood);
    rows.push(row);
    show(row, quiet);
  }

  const grown = Math.max(...rows.map(({ grownMib }) => grownMib));
  const unanswered = rows.reduce((count, { echoes }) => count + echoes.unanswered, 0);
  const marks: [boolean, string][] = [
    [unanswered === 0, `honest echoes without an answer: ${unanswered}, none may be`],
    [
      bystander.reached.packets === 0,
      `packets that reached the third party: ${bystander.reached.packets}, none may`,
    ],
    [
      grown <= GROWTH_MARK_MIB,
      `memory at its most: ${grown.toFixed(0)} MiB more than before, at most ${GROWTH_MARK_MIB}`,
    ],
  ];
  for (const [isMet, text] of marks) console.log(`${text}: ${isMet ? "met" : "MISSED"}`);
  return marks.every(([isMet]) => isMet);
}

if (import.meta.main) Deno.exit(await bench() ? 0 : 1);
