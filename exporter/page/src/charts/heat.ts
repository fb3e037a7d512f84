// How many took how long, as a map: which rows are worth showing, and which shade a count has.

import type { Heat } from "../api/types.ts";

/** The shades that counts have; 0 is none. */
export const SHADES = 6;

/** The rows that are shown, lowest first, and what is in them. */
export interface Grid {
  /** The lower bound of each row, and at last the upper one of the highest, in nanoseconds. */
  edges: number[];
  /** For each time, a count for each row. */
  columns: number[][];
  /** From how many on each shade is, ascending; the first is 1. */
  thresholds: number[];
}

/** One field of the map. */
export interface Cell {
  low: number;
  high: number;
  count: number;
}

/** Leaves out the rows above and below all that happened, but for one on each side. Null where nothing happened. */
export function grid({ bounds_ns: bounds, counts }: Heat): Grid | null {
  const used = bounds.map((_, row) => counts.some((column) => (column[row] ?? 0) > 0));
  if (!used.includes(true)) return null;
  const first = Math.max(0, used.indexOf(true) - 1);
  const last = Math.min(bounds.length - 1, used.lastIndexOf(true) + 1);
  const columns = counts.map((column) => column.slice(first, last + 1));
  const most = columns.reduce((max, column) => Math.max(max, ...column), 0);
  return {
    edges: [lowerBound(bounds, first), ...bounds.slice(first, last + 1)],
    columns,
    thresholds: thresholds(most),
  };
}

/** The shade of a count, 0 to SHADES. */
export function shade(count: number, thresholds: number[]): number {
  let shade = 0;
  while (shade < thresholds.length && count >= (thresholds[shade] ?? Infinity)) shade += 1;
  return shade;
}

/** The field at a time's index that a duration falls into. */
export function cellAt({ edges, columns }: Grid, index: number, duration: number): Cell | null {
  const row = edges.findIndex((edge, at) => at > 0 && duration < edge) - 1;
  const low = edges[row];
  const high = edges[row + 1];
  if (low === undefined || high === undefined || duration < low) return null;
  return { low, high, count: columns[index]?.[row] ?? 0 };
}

/** How many there are in each row over all times, the slowest first; without empty rows. */
export function distribution({ edges, columns }: Grid): Cell[] {
  const cells = edges.slice(1).map((high, row) => ({
    low: edges[row] ?? 0,
    high,
    count: columns.reduce((total, column) => total + (column[row] ?? 0), 0),
  }));
  return cells.filter(({ count }) => count > 0).reverse();
}

// Counts are told apart by how many times more they are, as durations are: one slow request must be seen beside thousands.
function thresholds(most: number): number[] {
  const shades = Math.min(SHADES, most);
  const steps = Array.from({ length: shades }, (_, index) => Math.ceil(most ** (index / shades)));
  return steps.map((step, index) => Math.max(step, index + 1));
}

// The lowest row begins at nothing, for which a logarithmic axis has no place.
function lowerBound(bounds: number[], row: number): number {
  const upper = bounds[row] ?? 1;
  const below = bounds[row - 1];
  if (below !== undefined) return below;
  const above = bounds[row + 1];
  return above === undefined ? upper / 2 : upper ** 2 / above;
}
