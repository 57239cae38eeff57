// How long ago the last sign of life was, over the time that somebody has looked: a heartbeat is
// where the line falls to zero.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { useMedia } from "./hooks.ts";
import { age, time } from "./text.ts";

/** One look at a node, in milliseconds. */
export interface Sample {
  readonly atMs: number;
  /** Since its last sign of life. */
  readonly ageMs: number;
}

/** Pixels. */
const HEIGHT = 160;
/** The least that is shown, in seconds: of time, and of the age at which a node is stale. */
const SPAN_S = 60;
const STALE_S = 10;

export function Heartbeats({ samples }: { readonly samples: readonly Sample[] }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const isDark = useMedia("(prefers-color-scheme: dark)");
  const theme = document.documentElement.dataset["theme"];
  const data = toData(samples);

  useEffect(() => {
    const element = box.current!;
    const made = plot.current = new uPlot(options(element), data, element);
    const observer = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [isDark, theme]);
  useEffect(() => plot.current?.setData(data), [samples]);

  const last = samples.at(-1);
  const longest = Math.max(0, ...samples.map(({ ageMs }) => ageMs));
  const summary = last === undefined
    ? "No heartbeat was looked for yet."
    : `Last sign of life ${age(last.ageMs)} ago; the longest silence since this was opened: ${
      age(longest)
    }.`;
  return (
    <figure>
      <div ref={box} class="chart" role="img" aria-label={`Chart of silences. ${summary}`} />
      <figcaption class="note">{summary}</figcaption>
    </figure>
  );
}

function clock(seconds: number): string {
  return time(new Date(seconds * 1000).toISOString());
}

function toData(samples: readonly Sample[]): uPlot.AlignedData {
  return [
    samples.map(({ atMs }) => atMs / 1000),
    samples.map(({ ageMs }) => ageMs / 1000),
    samples.map(() => STALE_S),
  ];
}

function options(element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const axis = {
    stroke: style.color,
    grid: { stroke: style.borderTopColor, width: 1 },
    ticks: { show: false },
    font: `12px ${style.fontFamily}`,
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: (_, from, to) => [Math.min(from ?? 0, (to ?? 0) - SPAN_S), to ?? 0] },
      y: { range: (_, __, to) => [0, Math.max(STALE_S + 2, (to ?? 0) * 1.1)] },
    },
    axes: [{ ...axis, space: 70, values: (_, splits) => splits.map(clock) }, {
      ...axis,
      size: 48,
      values: (_, values) => values.map((value) => `${value} s`),
    }],
    series: [
      {},
      { stroke: style.outlineColor, width: 2 },
      { stroke: style.borderBottomColor, width: 1, dash: [4, 4] },
    ],
  };
}
