// A map of how many took how long: time to the right, durations upwards, counts as shades.

import { type Signal, useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Heat } from "../api/types.ts";
import { count, duration } from "../format.ts";
import { ChartHead } from "./chart.tsx";
import { colour } from "./colours.ts";
import type { Frame } from "./frame.ts";
import { type Cell, cellAt, distribution, type Grid, grid, SHADES, shade } from "./heat.ts";
import { durationAxis, durationScale, usePlot } from "./plot.ts";

const HEIGHT = 190;

export interface HeatMapProps {
  title: string;
  frame: Frame;
  heat: Heat;
  /** Called with the field that was chosen, and when it begins and ends. */
  choose: (cell: Cell, from: number, to: number) => void;
  /** An address that shows what took so long, over the whole time. */
  href: (cell: Cell) => string;
}

export function HeatMap({ title, frame, heat, choose, href }: HeatMapProps) {
  const map = useMemo(() => grid(heat), [heat]);
  const pointed = useSignal<Cell | null>(null);
  const place = useHeatPlot(frame, map, choose, (cell) => {
    pointed.value = cell;
  });
  const rows = map === null ? [] : distribution(map);
  const usual = rows.reduce<Cell | null>(
    (most, cell) => (most && most.count >= cell.count ? most : cell),
    null,
  );
  const summary =
    usual === null
      ? "Nothing."
      : `Most took ${bounds(usual)}; the slowest ${rows[0] ? bounds(rows[0]) : "–"}.`;
  return (
    <figure class="panel chart">
      <ChartHead title={title} frame={frame} />
      <div ref={place} role="img" aria-label={`${title}. ${summary}`} class="plot heat-map" />
      <div class="legend">
        <Shades thresholds={map?.thresholds ?? []} />
        <Readout cell={pointed} otherwise={summary} />
      </div>
      <details>
        <summary>As a table</summary>
        <Distribution rows={rows} href={href} />
      </details>
    </figure>
  );
}

function useHeatPlot(
  frame: Frame,
  map: Grid | null,
  choose: HeatMapProps["choose"],
  point: (cell: Cell | null) => void,
) {
  const now = { frame, map, choose, point };
  const latest = useRef(now);
  latest.current = now;
  const data = useMemo((): uPlot.AlignedData => {
    const edges = map?.edges ?? [];
    const times = frame.times;
    // The lowest and the highest edge are there for the axis alone; nothing is drawn for them.
    return [times, times.map(() => edges[0] ?? null), times.map(() => edges.at(-1) ?? null)];
  }, [frame.times, map]);
  const unseen: uPlot.Series = { points: { show: false }, paths: () => null };
  return usePlot({
    structure: "heat",
    height: HEIGHT,
    frame,
    data,
    scale: { ...durationScale(), range: (_, least, most) => [least ?? 1e6, most ?? 1e9] },
    axis: { ...durationAxis(), grid: { show: false } },
    series: [unseen, unseen],
    hooks: {
      ready: [(u) => u.over.addEventListener("click", () => chooseAt(u, latest.current))],
      setCursor: [(u) => latest.current.point(cellUnder(u, latest.current.map))],
      draw: [(u) => paint(u, latest.current.frame, latest.current.map)],
    },
  });
}

// Where another chart is pointed at, the time alone is meant; there is no event of the mouse here then.
function cellUnder(u: uPlot, map: Grid | null): Cell | null {
  const { idx, event, top = -1 } = u.cursor;
  const isHere = event != null && idx != null && top >= 0;
  return map !== null && isHere ? cellAt(map, idx, u.posToVal(top, "y")) : null;
}

function chooseAt(
  u: uPlot,
  { frame, map, choose }: Pick<HeatMapProps, "frame" | "choose"> & { map: Grid | null },
) {
  const cell = cellUnder(u, map);
  const middle = frame.times[u.cursor.idx ?? -1];
  if (cell === null || cell.count === 0 || middle === undefined) return;
  choose(cell, middle - frame.step / 2, middle + frame.step / 2);
}

function paint(u: uPlot, frame: Frame, map: Grid | null): void {
  if (map === null) return;
  const tops = map.edges.map((edge) => Math.round(u.valToPos(edge, "y", true)));
  const colours = Array.from({ length: SHADES }, (_, index) => colour(`heat-${index + 1}`));
  const gap = uPlot.pxRatio;
  frame.times.forEach((middle, index) => {
    const left = Math.round(u.valToPos(middle - frame.step / 2, "x", true));
    const right = Math.round(u.valToPos(middle + frame.step / 2, "x", true));
    const width = right - left > 4 * gap ? right - left - gap : right - left;
    map.columns[index]?.forEach((count, row) => {
      if (count === 0) return;
      const [bottom = 0, top = 0] = [tops[row], tops[row + 1]];
      u.ctx.fillStyle = colours[shadeOf(count, map) - 1] ?? "";
      u.ctx.fillRect(left, top, width, Math.max(bottom - top - gap, 1));
    });
  });
}

// The darkest shade is the most there is, however few shades there are.
function shadeOf(count: number, { thresholds }: Grid): number {
  return shade(count, thresholds) + SHADES - thresholds.length;
}

function Readout({ cell, otherwise }: { cell: Signal<Cell | null>; otherwise: string }) {
  const { value } = cell;
  return <span class="value">{value ? `${bounds(value)}: ${count(value.count)}` : otherwise}</span>;
}

function Shades({ thresholds }: { thresholds: number[] }) {
  return (
    <span class="shades">
      {thresholds.map((least, index) => (
        <span key={least} class={`shade heat-${index + 1 + SHADES - thresholds.length}`}>
          {count(least)}
          {index === thresholds.length - 1 ? "+" : ""}
        </span>
      ))}
    </span>
  );
}

function Distribution({ rows, href }: { rows: Cell[]; href: HeatMapProps["href"] }) {
  return (
    <table class="table">
      <thead>
        <tr>
          <th>Took</th>
          <th class="number">How many</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((cell) => (
          <tr key={cell.low}>
            <td>
              <a href={href(cell)}>{bounds(cell)}</a>
            </td>
            <td class="number">{count(cell.count)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function bounds({ low, high }: Cell): string {
  return `${duration(low)} to ${duration(high)}`;
}
