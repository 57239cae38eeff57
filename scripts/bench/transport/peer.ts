// One of the two processes between which a transport is measured: client or server, as it is told.
//
//   peer.ts NAME IP

import { type Calls, serveCalls } from "./calls.ts";
import { percentile, residentBytes } from "./figures.ts";
import { openTransport, type TransportName } from "./transports.ts";
import {
  CHUNK_BYTES,
  type Link,
  MESSAGE_BYTES,
  type ServeOptions,
  type Target,
} from "./transport.ts";

/** Dials under way at the same time where many are made. */
const DIALS_AT_ONCE = 16;
/** Round trips that go before those which count. */
const WARM_UP = 100;

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

const [name, ip] = Deno.args as [TransportName, string];
const transport = await openTransport(name, ip);
const held: Link[] = [];
let link: Link | undefined;
let pouring = new AbortController();
let poured: Promise<unknown> = Promise.resolve();

function theLink(): Link {
  if (link === undefined) throw new Error("nobody was dialled yet");
  return link;
}

/** Milliseconds of each of so many round trips, one after the other. */
async function roundTrips(
  count: number,
  trip: (message: Uint8Array) => Promise<void>,
): Promise<Percentiles> {
  const message = new Uint8Array(MESSAGE_BYTES);
  const times: number[] = [];
  for (let index = 0; index < WARM_UP + count; index++) {
    const start = performance.now();
    await trip(message);
    if (index >= WARM_UP) times.push(performance.now() - start);
  }
  return { p50: percentile(times, 50), p99: percentile(times, 99) };
}

/** Does something so often, with some of it under way at the same time. */
async function repeat(count: number, atOnce: number, act: () => Promise<void>): Promise<void> {
  let left = count;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (left-- > 0) await act();
  }));
}

const calls = {
  serve: (options: ServeOptions): Promise<Target> => transport.serve(options),
  async dial(target: Target): Promise<void> {
    link = await transport.dial(target);
  },
  async forward(): Promise<number> {
    return await theLink().forward!();
  },
  droppedBytes: () => transport.droppedBytes,
  /** Begins to pour on so many streams. */
  pour(streams: number): void {
    pouring = new AbortController();
    const { signal } = pouring;
    const chunk = new Uint8Array(CHUNK_BYTES);
    poured = Promise.all(
      Array.from({ length: streams }, () => theLink().pour(chunk, signal)),
    );
    // Heard of by `stopPouring`.
    poured.catch(() => {});
  },
  async stopPouring(): Promise<void> {
    pouring.abort();
    await poured;
  },
  datagrams: (count: number) => roundTrips(count, (message) => theLink().echoDatagram(message)),
  streams: (count: number) => roundTrips(count, (message) => theLink().echoStream(message)),
  /** Dials and closes so often; seconds that it took. */
  async cycle(target: Target, count: number, atOnce = DIALS_AT_ONCE): Promise<number> {
    const start = performance.now();
    await repeat(count, atOnce, async () => {
      await (await transport.dial(target)).close();
    });
    return (performance.now() - start) / 1000;
  },
  /** Dials so often and keeps what it got. */
  async hold(target: Target, count: number): Promise<void> {
    await repeat(count, DIALS_AT_ONCE, async () => {
      held.push(await transport.dial(target));
    });
  },
  async release(): Promise<void> {
    await Promise.all(held.splice(0).map((each) => each.close()));
  },
  /**
   * What this process keeps in memory once what nobody needs is given back: room that V8 has for new
   * objects grows with the load to 48 MB, and is no session's.
   */
  memory(): number {
    const { gc } = globalThis as unknown as { gc(options: Record<string, string>): void };
    gc({ type: "major", execution: "sync", flavor: "last-resort" });
    return residentBytes(Deno.pid);
  },
} satisfies Calls;

export type PeerCalls = typeof calls;

await serveCalls(calls);
