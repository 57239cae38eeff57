// Bulk over a line that is slow and has little room for packets that wait: how much of it a tunnel
// uses when it is alone, and what it leaves to a TCP flow beside it.

import { median } from "../transport/figures.ts";
import { type Bench, figures, type Mark } from "./report.ts";

const RATE_MBIT = 20;
const SHAPE = { rateMbit: RATE_MBIT, bufferMs: 50, delayMs: 25 };
/** Of the rate, which counts headers too. */
const ALONE_MARK = 0.9;
/** Of what both move. */
const SHARE_MARK = [0.3, 0.7] as const;
/** Below so many times the rate the link itself might be what is measured. */
const HEADROOM = 5;

export async function narrow(bench: Bench): Promise<Mark[]> {
  const { hosts, tunnel, rounds, seconds, say, capacityMbit } = bench;
  console.log(`\nBulk over ${RATE_MBIT} Mbit/s with a buffer of 50 ms, 50 ms of round trip`);
  if (capacityMbit < HEADROOM * RATE_MBIT) throw new Error("the link itself is too slow for this");
  await hosts.shape(SHAPE);
  const values = {
    alone: [] as number[],
    plain: [] as number[],
    shared: [] as number[],
    cubic: [] as number[],
    shares: [] as number[],
  };
  for (let round = 0; round < rounds; round++) {
    values.alone.push(await tunnel.mbit(seconds));
    values.plain.push(await tunnel.plainMbit(seconds, "cubic"));
    // Twice as long, for two that have to find their shares.
    const [ours, theirs] = await Promise.all([
      tunnel.mbit(2 * seconds),
      tunnel.plainMbit(2 * seconds, "cubic"),
    ]);
    values.shared.push(ours);
    values.cubic.push(theirs);
    values.shares.push(ours / (ours + theirs));
  }
  await hosts.shape({});
  say(`tunnel alone          ${figures(values.alone, median(values.alone), "Mbit/s")}`);
  say(`TCP CUBIC alone       ${figures(values.plain, median(values.plain), "Mbit/s")}`);
  say(`tunnel beside CUBIC   ${figures(values.shared, median(values.shared), "Mbit/s")}`);
  say(`CUBIC beside tunnel   ${figures(values.cubic, median(values.cubic), "Mbit/s")}`);
  const alone = median(values.alone) / RATE_MBIT;
  const share = median(values.shares);
  const [least, most] = SHARE_MARK;
  return [
    {
      what: "tunnel alone, of 20 Mbit/s",
      value: alone.toFixed(2),
      mark: `at least ${ALONE_MARK}`,
      isMet: alone >= ALONE_MARK,
    },
    {
      what: "tunnel beside one CUBIC flow, of what both move",
      value: share.toFixed(2),
      mark: `${least} to ${most}`,
      isMet: share >= least && share <= most,
    },
  ];
}
