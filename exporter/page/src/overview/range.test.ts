import assert from "node:assert/strict";
import { test } from "node:test";
import { boundsOf, localTime, parseRange, rangeQuery, rangeWords, zoom } from "./range.ts";

const EIGHT = Date.parse("2026-11-20T08:00:00Z") / 1000;
const NINE = EIGHT + 3600;

test("an address without a time means the last hour", () => {
  assert.deepEqual(parseRange({}), { last: "1h" });
});

test("an address names how much of the past it means", () => {
  assert.deepEqual(parseRange({ range: "6h" }), { last: "6h" });
  assert.deepEqual(parseRange({ range: "45m" }), { last: "45m" });
});

test("what cannot be understood means the last hour", () => {
  for (const range of ["", "h", "0h", "1y", "-1h", "1e9d", "constructor"]) {
    assert.deepEqual(parseRange({ range }), { last: "1h" }, range);
  }
  assert.deepEqual(parseRange({ from: "yesterday", to: "today" }), { last: "1h" });
});

test("two times prevail over a range", () => {
  const query = { range: "6h", from: "2026-11-20T08:00:00Z", to: "2026-11-20T10:00:00+01:00" };
  assert.deepEqual(parseRange(query), { from: EIGHT, to: NINE });
});

test("a time that ends before it begins is none", () => {
  assert.deepEqual(parseRange({ from: "2026-11-20T09:00:00Z", to: "2026-11-20T08:00:00Z" }), { last: "1h" });
});

test("a range is written as it is read", () => {
  for (const range of [{ last: "7d" }, { from: EIGHT, to: NINE }]) {
    assert.deepEqual(parseRange(rangeQuery(range)), range);
  }
});

test("the past is counted from now", () => {
  assert.deepEqual(boundsOf({ last: "1h" }, NINE - 0.5), { from: EIGHT, to: NINE });
  assert.deepEqual(boundsOf({ from: EIGHT, to: NINE }, 0), { from: EIGHT, to: NINE });
});

test("a range is told in words", () => {
  assert.equal(rangeWords({ last: "1h" }), "last hour");
  assert.equal(rangeWords({ last: "24h" }), "last 24 hours");
  assert.equal(rangeWords({ last: "1d" }), "last day");
  assert.equal(rangeWords({ last: "90m" }), "last 90 minutes");
});

test("what was dragged over becomes whole steps, in either direction", () => {
  assert.deepEqual(zoom(EIGHT + 70, EIGHT + 130, 60), { from: EIGHT + 60, to: EIGHT + 180 });
  assert.deepEqual(zoom(EIGHT + 130, EIGHT + 70, 60), { from: EIGHT + 60, to: EIGHT + 180 });
});

test("what was dragged over is a step at least", () => {
  assert.deepEqual(zoom(EIGHT, EIGHT, 60), { from: EIGHT, to: EIGHT + 60 });
});

test("a field for local time gives the time back", () => {
  assert.equal(new Date(localTime(EIGHT)).getTime() / 1000, EIGHT);
});
