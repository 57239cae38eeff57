// What the link carries by itself, and that it does what it is told: TCP and small packets of UDP as
// fast as they go, then a delay and a loss as TCP and the link's own counters see them.

import { command } from "../../support/namespaces.ts";
import { IperfServer } from "../transport/iperf.ts";
import type { Common } from "./report.ts";

const SMALL_BYTES = 64;
const SECONDS = 3;
/** What the link is told for a trial. */
const TRIAL = { delayMs: 25, loss: 0.02 };
/** Packets per second of the trial: enough to see a loss of 2 % to a tenth of it. */
const TRIAL_RATE = 5_000;

/** Prints it all; Mbit/s of TCP over the link. */
export async function capacity({ hosts, say }: Common): Promise<number> {
  const { left, right } = hosts;
  /** One run of iperf3, with a server of its own: one that has just served turns others away. */
  const iperf = async (...load: readonly string[]) => {
    await using server = await IperfServer.start(right);
    const client = ["iperf3", "-J", "-c", right.ip, "-p", String(server.port), ...load];
    return JSON.parse(await command([...left.prefix, ...client])).end;
  };
  const udp = async (bytes: number, packetsPerSecond: number) => {
    const bits = String(packetsPerSecond * bytes * 8);
    const { sum } = await iperf(
      "-u",
      "-b",
      bits,
      "-l",
      String(bytes),
      "-t",
      String(SECONDS),
      "-w",
      "1M",
    );
    return sum as { readonly packets: number; readonly lost_packets: number };
  };
  console.log("\nThe link by itself");
  const { sum_received: tcp } = await iperf("-t", String(SECONDS));
  const mbit = tcp.bits_per_second / 1e6;
  say(`TCP ${mbit.toFixed(0)} Mbit/s in packets of 1500 bytes`);
  /** What became of the packets of such a run. */
  const counted = async (bytes: number, packetsPerSecond: number) => {
    const { left: before } = await hosts.counts();
    const seen = await udp(bytes, packetsPerSecond);
    const { left: after } = await hosts.counts();
    return { seen, packets: after.packets - before.packets, lost: after.lost - before.lost };
  };
  const flood = await counted(SMALL_BYTES, 0);
  const carried = flood.packets / SECONDS;
  say(`${carried.toFixed(0)} packets/s of ${SMALL_BYTES} bytes out of a flood of UDP`);

  await hosts.shape(TRIAL);
  const trial = await counted(SMALL_BYTES, TRIAL_RATE);
  const share = (part: number, whole: number) => `${(100 * part / whole).toFixed(2)} %`;
  const [done, missed] = [
    share(trial.lost, trial.packets),
    share(trial.seen.lost_packets, trial.seen.packets),
  ];
  say(`told to lose ${100 * TRIAL.loss} %: lost ${done}, and the receiver missed ${missed}`);
  await hosts.shape({ delayMs: TRIAL.delayMs });
  const { streams } = await iperf("-t", "2", "-b", "100k", "-l", "1000");
  const roundTripMs = streams[0].sender.min_rtt / 1_000;
  say(`told 2 × ${TRIAL.delayMs} ms: a round trip of ${roundTripMs.toFixed(2)} ms`);
  await hosts.shape({});
  return mbit;
}
