// What passes a relay, beside what passes without one: a gibibyte, a narrow way, UDP services. It takes
// minutes: POLLEN_LAB=all.

import { ok } from "node:assert/strict";
import { pollenOk } from "../../scripts/support/pollen_process.ts";
import { connectUdp } from "../e2e/support/udp_loads.ts";
import { Marks } from "./support/marks.ts";
import { type LabNode, Network, untilOnline, untilRelayed } from "./support/nodes.ts";
import { end, run, said, start } from "./support/programs.ts";
import { CAN_HAVE_LAB, IS_ALL, Lab, type RouterOptions } from "./support/topology.ts";
import { Transfer } from "./support/transfer.ts";

const MEET_TIMEOUT_MS = 40_000;

/** In all. */
const BULK_BYTES = 1 << 30;
const BULK_ROUNDS = 4;
const BULK_SHARE_MIN = 0.5;
/** Megabytes per second: as much as can be granted, so that the limit is not what is measured. */
const NO_LIMIT = ["--relay-limit", "10000"];

const NARROW_MTU = 1_280;
const NARROW_BYTES = 32 << 20;

const QUESTIONS = 10_000;
const VPN_PACKETS = 2_000;
const STREAM_SECONDS = 20;
/** Which share of a stream is answered at least, on a machine that may be busy. */
const ANSWERED_MIN = 0.9;

const marks = new Marks("What bulk over a relay keeps of a direct one's rate");

/** Two behind strict routers, and a third node on the Internet that both reach, but not by name. */
async function strictPair(lab: Lab, network: Network, options: RouterOptions = {}) {
  const nodes: LabNode[] = [];
  for (const name of ["a", "b"]) {
    const site = await lab.hostBehind(await lab.router("strict", options));
    nodes.push(await network.add(site, name));
  }
  const [a, b] = nodes as [LabNode, LabNode];
  await untilRelayed(a, b, MEET_TIMEOUT_MS, network.root);
  return { a, b };
}

/** A UDP service of the one, used by the other as busy networks do; which share of a stream passed. */
async function useUdp(provider: LabNode, client: LabNode, name: string): Promise<number> {
  const origin = start(provider, "udp_origin");
  try {
    await pollenOk(provider.place, ["serve", "--udp", await said(origin), name]);
    const port = await connectUdp(client.place, name);
    const words = [port, QUESTIONS, VPN_PACKETS, STREAM_SECONDS];
    const share = Number(await run(client, "udp_user", ...words));
    // The flows of all questions go with it, instead of in a minute.
    await pollenOk(provider.place, ["unserve", name]);
    return share;
  } finally {
    await end(origin);
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

if (IS_ALL) {
  Deno.test({
    name: "a gibibyte passes a relay, in turns with as much that does not",
    ignore: !CAN_HAVE_LAB,
    async fn() {
      await using lab = await Lab.make();
      await using network = await Network.make(lab, NO_LIMIT);
      const { a, b } = await strictPair(lab, network);
      const open = await network.add(await lab.host(), "open", ["--no-relay"]);
      await untilOnline(a, open, MEET_TIMEOUT_MS);
      const bytes = BULK_BYTES / BULK_ROUNDS;
      await using direct = await Transfer.open(open, a, bytes);
      await using relayed = await Transfer.open(b, a, bytes);
      const rates: [direct: number, relayed: number][] = [];
      for (let round = 0; round < BULK_ROUNDS; round++) {
        rates.push([await direct.run(), await relayed.run()]);
      }
      ok(await lab.carried(network.root.site.ip, a.site.outside) > BULK_BYTES);
      await untilRelayed(a, b, MEET_TIMEOUT_MS, network.root);

      console.log("  direct MB/s   relayed MB/s   relayed / direct");
      for (const [one, other] of rates) {
        const words = [one.toFixed(1), other.toFixed(1), (other / one).toFixed(2)];
        console.log(`  ${words[0]!.padEnd(13)} ${words[1]!.padEnd(14)} ${words[2]}`);
      }
      const share = median(rates.map(([one, other]) => other / one));
      marks.add("relayed / direct, the median", share, { atLeast: BULK_SHARE_MIN });
    },
  });

  Deno.test({
    name: `a relay on ways of ${NARROW_MTU} bytes whose routers do not say so`,
    ignore: !CAN_HAVE_LAB,
    async fn() {
      await using lab = await Lab.make();
      await using network = await Network.make(lab);
      const { a, b } = await strictPair(lab, network, { mtu: NARROW_MTU });
      for (const [provider, client] of [[a, b], [b, a]] as const) {
        await using transfer = await Transfer.open(provider, client, NARROW_BYTES);
        await transfer.run();
      }
      await untilRelayed(a, b, MEET_TIMEOUT_MS, network.root);
    },
  });

  Deno.test({
    name: "UDP services over a relay, as without one",
    ignore: !CAN_HAVE_LAB,
    async fn() {
      await using lab = await Lab.make();
      await using network = await Network.make(lab);
      const { a, b } = await strictPair(lab, network);
      const direct = await useUdp(network.root, a, "direct");
      const relayed = await useUdp(b, a, "relayed");
      await untilRelayed(a, b, MEET_TIMEOUT_MS, network.root);
      for (const [name, share] of Object.entries({ direct, relayed })) {
        console.log(`  10 Mbit/s, ${name}: ${(100 * share).toFixed(2)} % answered`);
        ok(share >= ANSWERED_MIN, name);
      }
    },
  });
}
