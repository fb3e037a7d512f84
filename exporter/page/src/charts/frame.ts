// What all charts of a view share: their time, the moment that is pointed at, and what dragging does.

import type { Signal } from "@preact/signals";
import { moment } from "./ticks.ts";

export interface Frame {
  /** The middle of each step, in Unix seconds, where its value stands. */
  times: number[];
  step: number;
  from: number;
  to: number;
  /** Which step is pointed at, in whichever chart. */
  pointed: Signal<number | null>;
  /** Shows what is between two times, in Unix seconds. */
  zoom: (left: number, right: number) => void;
}

/** When a step begins and ends, in words; of the whole time, if none is pointed at. */
export function frameWords(frame: Frame, index: number | null): string {
  const middle = index === null ? undefined : frame.times[index];
  if (middle === undefined) return "";
  return moment(middle - frame.step / 2, frame.step);
}
