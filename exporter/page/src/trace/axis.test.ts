import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../api/types.ts";
import { axisOf, nsBetween, placeOf, ticksOf } from "./axis.ts";

function row(start: string, duration: number): Row {
  return { start_time: `2026-11-20T08:00:${start}Z`, duration_ns: duration } as Row;
}

test("a nanosecond is told from the next", () => {
  assert.equal(nsBetween("2026-11-20T07:59:59.999999999Z", "2026-11-20T08:00:00.000000001Z"), 2);
});

test("the axis is as long as from the first start to the last end", () => {
  const axis = axisOf([row("01.500000000", 2e9), row("01.000000000", 1e9)]);
  assert.deepEqual(axis, { begin: "2026-11-20T08:00:01.000000000Z", lengthNs: 2.5e9 });
});

test("a bar begins and ends where its event did", () => {
  const rows = [row("00.000000000", 4e9), row("01.000000000", 1e9)];
  assert.deepEqual(placeOf(rows[1] as Row, axisOf(rows)), { left: 0.25, width: 0.25 });
});

test("ticks are round, and no more than asked for", () => {
  assert.deepEqual(ticksOf({ begin: "", lengthNs: 870e6 }, 5), [0, 200e6, 400e6, 600e6, 800e6]);
  assert.equal(ticksOf({ begin: "", lengthNs: 1 }, 5).length <= 6, true);
});
