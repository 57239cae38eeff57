// Bulk over a line that loses packets for no reason of the sender's: a tunnel beside TCP.

import { median } from "../transport/figures.ts";
import { type Bench, figures, type Mark } from "./report.ts";

const SHAPE = { loss: 0.02, delayMs: 25 };
/** A tunnel moves at least so much of what TCP moves with CUBIC. */
const RATIO_MARK = 1;

export async function lossy({ hosts, tunnel, rounds, seconds, say }: Bench): Promise<Mark[]> {
  console.log("\nBulk with 2 % of the packets lost each way, 50 ms of round trip, in turns");
  await hosts.shape(SHAPE);
  const hasBbr = (await Deno.readTextFile("/proc/sys/net/ipv4/tcp_available_congestion_control"))
    .split(/\s/).includes("bbr");
  const values = { cubic: [] as number[], tunnel: [] as number[], bbr: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    values.cubic.push(await tunnel.plainMbit(seconds, "cubic"));
    values.tunnel.push(await tunnel.mbit(seconds));
    if (hasBbr) values.bbr.push(await tunnel.plainMbit(seconds, "bbr"));
  }
  await hosts.shape({});
  say(`TCP CUBIC ${figures(values.cubic, median(values.cubic), "Mbit/s")}`);
  say(`tunnel    ${figures(values.tunnel, median(values.tunnel), "Mbit/s")}`);
  say(`TCP BBR   ${hasBbr ? figures(values.bbr, median(values.bbr), "Mbit/s") : "not here"}`);
  const ratio = median(values.tunnel) / median(values.cubic);
  return [{
    what: "bulk at 2 % loss and 50 ms, beside TCP CUBIC",
    value: ratio.toFixed(2),
    mark: `at least ${RATIO_MARK.toFixed(1)}`,
    isMet: ratio >= RATIO_MARK,
  }];
}
