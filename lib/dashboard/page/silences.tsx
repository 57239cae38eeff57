// How long ago the last sign of life was, over the time that somebody has looked: a heartbeat is
// where the line falls to zero.

import { useMemo } from "preact/hooks";
import { Chart, type ChartProps } from "./chart.tsx";
import { age, time } from "./text.ts";

/** One look at a node, in milliseconds. */
export interface Sample {
  readonly atMs: number;
  /** Since its last sign of life. */
  readonly ageMs: number;
}

/** The least that is shown, in seconds: of time, and of the age at which a node is stale. */
const SPAN_S = 60;
const STALE_S = 10;

export function Silences({ samples }: { readonly samples: readonly Sample[] }) {
  const data = useMemo(() =>
    [
      samples.map(({ atMs }) => atMs / 1000),
      samples.map(({ ageMs }) => ageMs / 1000),
      samples.map(() => STALE_S),
    ] as [number[], number[], number[]], [samples]);
  const last = samples.at(-1);
  if (last === undefined) return null;
  const longest = Math.max(0, ...samples.map(({ ageMs }) => ageMs));
  const summary = `Last sign of life ${
    age(last.ageMs)
  } ago; the longest silence since this was opened: ${age(longest)}.`;
  return <Chart {...{ data, draw, summary }} unit=" s" clock={time} title="Chart of silences." />;
}

const draw: ChartProps["draw"] = ({ line, threshold }) => ({
  scales: {
    x: { range: (_, from, to) => [Math.min(from ?? 0, (to ?? 0) - SPAN_S), to ?? 0] },
    y: { range: (_, __, to) => [0, Math.max(STALE_S + 2, (to ?? 0) * 1.1)] },
  },
  series: [
    {},
    { stroke: line, width: 2 },
    { stroke: threshold, width: 1, dash: [4, 4] },
  ],
});
