// The list that is on the screen: pages below, what is new above, in the order of the starts. Nothing here asks or draws.

import type { Events, Live, Row } from "../api/types.ts";

/** As many rows as there are at once: what a browser moves without stutter. */
export const MOST_ROWS = 500;

/** Up to how many new rows are marked at once: where all is new, a mark says nothing. */
const MOST_MARKED = 25;
/** How many are asked for at once. */
export const PAGE = 50;

export interface List {
  /** Newest first. */
  rows: Row[];
  /** Those that came while they are seen. */
  fresh: ReadonlySet<string>;
  /** What came while the reader looks at something; newest first. */
  held: Row[];
  /** How many came since then, also such as were not told. */
  heldCount: number;
  /** Of the page after the last row. */
  next: string | null;
  /** How far back was searched, if that was not far enough for a whole page. */
  reached: string | null;
  /** Whether rows at the end gave way to new ones: `next` does not follow then. */
  trimmed: boolean;
}

export const EMPTY: List = {
  rows: [],
  fresh: new Set(),
  held: [],
  heldCount: 0,
  next: null,
  reached: null,
  trimmed: false,
};

export type Change =
  | { type: "opened"; page: Events }
  | { type: "continued"; page: Events }
  | { type: "news"; news: Live; hold: boolean }
  | { type: "released" };

export function change(list: List, made: Change): List {
  switch (made.type) {
    case "opened":
      return { ...EMPTY, rows: made.page.events, ...endOf(made.page) };
    case "continued":
      return cut({ ...list, rows: merged(list.rows, made.page.events), ...endOf(made.page) });
    case "news":
      return made.hold ? holding(list, made.news) : released(holding(list, made.news));
    case "released":
      return released(list);
  }
}

function endOf(page: Events): Pick<List, "next" | "reached"> {
  return { next: page.next, reached: page.events.length < PAGE ? page.reached : null };
}

function holding(list: List, news: Live): List {
  if (news.matched === 0) return list;
  return {
    ...list,
    held: merged(list.held, news.events).slice(0, MOST_ROWS),
    heldCount: list.heldCount + news.matched,
  };
}

function released(list: List): List {
  if (list.heldCount === 0) return list;
  const isWhole = list.next === null && !list.trimmed;
  const last = list.rows.at(-1);
  // What is older than the last row comes with a later page.
  const added = list.held.filter((row) => isWhole || last === undefined || row.start_time >= last.start_time);
  return cut({
    ...list,
    rows: merged(list.rows, added),
    fresh: new Set(added.length > MOST_MARKED ? [] : added.map((row) => row.id)),
    held: [],
    heldCount: 0,
  });
}

function cut(list: List): List {
  if (list.rows.length <= MOST_ROWS) return list;
  return { ...list, rows: list.rows.slice(0, MOST_ROWS), trimmed: true };
}

/** Both, newest first, each event once. */
function merged(rows: Row[], others: Row[]): Row[] {
  const known = new Set(rows.map((row) => row.id));
  const added = others.filter((row) => !known.has(row.id));
  if (added.length === 0) return rows;
  return [...rows, ...added].sort(newestFirst);
}

function newestFirst(a: Row, b: Row): number {
  if (a.start_time !== b.start_time) return a.start_time < b.start_time ? 1 : -1;
  return b.seq - a.seq;
}

/** Whether there is room for another page. */
export function hasRoom(list: List): boolean {
  return !list.trimmed && list.rows.length < MOST_ROWS;
}

/** What to say where more match than are shown; null where all are. */
export function sampling(news: Live, seconds: number): string | null {
  const shown = news.events.length;
  const skipped = news.skipped > 0 ? `; ${amount(news.skipped)} were not looked at` : "";
  if (news.matched <= shown) return skipped === "" ? null : `There was too much to follow${skipped}`;
  if (seconds > 3) return `${amount(news.matched)} matched meanwhile; showing the newest ${shown}${skipped}`;
  return `${amount(Math.round(news.matched / seconds))} a second match; showing ${shown} of each second${skipped}`;
}

function amount(value: number): string {
  return value.toLocaleString("en-US");
}
