// The engine beside other transports, in one run: bulk, round trips, handshakes, CPU and memory,
// over loopback and between two hosts; and what a tunnel loses when JavaScript stands still.
//
//   deno task bench:transport [--quick]
//
// Needs iperf3 and ss; two hosts (network namespaces) need root, ip and ethtool and are left out
// without. Exits 1 when a mark is missed.

import { parseArgs } from "node:util";
import { QUICHE_UNAVAILABLE } from "../../support/quiche/mod.ts";
import { type BlockedScale, measureBlocked } from "./blocked.ts";
import { BULK_ROWS, COLUMN, compare, type Scale } from "./compare.ts";
import { measureMembers } from "./members.ts";
import { loopback, twoHosts } from "./places.ts";
import { judge, type Mark, type Table } from "./report.ts";
import { measureSessions } from "./sessions.ts";

interface Extent {
  readonly compare: Scale;
  readonly blocked: BlockedScale;
  readonly members: { readonly members: number; readonly rounds: number };
  readonly sessions: { readonly idle: number; readonly cycled: number };
}

const WHOLE: Extent = {
  compare: { rounds: 3, seconds: 2, roundTrips: 2_000, handshakes: 300 },
  blocked: { rounds: 5, seconds: 3 },
  members: { members: 200, rounds: 3 },
  sessions: { idle: 2_000, cycled: 20_000 },
};
const QUICK: Extent = {
  compare: { rounds: 1, seconds: 1, roundTrips: 500, handshakes: 200 },
  blocked: { rounds: 1, seconds: 3 },
  members: { members: 100, rounds: 1 },
  sessions: { idle: 500, cycled: 4_000 },
};

function bulkMarks(table: Table): Mark[] {
  const one = BULK_ROWS[1];
  const ratio = (title: string, bound: number, value: number): Mark => {
    return { title, value, unit: " ×", bound, kind: "at least" };
  };
  const small = [one, COLUMN.engine1350] as const;
  return [
    ratio(
      "1 stream, 1350-byte packets, of Deno.QuicEndpoint's",
      1.5,
      table.ratio(small, [one, COLUMN.quicEndpoint]),
    ),
    ratio(
      "16 streams, of one",
      0.9,
      table.ratio([BULK_ROWS[16], COLUMN.engine1350], small),
    ),
    ratio(
      "large packets on loopback, of 1350-byte ones",
      1.7,
      table.ratio([one, COLUMN.engine], small),
    ),
  ];
}

async function missing(programs: readonly string[]): Promise<string[]> {
  const found = await Promise.all(programs.map(async (program) => {
    const { success } = await new Deno.Command("sh", { args: ["-c", `command -v ${program}`] })
      .output();
    return success ? [] : [program];
  }));
  return found.flat();
}

async function bench(extent: Extent): Promise<boolean> {
  const here = loopback();
  const others = QUICHE_UNAVAILABLE === null ? ["quiche" as const] : [];
  if (QUICHE_UNAVAILABLE !== null) console.log(`quiche: left out, ${QUICHE_UNAVAILABLE}`);
  const table = await compare(
    ["tcp", "engine1350", "engine", "quicEndpoint", ...others],
    here,
    extent.compare,
  );
  const members = await measureMembers(here, extent.members);
  for (const [row, rate] of Object.entries(members)) {
    table.add(`handshakes/s of members, ${row}`, COLUMN.engine, rate);
  }
  table.print("Loopback");

  const lacking = await missing(["ip", "ethtool"]);
  if (Deno.uid() !== 0 || lacking.length > 0) {
    const reason = lacking.length > 0 ? `no ${lacking.join(", ")}` : "not root";
    console.log(`\n== Two hosts: left out, ${reason}`);
  } else {
    await using apart = await twoHosts();
    const far = await compare(["tcp", "engine", "quicEndpoint", ...others], apart, extent.compare);
    far.print("Two hosts, every packet on the link of 1500 bytes at most");
  }
  const sessions = await measureSessions(here, extent.sessions);
  const blocked = await measureBlocked(extent.blocked);
  return judge([...bulkMarks(table), ...sessions, ...blocked]);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
  const lacking = await missing(["iperf3", "ss"]);
  if (lacking.length > 0) {
    console.error(
      `This benchmark needs ${lacking.join(", ")}. On Debian: apt-get install iproute2 iperf3`,
    );
    Deno.exit(2);
  }
  Deno.exit(await bench(values.quick ? QUICK : WHOLE) ? 0 : 1);
}
