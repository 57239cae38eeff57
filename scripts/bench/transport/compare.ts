// The transports side by side in one place: bulk in turns, then round trips and handshakes.

import { IperfServer } from "./iperf.ts";
import { type Bulk, Pair } from "./pair.ts";
import type { Place } from "./places.ts";
import { Table } from "./report.ts";
import type { TransportName } from "./transports.ts";

/** How much is compared. */
export interface Scale {
  readonly rounds: number;
  /** Seconds of each stretch of bulk. */
  readonly seconds: number;
  readonly roundTrips: number;
  readonly handshakes: number;
}

export const BULK_ROWS = { 1: "bulk, 1 stream, MB/s", 16: "bulk, 16 streams, MB/s" } as const;
const STREAM_COUNTS = [1, 16] as const;

/** Names of columns. */
export const COLUMN: Readonly<Record<TransportName, string>> = {
  tcp: "plain TCP",
  engine1350: "engine 1350",
  engine: "engine",
  quicEndpoint: "QuicEndpoint",
  quiche: "quiche",
};

const NOTES = [
  "Medians of rounds in turns. Bulk of the engine goes as a tunnel's does (iperf3, TCP, bridge, stream, bridge,",
  "TCP, iperf3); that of QuicEndpoint and quiche is written and read by JavaScript. CPU is that of the two",
  "processes measured, without iperf3's. Handshakes prove both ends by Ed25519, those of QuicEndpoint the",
  "server alone. quiche is that of 2023, behind a plain pump that moves one packet per call.",
  'Over TCP a "datagram" travels on a connection that stands, and a "stream" is a connection.',
];

interface Column {
  readonly name: TransportName;
  readonly title: string;
  readonly pair: Pair;
  /** The local port that leads through the engine's data plane. */
  readonly forwardPort?: number;
}

/** Measures each of the transports and fills a table. */
export async function compare(
  names: readonly TransportName[],
  place: Place,
  scale: Scale,
): Promise<Table> {
  await using opened = new AsyncDisposableStack();
  const iperfServer = opened.use(await IperfServer.start(place.server));
  const columns: Column[] = [];
  for (const name of names) {
    const pair = opened.use(await Pair.open(name, place, iperfServer.port));
    const isEngine = name === "engine" || name === "engine1350";
    const forwarded = isEngine ? { forwardPort: await pair.client.call("forward") } : {};
    columns.push({ name, title: COLUMN[name], pair, ...forwarded });
  }
  const table = new Table(columns.map(({ title }) => title));
  for (let round = 1; round <= scale.rounds; round++) {
    // One and many streams right after each other: the machine's own pace changes within a round.
    for (const column of columns) {
      for (const streams of STREAM_COUNTS) {
        await measureBulk(table, column, { streams, seconds: scale.seconds, iperfServer });
      }
    }
    for (const column of columns) await measureRoundTrips(table, column, scale.roundTrips);
    for (const column of columns) await measureHandshakes(table, column, scale.handshakes);
    console.log(`round ${round} of ${scale.rounds} done`);
  }
  for (const note of NOTES) table.note(note);
  return table;
}

async function measureBulk(
  table: Table,
  { name, title, pair, forwardPort }: Column,
  options: {
    readonly streams: 1 | 16;
    readonly seconds: number;
    readonly iperfServer: IperfServer;
  },
): Promise<void> {
  const { streams, seconds, iperfServer } = options;
  const row = BULK_ROWS[streams];
  if (name === "tcp") {
    const target = { ip: pair.place.server.ip, port: iperfServer.port };
    table.add(
      row,
      title,
      await iperfServer.measure(pair.place.client, target, { streams, seconds }),
    );
    return;
  }
  if (forwardPort !== undefined) {
    const bulk = await pair.forward(forwardPort, iperfServer, { streams, seconds });
    table.add(row, title, bulk.rate);
    if (streams === 1) addCpu(table, title, bulk);
  }
  const poured = await pair.pour(streams, seconds);
  const isOwnWay = forwardPort === undefined;
  table.add(isOwnWay ? row : `${row}, by TypeScript`, title, poured.rate);
  if (isOwnWay && streams === 1) addCpu(table, title, poured);
}

function addCpu(table: Table, title: string, { cpuSending, cpuReceiving }: Bulk): void {
  table.add("CPU s/GB, 1 stream, sending", title, cpuSending);
  table.add("CPU s/GB, 1 stream, receiving", title, cpuReceiving);
}

async function measureRoundTrips(
  table: Table,
  { title, pair }: Column,
  count: number,
): Promise<void> {
  const datagrams = await pair.client.call("datagrams", count);
  table.add("datagram, 64 bytes and back, p50 µs", title, datagrams.p50 * 1000);
  table.add("datagram, 64 bytes and back, p99 µs", title, datagrams.p99 * 1000);
  const streams = await pair.client.call("streams", count);
  table.add("new stream, 64 bytes and back, p50 µs", title, streams.p50 * 1000);
  table.add("new stream, 64 bytes and back, p99 µs", title, streams.p99 * 1000);
}

async function measureHandshakes(
  table: Table,
  { name, title, pair }: Column,
  count: number,
): Promise<void> {
  const { client, target } = pair;
  if (name === "tcp") return;
  table.add(
    "handshakes/s, one at a time",
    title,
    count / await client.call("cycle", target, count, 1),
  );
  table.add(
    "handshakes/s, 16 at a time",
    title,
    count / await client.call("cycle", target, count, 16),
  );
}
