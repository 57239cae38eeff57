// What sessions cost in memory: those that stand idle, and what is left of those that are over.

import { Pair } from "./pair.ts";
import type { Place } from "./places.ts";
import type { Mark } from "./report.ts";

export const SESSION_BYTES_MAX = 100_000;
/** By how much the second half of the sessions may raise what the first half came to. */
const GROWTH_MAX_PERCENT = 10;

/** Each in processes of their own, in which nothing else was done before. */
export async function measureSessions(
  place: Place,
  { idle, cycled }: { readonly idle: number; readonly cycled: number },
): Promise<Mark[]> {
  return [...await measureIdle(place, idle), ...await measureCycled(place, cycled)];
}

async function measureIdle(place: Place, count: number): Promise<Mark[]> {
  await using pair = await Pair.open("engine", place);
  // The first ones bring things that all use: code, buffers, the tables' first pages.
  await pair.client.call("cycle", pair.target, 100);
  const before = await memory(pair);
  await pair.client.call("hold", pair.target, count);
  const after = await memory(pair);
  console.log(`idle sessions: ${count} held`);
  return (["client", "server"] as const).map((end) => ({
    title: `memory per idle session, ${end}`,
    value: (after[end] - before[end]) / count / 1000,
    unit: " KB",
    bound: SESSION_BYTES_MAX / 1000,
    kind: "at most",
  }));
}

async function measureCycled(place: Place, count: number): Promise<Mark[]> {
  await using pair = await Pair.open("engine", place);
  const half = count / 2;
  const start = await memory(pair);
  await pair.client.call("cycle", pair.target, half);
  const first = await memory(pair);
  await pair.client.call("cycle", pair.target, half);
  const second = await memory(pair);
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  return (["client", "server"] as const).map((end) => {
    console.log(
      `sessions opened and closed, ${end}: ${megabytes(start[end])} MB at first, ${
        megabytes(first[end])
      } after ${half}, ${megabytes(second[end])} after ${count}`,
    );
    return {
      title: `RSS added by the second ${half} sessions, ${end}`,
      value: (second[end] / first[end] - 1) * 100,
      unit: " %",
      bound: GROWTH_MAX_PERCENT,
      kind: "below",
    };
  });
}

async function memory({ client, server }: Pair): Promise<{ client: number; server: number }> {
  return { client: await client.call("memory"), server: await server.call("memory") };
}
