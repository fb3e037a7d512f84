// What the colours of a chart stand for, and the values: of the whole time, or of the step that is pointed at.

import { Name } from "../parts/name.tsx";
import type { Frame } from "./frame.ts";
import type { Series } from "./series.ts";

interface LegendProps {
  frame: Frame;
  series: Series[];
  /** What each series is over the whole time. */
  totals: (number | null)[];
  format: (value: number | null) => string;
}

export function Legend({ frame, series, totals, format }: LegendProps) {
  const pointed = frame.pointed.value;
  const shown = (index: number) =>
    format((pointed === null ? totals[index] : series[index]?.values[pointed]) ?? null);
  return (
    <ul class="legend">
      {entriesOf(series).map(({ name, slot, parts }) => (
        <li key={`${slot} ${name}`}>
          <span class={`swatch swatch-${slot}`} />
          <span class="name">
            <Name value={name} />
          </span>
          {parts.map(({ part, index }) => (
            <span key={index} class="value">
              {part !== undefined && <span class="soft">{part} </span>}
              {shown(index)}
            </span>
          ))}
        </li>
      ))}
    </ul>
  );
}

interface Entry {
  name: string;
  slot: number;
  parts: { part: string | undefined; index: number }[];
}

// Series of one name and colour are one entry with several values.
function entriesOf(series: Series[]): Entry[] {
  const entries: Entry[] = [];
  series.forEach(({ name, slot, part }, index) => {
    const last = entries.at(-1);
    if (last?.name === name && last.slot === slot) last.parts.push({ part, index });
    else entries.push({ name, slot, parts: [{ part, index }] });
  });
  return entries;
}
