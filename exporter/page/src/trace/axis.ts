// The axis of time of a trace. Times have nanoseconds, which are more than a number holds since 1970: all are taken from where the
// trace begins.

import type { Row, Time } from "../api/types.ts";

/** From the first start to the last end. */
export interface Axis {
  begin: Time;
  lengthNs: number;
}

export function axisOf(rows: Row[]): Axis {
  const begin = rows.map(({ start_time: start }) => start).sort()[0] ?? "";
  const ends = rows.map((row) => nsBetween(begin, row.start_time) + row.duration_ns);
  return {
    begin,
    lengthNs: Math.max(
      1,
      ends.reduce((most, end) => Math.max(most, end), 0),
    ),
  };
}

/** Nanoseconds from one time to another. */
export function nsBetween(from: Time, to: Time): number {
  const seconds = (Date.parse(`${to.slice(0, 19)}Z`) - Date.parse(`${from.slice(0, 19)}Z`)) / 1e3;
  return seconds * 1e9 + (fraction(to) - fraction(from));
}

function fraction(time: Time): number {
  return Number(/\.(\d+)/.exec(time)?.[1]?.padEnd(9, "0") ?? 0);
}

/** Where an event is on the axis, as shares of it. */
export function placeOf(row: Row, { begin, lengthNs }: Axis): { left: number; width: number } {
  return { left: nsBetween(begin, row.start_time) / lengthNs, width: row.duration_ns / lengthNs };
}

/** Round times along the axis: at most `most` steps, each of 1, 2 or 5 of a power of ten. */
export function ticksOf({ lengthNs }: Axis, most: number): number[] {
  const least = lengthNs / most;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= least) ?? least;
  return Array.from({ length: Math.floor(lengthNs / step) + 1 }, (_, index) => index * step);
}
