// How much there is a second: the difference of two looks at numbers that only grow, and what was seen lately.

import type { Status } from "../api/types.ts";

/** How many looks are kept: five minutes of one every two seconds. */
export const KEPT = 150;

/** The newest last. */
export type Looks = readonly Status[];

/** With one more look. Those before a restart of the exporter are given up: its numbers begin anew. */
export function withLook(looks: Looks, status: Status): Looks {
  const same = looks.filter(({ started_at }) => started_at === status.started_at);
  if (same.at(-1)?.at === status.at) return same;
  return [...same, status].slice(-KEPT);
}

/** What a number grows by in a second, over the last `over` looks; null as long as there is only one. */
export function rate(looks: Looks, pick: (status: Status) => number, over = 3): number | null {
  const now = looks.at(-1);
  const before = looks.at(-1 - Math.min(over, looks.length - 1));
  if (now === undefined || before === undefined || now === before) return null;
  return growth(before, now, pick);
}

/** The rate between each two looks that follow one another. */
export function rates(looks: Looks, pick: (status: Status) => number): number[] {
  return looks.slice(1).map((now, index) => growth(looks[index] ?? now, now, pick));
}

/** How many seconds lie between the first and the last look. */
export function spanOf(looks: Looks): number {
  const [first, last] = [looks[0], looks.at(-1)];
  return first === undefined || last === undefined ? 0 : secondsBetween(first, last);
}

/** "last 30 seconds", "last 3 minutes". */
export function spanWords(seconds: number): string {
  return seconds < 90 ? `last ${Math.round(seconds)} seconds` : `last ${Math.round(seconds / 60)} minutes`;
}

/** All of a number by kind. */
export function total(byKind: Record<string, number>): number {
  return Object.values(byKind).reduce((sum, value) => sum + value, 0);
}

function growth(before: Status, now: Status, pick: (status: Status) => number): number {
  const seconds = secondsBetween(before, now);
  return seconds > 0 ? Math.max(0, pick(now) - pick(before)) / seconds : 0;
}

function secondsBetween(before: Status, now: Status): number {
  return (Date.parse(now.at) - Date.parse(before.at)) / 1000;
}
