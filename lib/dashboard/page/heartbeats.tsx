// How often a node was heard over the last day.

import { useMemo } from "preact/hooks";
import uPlot from "uplot";
import type { Details } from "./api.ts";
import { Chart, type ChartProps } from "./chart.tsx";
import { count, hour } from "./text.ts";

const HOUR_MS = 3_600_000;

/** Buckets in one bar: with fewer it would be thinner than what is seen. */
const BUCKETS_PER_BAR = 3;

export function Heartbeats({ of: { bucketMs, from, counts } }: {
  readonly of: Details["heartbeats"];
}) {
  const barMs = BUCKETS_PER_BAR * bucketMs;
  const data = useMemo((): [number[], number[]] => {
    const length = Math.ceil(counts.length / BUCKETS_PER_BAR);
    const fromMs = Date.parse(from);
    return [
      Array.from({ length }, (_, index) => (fromMs + index * barMs) / 1000),
      Array.from({ length }, (_, index) => sum(barAt(counts, index))),
    ];
  }, [barMs, from, counts]);
  const hours = Math.round(counts.length * bucketMs / HOUR_MS);
  const minutes = Math.round(barMs / 60_000);
  const summary = `${
    count(sum(counts))
  } in the last ${hours} hours, in steps of ${minutes} minutes.`;
  return <Chart {...{ data, draw, summary }} unit="" clock={hour} title="Chart of heartbeats." />;
}

function barAt(counts: readonly number[], index: number): readonly number[] {
  return counts.slice(index * BUCKETS_PER_BAR, (index + 1) * BUCKETS_PER_BAR);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, one) => total + one, 0);
}

const bars = uPlot.paths.bars!({ size: [1, 12], align: 1 });

const draw: ChartProps["draw"] = ({ line }) => ({
  scales: {
    x: {
      range: ({ data: [at] }, from, to) => [from ?? 0, (to ?? 0) + (at[1] ?? 0) - (at[0] ?? 0)],
    },
    y: { range: (_, __, to) => [0, Math.max(4, (to ?? 0) * 1.1)] },
  },
  series: [{}, { fill: line, width: 0, points: { show: false }, paths: bars }],
});
