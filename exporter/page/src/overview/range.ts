// The time that a view is about, as its address has it: `range=1h`, which moves on with the clock, or `from=…&to=…`.

import { moment } from "../charts/ticks.ts";

/** In Unix seconds. */
export interface Bounds {
  from: number;
  to: number;
}

export type Range = { last: string } | Bounds;

/** What there are buttons for. */
export const RANGES = [
  { name: "15m", words: "15 minutes" },
  { name: "1h", words: "hour" },
  { name: "6h", words: "6 hours" },
  { name: "24h", words: "24 hours" },
  { name: "7d", words: "7 days" },
  { name: "30d", words: "30 days" },
] as const;

export const USUAL: Range = { last: "1h" };

const UNITS: Record<string, { seconds: number; word: string }> = {
  m: { seconds: 60, word: "minute" },
  h: { seconds: 3600, word: "hour" },
  d: { seconds: 86_400, word: "day" },
};

/** What an address says; the last hour where it says nothing that can be understood. */
export function parseRange(query: Record<string, string>): Range {
  const from = seconds(query.from);
  const to = seconds(query.to);
  if (from !== null && to !== null && from < to) return { from, to };
  return query.range !== undefined && lengthOf(query.range) !== null ? { last: query.range } : USUAL;
}

/** The same for an address. */
export function rangeQuery(range: Range): Record<string, string> {
  if ("last" in range) return { range: range.last };
  return { from: rfc3339(range.from), to: rfc3339(range.to) };
}

/** From when to when it is, at `now` (Unix seconds). */
export function boundsOf(range: Range, now: number): Bounds {
  if (!("last" in range)) return range;
  const to = Math.ceil(now);
  return { from: to - (lengthOf(range.last) ?? 3600), to };
}

/** "last 6 hours", "20 Nov 08:00 to 20 Nov 09:30". */
export function rangeWords(range: Range): string {
  if (!("last" in range)) return `${moment(range.from, 60)} to ${moment(range.to, 60)}`;
  const usual = RANGES.find(({ name }) => name === range.last);
  if (usual !== undefined) return `last ${usual.words}`;
  const amount = Number.parseInt(range.last, 10);
  const word = UNITS[range.last.slice(-1)]?.word ?? "hour";
  return amount === 1 ? `last ${word}` : `last ${amount} ${word}s`;
}

/** What was dragged over, as whole steps of `step` seconds. */
export function zoom(left: number, right: number, step: number): Bounds {
  const from = Math.floor(Math.min(left, right) / step) * step;
  const to = Math.ceil(Math.max(left, right) / step) * step;
  return { from, to: Math.max(to, from + step) };
}

/** As the API and addresses have it: "2026-11-20T08:00:00Z". */
export function rfc3339(unix: number): string {
  return new Date(unix * 1000).toISOString().replace(".000Z", "Z");
}

/** As a field for local time has it: "2026-11-20T08:00". */
export function localTime(unix: number): string {
  const date = new Date(unix * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function seconds(time: string | undefined): number | null {
  const milliseconds = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(milliseconds) ? null : milliseconds / 1000;
}

function lengthOf(name: string): number | null {
  const [, amount, unit] = /^([1-9]\d{0,3})([mhd])$/.exec(name) ?? [];
  const length = UNITS[unit ?? ""]?.seconds;
  return amount === undefined || length === undefined ? null : Number(amount) * length;
}
