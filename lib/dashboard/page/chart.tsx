// A chart in the page's colours that is as wide as there is room, with the same in words.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { useMedia } from "./hooks.ts";

/** The colours of a chart. */
export interface Inks {
  readonly line: string;
  readonly threshold: string;
}

export interface ChartProps {
  /** Moments in seconds since 1970, then values. */
  readonly data: uPlot.AlignedData;
  /** The same one as long as only the data change. */
  readonly draw: (inks: Inks) => Pick<uPlot.Options, "scales" | "series">;
  /** What stands behind a number at the left edge. */
  readonly unit: string;
  /** Writes a moment at the lower edge. */
  readonly clock: (iso: string) => string;
  readonly title: string;
  /** What the chart says. */
  readonly summary: string;
}

/** Pixels. */
const HEIGHT = 130;

export function Chart({ data, draw, unit, clock, title, summary }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const isDark = useMedia("(prefers-color-scheme: dark)");
  const theme = document.documentElement.dataset["theme"];

  useEffect(() => {
    const element = box.current!;
    const made = plot.current = new uPlot(options(element, { draw, unit, clock }), data, element);
    const observer = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [isDark, theme, draw, unit, clock]);
  useEffect(() => plot.current?.setData(data), [data]);

  return (
    <figure>
      <div ref={box} class="chart" role="img" aria-label={`${title} ${summary}`} />
      <figcaption class="note">{summary}</figcaption>
    </figure>
  );
}

/** The page's styles say which colour is which (styles/details.css). */
function options(
  element: HTMLElement,
  { draw, unit, clock }: Pick<ChartProps, "draw" | "unit" | "clock">,
): uPlot.Options {
  const style = getComputedStyle(element);
  const axis = {
    stroke: style.color,
    grid: { stroke: style.borderTopColor, width: 1 },
    ticks: { show: false },
    font: `12px ${style.fontFamily}`,
  };
  const moment = (seconds: number) => clock(new Date(seconds * 1000).toISOString());
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    axes: [
      { ...axis, size: 28, space: 70, values: (_, splits) => splits.map(moment) },
      { ...axis, size: 48, values: (_, values) => values.map((value) => `${value}${unit}`) },
    ],
    ...draw({ line: style.outlineColor, threshold: style.borderBottomColor }),
  };
}
