// Over a line that loses nearly every third packet, each way: nodes that come into their network, which
// dial again when nobody answers for two seconds, and single handshakes of the engine beside them,
// which have no mark: nobody waits for one so long.

import { Daemon, pollenOk, TemporaryFolder } from "../../support/pollen_process.ts";
import { Callee } from "../transport/calls.ts";
import { percentile } from "../transport/figures.ts";
import type { MemberCalls } from "../transport/member_peer.ts";
import type { NewcomerCalls } from "./newcomer_peer.ts";
import type { Bench, Mark } from "./report.ts";

const COUNT = 50;
const SHAPE = { loss: 0.3, delayMs: 25 };
/** Every one takes at most so long. */
const SECONDS_MARK = 10;
/** So long one is waited for. */
const TIMEOUT_MS = 30_000;
/** Few enough that the machine is not what they wait for. */
const AT_ONCE = 5;
const SEED_BYTES = 32;

export async function handshakes(bench: Bench): Promise<Mark[]> {
  console.log(`\n30 % of the packets lost each way, 50 ms of round trip, ${COUNT} times each`);
  const nodes = tell(bench, "nodes, until connected", await meetings(bench));
  tell(bench, "single handshakes, until greeted", await singles(bench));
  return [{
    what: `nodes connected within ${SECONDS_MARK} s at 30 % loss each way`,
    value: String(nodes),
    mark: `all ${COUNT}`,
    isMet: nodes === COUNT,
  }];
}

/** Prints these times; how many of them are within the mark. */
function tell({ say }: Bench, title: string, times: readonly (number | null)[]): number {
  const seconds = times.map((time) => time ?? Infinity);
  const inTime = seconds.filter((time) => time <= SECONDS_MARK).length;
  const never = seconds.filter((time) => time === Infinity).length;
  const [half, most] = [50, 90].map((percent) => percentile(seconds, percent).toFixed(2));
  const last = Math.max(0, ...seconds.filter(Number.isFinite)).toFixed(2);
  const rest = `the last in ${last} s${never === 0 ? "" : `, ${never} never`}`;
  say(`${title}: half in ${half} s, 90 % in ${most} s, ${rest}; ${inTime} in ${SECONDS_MARK} s`);
  return inTime;
}

/** A node starts, meets the one that it was invited by, and ends; there is nobody else. */
async function meetings({ hosts }: Bench): Promise<(number | null)[]> {
  await using folder = await TemporaryFolder.make();
  const place = { dir: await folder.folder("root"), prefix: hosts.left.prefix };
  await pollenOk(place, ["init"]);
  await using _root = await Daemon.up(place, ["--port", "0"]);
  await using peer = new Callee<NewcomerCalls>({
    script: "../link/newcomer_peer.ts",
    prefix: hosts.right.prefix,
  });
  const dir = await folder.folder("newcomer");
  await peer.call("join", dir, await pollenOk(place, ["invite"]));
  await hosts.shape(SHAPE);
  const times: (number | null)[] = [];
  while (times.length < COUNT) times.push(await peer.call("meet", dir, TIMEOUT_MS));
  await hosts.shape({});
  return times;
}

/** One handshake each, until the one who dialled reads a word of the other, who let it in. */
async function singles({ hosts }: Bench): Promise<(number | null)[]> {
  const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES)).toHex();
  const open = (prefix: readonly string[]) =>
    new Callee<MemberCalls>({ script: "member_peer.ts", args: [seed], prefix });
  await using server = open(hosts.right.prefix);
  await using client = open(hosts.left.prefix);
  const [address] = await Promise.all([
    server.call("open", hosts.right.ip, COUNT),
    client.call("open", hosts.left.ip, COUNT),
  ]);
  await server.call("greet");
  await hosts.shape(SHAPE);
  const load = { atOnce: AT_ONCE, timeoutMs: TIMEOUT_MS };
  const times = await client.call("meetEach", address, COUNT, load);
  await hosts.shape({});
  return times;
}
