// How long somebody waited between two turns.

import type { Row } from "../api/types.ts";

/** Shorter ones are the pace of a conversation. */
export const LONG_NS = 5 * 60e9;

/** From the end of one turn to the start of the next, in nanoseconds; null where that is not long. */
export function longGap(before: Row | undefined, turn: Row): number | null {
  if (before === undefined) return null;
  const between = (Date.parse(turn.start_time) - Date.parse(before.start_time)) * 1e6;
  const gap = between - before.duration_ns;
  return gap >= LONG_NS ? gap : null;
}
