// What the overview shows, as its address has it; and the addresses that lead from it to the events themselves.

import { type Bounds, parseRange, type Range, rangeQuery, rfc3339, USUAL } from "./range.ts";

/** What can be chosen beside the time. */
export const CHOICES = ["service", "environment", "source", "route", "model"] as const;
export type Choice = (typeof CHOICES)[number];
export type Chosen = Partial<Record<Choice, string>>;

/** Of what the numbers are: requests that came in, or calls that went out. */
export type Of = "requests" | "calls";

export interface Shown {
  range: Range;
  chosen: Chosen;
  of: Of;
}

export function parseShown(query: Record<string, string>): Shown {
  const chosen: Chosen = {};
  for (const choice of CHOICES) {
    const value = query[choice];
    if (value) chosen[choice] = value;
  }
  return { range: parseRange(query), chosen, of: query.of === "calls" ? "calls" : "requests" };
}

/** The address of the overview that shows this, and of nothing that is usual. */
export function overviewHref({ range, chosen, of }: Shown): string {
  const isUsual = "last" in range && "last" in USUAL && range.last === USUAL.last;
  return href("/overview", {
    ...(isUsual ? {} : rangeQuery(range)),
    ...chosen,
    of: of === "requests" ? undefined : of,
  });
}

/** The address of the events that these numbers are of, within `bounds`, and with more to filter by. */
export function eventsHref(
  shown: Shown,
  bounds: Bounds,
  more: Record<string, string | undefined> = {},
): string {
  const chosen = { ...shown.chosen, ...more };
  return href("/", {
    ...(shown.of === "calls" ? ofCalls(chosen) : chosen),
    from: rfc3339(bounds.from),
    to: rfc3339(bounds.to),
  });
}

/** Calls have hosts in the place of routes, and are found by them as text. */
function ofCalls({
  route,
  ...others
}: Record<string, string | undefined>): Record<string, string | undefined> {
  return { ...others, q: route, source: others.source ?? "httpx,aiohttp", top: "false" };
}

/** A field's bounds of durations, for the filter of events. The upper one is not within the field, but within the filter. */
export function durationQuery({ low, high }: { low: number; high: number }): Record<string, string> {
  return { min_duration_ms: milliseconds(low), max_duration_ms: milliseconds(high) };
}

function href(path: string, query: Record<string, string | undefined>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value) parameters.set(name, value);
  }
  return parameters.size > 0 ? `${path}?${parameters}` : path;
}

function milliseconds(ns: number): string {
  return String(Number((ns / 1e6).toPrecision(6)));
}
