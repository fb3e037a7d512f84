import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../api/types.ts";
import { LONG_NS, longGap } from "./gaps.ts";

const BEGIN = Date.parse("2026-11-20T08:00:00Z");

function turn(second: number, seconds: number): Row {
  const start_time = new Date(BEGIN + second * 1000).toISOString();
  return { start_time, duration_ns: seconds * 1e9 } as Row;
}

test("the first turn has nothing before it", () => {
  assert.equal(longGap(undefined, turn(0, 1)), null);
});

test("a gap begins when the turn before it ends", () => {
  assert.equal(longGap(turn(0, 100), turn(460, 1)), 360e9);
});

test("a turn that follows soon has no gap to be told", () => {
  assert.equal(longGap(turn(0, 100), turn(100 + LONG_NS / 1e9 - 1, 1)), null);
});

test("turns at the same time have no gap", () => {
  assert.equal(longGap(turn(0, 1000), turn(10, 1)), null);
});
