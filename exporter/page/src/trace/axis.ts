// The axis of time on which all bars of a trace stand.

import type { Row, Time } from "../api/types.ts";

export interface Axis {
  start: Time;
  /** How long it is; never 0. */
  ns: number;
}

/** From the first start to the last end. Scores and losses take no time, and may be told long after: they do not count. */
export function axisOf(rows: Row[]): Axis {
  const timed = rows.filter(takesTime);
  const all = timed.length > 0 ? timed : rows;
  const start = all.map((row) => row.start_time).sort()[0] ?? "";
  const ns = all.reduce((end, row) => Math.max(end, nsBetween(start, row.start_time) + row.duration_ns), 1);
  return { start, ns };
}

/** Whether it has a beginning and an end. */
export function takesTime({ kind }: Pick<Row, "kind">): boolean {
  return kind !== "score" && kind !== "loss";
}

/** Nanoseconds from one time to another: exact, where a number could not hold the times themselves. */
export function nsBetween(from: Time, to: Time): number {
  const seconds = (Date.parse(`${to.slice(0, 19)}Z`) - Date.parse(`${from.slice(0, 19)}Z`)) / 1000;
  return seconds * 1e9 + nanosOf(to) - nanosOf(from);
}

function nanosOf(time: Time): number {
  return Number(time.slice(20, 29));
}

/** Where something is on the axis: 0 at its start, 1 at its end. */
export function placeOn(axis: Axis, time: Time, plusNs = 0): number {
  return Math.min(Math.max((nsBetween(axis.start, time) + plusNs) / axis.ns, 0), 1);
}

const STEPS = [1, 2, 5, 10];

/** Where the axis has lines: at multiples of 1, 2 or 5 times a power of ten, of which there is room for so many. */
export function ticksOf(axis: Axis, room: number): number[] {
  const least = axis.ns / room;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = (STEPS.find((each) => each * power >= least) ?? 10) * power;
  return Array.from({ length: Math.floor(axis.ns / step) + 1 }, (_, index) => index * step);
}
