import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../api/types.ts";
import { axisOf, nsBetween, placeOn, ticksOf } from "./axis.ts";

const at = (nanos: number, second = 0) =>
  `2026-11-20T08:00:${String(second).padStart(2, "0")}.${String(nanos).padStart(9, "0")}Z`;

function row(start_time: string, duration_ns: number, kind = "span"): Row {
  return { start_time, duration_ns, kind } as Row;
}

test("time between is exact to the nanosecond", () => {
  assert.equal(nsBetween(at(999_999_999), at(1, 1)), 2);
});

test("the axis goes from the first start to the last end, in whichever order events are", () => {
  assert.deepEqual(axisOf([row(at(50), 900), row(at(20), 10)]), { start: at(20), ns: 930 });
});

test("a score that was given later makes the axis no longer", () => {
  assert.equal(axisOf([row(at(0), 100), row(at(0, 59), 0, "score")]).ns, 100);
});

test("an axis of scores alone has a length", () => {
  assert.equal(axisOf([row(at(0), 0, "score")]).ns, 1);
});

test("what is beyond the axis stands at its end", () => {
  assert.equal(placeOn({ start: at(0), ns: 100 }, at(0, 5)), 1);
  assert.equal(placeOn({ start: at(50), ns: 100 }, at(0)), 0);
});

test("a place is a share of the axis", () => {
  assert.equal(placeOn({ start: at(0), ns: 100 }, at(20), 5), 0.25);
});

test("lines are at round times, as many as there is room for", () => {
  assert.deepEqual(ticksOf({ start: at(0), ns: 930 }, 4), [0, 500]);
  assert.deepEqual(ticksOf({ start: at(0), ns: 1000 }, 5), [0, 200, 400, 600, 800, 1000]);
});
