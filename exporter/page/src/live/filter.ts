// What is looked for, as the address holds it: the parameters of the API under their own names, and `range` for a time that
// ends now. A link is then all there is to a search.

import type { Query } from "../api/client.ts";

export const RANGES = {
  "15m": "Last 15 minutes",
  "1h": "Last hour",
  "6h": "Last 6 hours",
  "24h": "Last 24 hours",
  "7d": "Last 7 days",
} as const;

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const isText = (value: string) => value.trim() !== "";
const isTime = (value: string) =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(value) &&
  !Number.isNaN(Date.parse(value));
const isAmount = (value: string) => /^\d+(\.\d+)?$/.test(value);

// In the order in which an address has them.
const TAKEN = {
  q: isText,
  range: (value: string) => Object.hasOwn(RANGES, value),
  from: isTime,
  to: isTime,
  // Requests alone unless it says otherwise.
  top: (value: string) => value === "false",
  failed: (value: string) => value === "true",
  route: isText,
  status: (value: string) => /^[1-5](\d\d|xx)$/.test(value),
  model: isText,
  service: isText,
  environment: isText,
  source: isText,
  kind: isText,
  method: isText,
  user: isText,
  session: isText,
  trace: isText,
  min_duration_ms: isAmount,
  max_duration_ms: isAmount,
  min_cost_usd: isAmount,
  max_cost_usd: isAmount,
};

export type Name = keyof typeof TAKEN;
export type Filter = Readonly<Partial<Record<Name, string>>>;

const NAMES = Object.keys(TAKEN) as Name[];

/** The filter of an address's query. What it does not know, or what is no value of its kind, is left out. */
export function parse(search: string): Filter {
  const parameters = new URLSearchParams(search);
  let filter: Filter = {};
  for (const name of NAMES) {
    const value = parameters.get(name);
    if (value !== null) filter = having(filter, name, value);
  }
  return filter;
}

/** The address of a filter. */
export function print(filter: Filter): string {
  const parameters = new URLSearchParams();
  for (const name of NAMES) {
    const value = filter[name];
    if (value !== undefined) parameters.set(name, value);
  }
  // Slashes and colons may stand in a query, and are easier to read.
  const search = parameters.toString().replaceAll("%2F", "/").replaceAll("%3A", ":");
  return search === "" ? "/" : `/?${search}`;
}

/** The filter with `name` set; without it, if the value is none of its kind. */
export function having(filter: Filter, name: Name, value: string | undefined): Filter {
  if (value === undefined || !TAKEN[name](value)) return without(filter, name);
  return { ...without(filter, name, ...(EXCLUDED[name] ?? [])), [name]: value };
}

// A time ends now or has ends of its own.
const EXCLUDED: Partial<Record<Name, Name[]>> = { range: ["from", "to"], from: ["range"], to: ["range"] };

function without(filter: Filter, ...names: Name[]): Filter {
  return Object.fromEntries(Object.entries(filter).filter(([name]) => !names.includes(name as Name)));
}

/** What the API is asked for, if it is `now`. */
export function toQuery(filter: Filter, now: number): Query {
  const { range, top, ...same } = filter;
  const query: Query = { ...same };
  if (range !== undefined) query.from = new Date(now - lengthOf(range)).toISOString();
  if (top === undefined) query.top = true;
  return query;
}

function lengthOf(range: string): number {
  return Number.parseInt(range, 10) * UNITS[range.at(-1) as keyof typeof UNITS];
}

/** Whether new events can match: not if the time has an end. */
export function isOpen(filter: Filter): boolean {
  return filter.to === undefined;
}

/** The instant after `time`, of which `to` tells everything until then. Times have nine digits. */
export function instantAfter(time: string): string {
  const [seconds = "", fraction = ""] = time.replace("Z", "").split(".");
  const next = Number(fraction.padEnd(9, "0")) + 1;
  if (next < 1e9) return `${seconds}.${String(next).padStart(9, "0")}Z`;
  return `${new Date(Date.parse(`${seconds}Z`) + 1000).toISOString().slice(0, 19)}.000000000Z`;
}
