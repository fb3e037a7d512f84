// A uPlot in an element: made once, then given new data; as wide as there is room, and in the colours of the moment.

import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { colour, watchColours } from "./colours.ts";
import type { Frame } from "./frame.ts";
import { durationTick, logBounds, logTicks, timeTicks } from "./ticks.ts";

const FONT = "12px system-ui, sans-serif";
const WIDTH_OF_AXIS = 58;
const ROOM_OF_TICK = 30;
const WHOLE_STEPS = Array.from({ length: 13 }, (_, power) =>
  [1, 2, 5].map((step) => step * 10 ** power),
).flat();

export interface Plot {
  /** A plot is made anew only when this changes: its series and how they are drawn. */
  structure: string;
  height: number;
  frame: Frame;
  data: uPlot.AlignedData;
  scale: uPlot.Scale;
  /** Of the axis at the left. */
  axis: Partial<uPlot.Axis>;
  /** Those after the one of time. */
  series: uPlot.Series[];
  hooks?: uPlot.Hooks.Arrays;
  /** Whether the values that are pointed at are marked: of what stands on one another they would be sums. */
  marksValues?: boolean;
}

/** Where the plot goes; `latest` is for hooks, which outlive the render that they were made in. */
export function usePlot(plot: Plot): RefObject<HTMLDivElement | null> {
  const place = useRef<HTMLDivElement>(null);
  const made = useRef<uPlot | null>(null);
  const latest = useRef(plot);
  latest.current = plot;

  // The structure stands for all that a plot is made of.
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return;
    const u = new uPlot(optionsOf(latest, element.clientWidth), latest.current.data, element);
    made.current = u;
    const forgetColours = watchColours(() => u.redraw(false));
    const resized = new ResizeObserver(() => {
      const width = element.clientWidth;
      if (width > 0 && width !== u.width) u.setSize({ width, height: u.height });
    });
    resized.observe(element);
    return () => {
      resized.disconnect();
      forgetColours();
      u.destroy();
      made.current = null;
    };
  }, [plot.structure]);

  useLayoutEffect(() => {
    const u = made.current;
    if (u !== null && u.data !== plot.data) u.setData(plot.data);
  }, [plot.data]);

  return place;
}

function optionsOf(latest: { readonly current: Plot }, width: number): uPlot.Options {
  const { height, scale, axis, series, hooks = {}, marksValues = false } = latest.current;
  return {
    width,
    height,
    padding: [10, 12, 0, 0],
    legend: { show: false },
    series: [{}, ...series],
    scales: {
      x: { range: () => [latest.current.frame.from, latest.current.frame.to] },
      y: scale,
    },
    axes: [
      { ...plain(), values: (_, times, _axis, _space, step) => timeTicks(times, step), size: 40, space: 64 },
      { ...plain(), size: WIDTH_OF_AXIS, space: ROOM_OF_TICK, ...axis },
    ],
    cursor: {
      y: false,
      points: { show: marksValues },
      drag: { x: true, y: false, setScale: false, dist: 4 },
      sync: { key: "frame", scales: ["x", null] },
    },
    hooks: {
      ...hooks,
      setCursor: [...(hooks.setCursor ?? []), (u) => point(u, latest.current.frame)],
      setSelect: [(u) => zoomInto(u, latest.current.frame)],
    },
  };
}

function plain(): uPlot.Axis {
  const line = { stroke: () => colour("line"), width: 1 };
  return { font: FONT, stroke: () => colour("text-soft"), grid: line, ticks: { ...line, size: 4 }, gap: 4 };
}

function point(u: uPlot, frame: Frame): void {
  frame.pointed.value = u.cursor.idx ?? null;
}

// All charts of a frame show what is dragged over in one; that one alone has an event of the mouse.
function zoomInto(u: uPlot, frame: Frame): void {
  const { left, width } = u.select;
  if (width <= 0) return;
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  if (u.cursor.event != null) frame.zoom(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
}

/** An axis of counts, sums and the like: it begins at 0. */
export function linearScale(): uPlot.Scale {
  return { range: (_, __, most) => [0, most > 0 ? (uPlot.rangeNum(0, most, 0.1, true)[1] ?? most) : 1] };
}

export function linearAxis(format: (value: number) => string, isWhole: boolean): Partial<uPlot.Axis> {
  return {
    values: (_, splits) => splits.map(format),
    ...(isWhole && { incrs: WHOLE_STEPS }),
  };
}

/** An axis of durations in nanoseconds: what takes ten times longer is as far away, whether it is 1 ms or 1 s. */
export function durationScale(): uPlot.Scale {
  return {
    distr: 3,
    range: (_, least, most) => (least === null || most === null ? [1e6, 1e9] : logBounds(least, most)),
  };
}

export function durationAxis(): Partial<uPlot.Axis> {
  return {
    splits: (u) => {
      const { min, max } = u.scales.y ?? {};
      const room = u.bbox.height / uPlot.pxRatio / ROOM_OF_TICK;
      return min == null || max == null ? [] : logTicks(min, max, room);
    },
    filter: (_, splits) => splits,
    values: (_, splits) => splits.map(durationTick),
  };
}
