import assert from "node:assert/strict";
import { test } from "node:test";
import { choose, sorted } from "./sort.ts";

const same = (value: number | string | null) => value;

test("numbers go by size, not by digits", () => {
  assert.deepEqual(sorted([10, 9, 100], same, false), [9, 10, 100]);
});

test("what is not there comes last, up and down", () => {
  assert.deepEqual(sorted([null, 1, 2], same, true), [2, 1, null]);
  assert.deepEqual(sorted([null, 1, 2], same, false), [1, 2, null]);
});

test("equal rows stay as they were", () => {
  const rows = [
    { name: "b", count: 1 },
    { name: "a", count: 1 },
  ];
  assert.deepEqual(
    sorted(rows, ({ count }) => count, true),
    rows,
  );
});

test("numbers begin with the most, text with its beginning", () => {
  const before = { column: "requests", descending: true };
  assert.deepEqual(choose(before, "errors", false), { column: "errors", descending: true });
  assert.deepEqual(choose(before, "route", true), { column: "route", descending: false });
});

test("a column that is chosen again is turned round", () => {
  const before = { column: "requests", descending: true };
  assert.deepEqual(choose(before, "requests", false), { column: "requests", descending: false });
});
