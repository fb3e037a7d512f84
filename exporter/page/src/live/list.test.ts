import assert from "node:assert/strict";
import { test } from "node:test";
import type { Events, Live, Row } from "../api/types.ts";
import { change, EMPTY, hasRoom, type List, MOST_ROWS, PAGE, sampling } from "./list.ts";

/** A row that started that many seconds after eight o'clock; it is named so too. */
function row(second: number): Row {
  const start_time = `${new Date(Date.UTC(2026, 10, 20, 8) + second * 1000).toISOString().slice(0, 19)}.000000000Z`;
  return { id: String(second), seq: second, start_time } as Row;
}

function page(seconds: number[], next: string | null = null): Events {
  return { events: seconds.map(row), next, reached: null };
}

function news(seconds: number[], matched = seconds.length, skipped = 0): Live {
  return { events: seconds.map(row), matched, stored: matched, skipped, position: 0 };
}

function opened(seconds: number[], next: string | null = null): List {
  return change(EMPTY, { type: "opened", page: page(seconds, next) });
}

const ids = (rows: Row[]) => rows.map((each) => each.id).join(" ");

test("what is new is at the top, and marked", () => {
  const list = change(opened([2, 1]), { type: "news", news: news([4, 3]), hold: false });
  assert.equal(ids(list.rows), "4 3 2 1");
  assert.deepEqual([...list.fresh], ["4", "3"]);
});

test("where all is new nothing is marked", () => {
  const many = Array.from({ length: 50 }, (_, index) => 100 - index);
  assert.equal(change(opened([1]), { type: "news", news: news(many), hold: false }).fresh.size, 0);
});

test("what ended late stands where it started", () => {
  assert.equal(ids(change(opened([5, 1]), { type: "news", news: news([3]), hold: false }).rows), "5 3 1");
});

test("an event that is there already is not there twice", () => {
  assert.equal(ids(change(opened([2, 1]), { type: "news", news: news([3, 2]), hold: false }).rows), "3 2 1");
});

test("what is older than the last row is left to its page, if there is one", () => {
  assert.equal(ids(change(opened([5, 4], "c"), { type: "news", news: news([3]), hold: false }).rows), "5 4");
  assert.equal(ids(change(opened([5, 4]), { type: "news", news: news([3]), hold: false }).rows), "5 4 3");
});

test("nothing moves while the reader looks, and how much came is counted", () => {
  let list = opened([1]);
  list = change(list, { type: "news", news: news([2]), hold: true });
  list = change(list, { type: "news", news: news([4, 3], 70), hold: true });
  assert.equal(ids(list.rows), "1");
  assert.equal(list.heldCount, 71);
  list = change(list, { type: "released" });
  assert.equal(ids(list.rows), "4 3 2 1");
  assert.equal(list.heldCount, 0);
});

test("what was held back comes with the next that is not", () => {
  const held = change(opened([1]), { type: "news", news: news([2]), hold: true });
  assert.equal(ids(change(held, { type: "news", news: news([3]), hold: false }).rows), "3 2 1");
});

test("a second without news changes nothing", () => {
  const list = opened([1]);
  assert.equal(change(list, { type: "news", news: news([]), hold: false }), list);
});

test("another page goes on below", () => {
  const list = change(opened([4, 3], "c"), { type: "continued", page: page([2, 1]) });
  assert.equal(ids(list.rows), "4 3 2 1");
  assert.equal(list.next, null);
});

test("how far back was searched is told only of a page that came short", () => {
  const reached = "2026-11-20T07:00:00.000000000Z";
  const whole = Array.from({ length: PAGE }, (_, index) => PAGE - index);
  assert.equal(change(EMPTY, { type: "opened", page: { ...page([1], "c"), reached } }).reached, reached);
  assert.equal(change(EMPTY, { type: "opened", page: { ...page(whole, "c"), reached } }).reached, null);
});

test("old rows give way to new ones, and there is no room for pages then", () => {
  const full = opened(
    Array.from({ length: MOST_ROWS }, (_, index) => MOST_ROWS - index),
    "c",
  );
  assert.equal(hasRoom(full), false);
  const list = change(full, { type: "news", news: news([MOST_ROWS + 1]), hold: false });
  assert.equal(list.rows.length, MOST_ROWS);
  assert.equal(list.rows.at(-1)?.id, "2");
  assert.equal(list.trimmed, true);
});

test("a page for which there is no room is cut", () => {
  const list = opened(
    Array.from({ length: MOST_ROWS - 1 }, (_, index) => MOST_ROWS - index),
    "c",
  );
  const more = change(list, { type: "continued", page: page([1, 0], "d") });
  assert.equal(more.rows.length, MOST_ROWS);
  assert.equal(more.trimmed, true);
});

test("where all are shown nothing is said", () => {
  assert.equal(sampling(news([1, 2]), 1), null);
});

test("where more match than are shown it is said, by the second", () => {
  assert.equal(sampling(news([1, 2], 1996), 2), "998 a second match; showing 2 of each second");
});

test("after a long while it is said how many there were", () => {
  assert.equal(
    sampling(news([1], 60_000, 5_000), 60),
    "60,000 matched meanwhile; showing the newest 1; 5,000 were not looked at",
  );
});

test("what was not looked at is told also if nothing else is", () => {
  assert.equal(sampling(news([], 0, 10), 1), "There was too much to follow; 10 were not looked at");
});
