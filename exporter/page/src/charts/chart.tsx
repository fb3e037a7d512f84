// A chart over time: lines, or bars that stand on one another, and a legend that tells the values where one points.

import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import uPlot from "uplot";
import { colour } from "./colours.ts";
import { type Frame, frameWords } from "./frame.ts";
import { Legend } from "./legend.tsx";
import { plainName } from "./names.ts";
import { durationAxis, durationScale, linearAxis, linearScale, usePlot } from "./plot.ts";
import { lonely, type Series, stack } from "./series.ts";

const HEIGHT = 190;

export interface ChartProps {
  title: string;
  /** What stands beside the title: choices. */
  children?: ComponentChildren;
  frame: Frame;
  series: Series[];
  /** What each series is over the whole time, in the order of `series`. */
  totals: (number | null)[];
  shape: "bars" | "lines";
  /** Of durations, or what begins at 0. */
  scale: "duration" | "linear";
  format: (value: number | null) => string;
  /** For the axis, where there is little room. */
  short?: (value: number) => string;
  /** Whether there are no parts of 1, as with counts. */
  isWhole?: boolean;
}

export function Chart(props: ChartProps) {
  const {
    title,
    children,
    frame,
    series,
    totals,
    shape,
    scale,
    format,
    short = format,
    isWhole = false,
  } = props;
  const data = useMemo(() => plotData(frame.times, series, shape), [frame.times, series, shape]);
  const place = usePlot({
    structure: [shape, scale, ...series.map(({ key, slot, dashed }) => `${slot} ${dashed} ${key}`)].join(
      "\n",
    ),
    height: HEIGHT,
    frame,
    data,
    scale: scale === "duration" ? durationScale() : linearScale(),
    axis: scale === "duration" ? durationAxis() : linearAxis(short, isWhole),
    marksValues: shape === "lines",
    series: shape === "bars" ? series.map(bar).reverse() : series.map(line),
  });
  const summary = series
    .map(({ name, part = "" }, index) => `${plainName(name)} ${part} ${format(totals[index] ?? null)}`)
    .join(", ");
  return (
    <figure class="panel chart">
      <ChartHead title={title} frame={frame}>
        {children}
      </ChartHead>
      <div
        ref={place}
        role="img"
        aria-label={`${title} over time. In all: ${summary || "nothing"}.`}
        class="plot"
      />
      <Legend frame={frame} series={series} totals={totals} format={format} />
    </figure>
  );
}

export function ChartHead(props: { title: string; frame: Frame; children?: ComponentChildren }) {
  const { title, frame, children } = props;
  return (
    <figcaption>
      <h2>{title}</h2>
      <span class="soft moment">{frameWords(frame, frame.pointed.value)}</span>
      {children}
    </figcaption>
  );
}

// What stands on others is drawn before them, so that each covers what of the one above is below its own edge.
function plotData(times: number[], series: Series[], shape: ChartProps["shape"]): uPlot.AlignedData {
  if (shape === "bars") return [times, ...stack(series).reverse()];
  return [times, ...series.map(({ values }) => values)];
}

function bar({ slot }: Series): uPlot.Series {
  const paint = () => slotColour(slot);
  const paths = uPlot.paths.bars?.({ size: [1, 64], gap: 1 });
  return { fill: paint, stroke: paint, width: 0, points: { show: false }, ...(paths && { paths }) };
}

function line({ slot, dashed }: Series): uPlot.Series {
  return {
    stroke: () => slotColour(slot),
    width: dashed ? 1 : 1.75,
    ...(dashed && { dash: [4, 3] }),
    points: {
      show: true,
      size: dashed ? 3 : 4,
      width: 0,
      fill: () => slotColour(slot),
      filter: (u, index) => lonely(u.data[index] ?? []),
    },
  };
}

function slotColour(slot: number): string {
  return colour(slot === 0 ? "line-strong" : `series-${slot}`);
}
