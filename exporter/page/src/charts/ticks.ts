// What stands at the axes: durations in steps of 1, 2 and 5, times in the reader's zone.

import { duration } from "../format.ts";

const STEPS = [1, 2, 5];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY = 86_400;

/** The bounds of a logarithmic axis that holds `least` to `most`: the nearest of 1, 2 and 5 times a power of ten. */
export function logBounds(least: number, most: number): [number, number] {
  const low = stepAtMost(Math.max(least, 1));
  const high = stepAtLeast(Math.max(most, 1));
  return high > low ? [low, high] : [low, stepAtLeast(low * 1.01)];
}

/** Where a logarithmic axis has lines: at 1, 2 and 5 of each power of ten, or, where these are more than `room`, at powers. */
export function logTicks(low: number, high: number, room: number): number[] {
  const all: number[] = [];
  for (let tick = stepAtLeast(low); tick <= high * 1.001; tick = stepAtLeast(tick * 1.01)) all.push(tick);
  if (all.length <= room) return all;
  const powers = all.filter((tick) => Number.isInteger(Math.round(Math.log10(tick) * 1e6) / 1e6));
  return powers.length >= 2 ? powers : all;
}

/** "200 ms", "1 s", without zeros that say nothing. */
export function durationTick(ns: number): string {
  return duration(ns)
    .replace(/\.0+ /, " ")
    .replace(/(\.\d)0 /, "$1 ");
}

/** What stands under each of `times` (Unix seconds), which are `step` seconds apart: the time, and the day where it is another. */
export function timeTicks(times: number[], step: number): string[] {
  let day = "";
  return times.map((time) => {
    const date = new Date(time * 1000);
    const today = `${date.getDate()} ${MONTHS[date.getMonth()]}`;
    if (step >= DAY) return today;
    const seconds = step < 60 ? `:${two(date.getSeconds())}` : "";
    const clock = `${two(date.getHours())}:${two(date.getMinutes())}${seconds}`;
    const isNew = today !== day;
    day = today;
    return isNew ? `${clock}\n${today}` : clock;
  });
}

/** "20 Nov 08:00", with seconds where a step is less than a minute. */
export function moment(time: number, step: number): string {
  const date = new Date(time * 1000);
  const seconds = step < 60 ? `:${two(date.getSeconds())}` : "";
  return `${date.getDate()} ${MONTHS[date.getMonth()]} ${two(date.getHours())}:${two(date.getMinutes())}${seconds}`;
}

function stepAtLeast(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const step = [...STEPS, 10].find((each) => each * power >= value * 0.999) ?? 10;
  return step * power;
}

function stepAtMost(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const step = STEPS.findLast((each) => each * power <= value * 1.001) ?? 1;
  return step * power;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
