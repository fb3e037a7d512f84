import assert from "node:assert/strict";
import { test } from "node:test";
import { durationTick, logBounds, logTicks, moment, timeTicks } from "./ticks.ts";

const at = (...parts: [number, number, number, number, number, number?]) =>
  new Date(...(parts as [number, number, number, number, number])).getTime() / 1000;

test("a logarithmic axis ends at 1, 2 or 5 times a power of ten", () => {
  assert.deepEqual(logBounds(3e6, 4.1e8), [2e6, 5e8]);
});

test("a bound that is a step already stays", () => {
  assert.deepEqual(logBounds(1e6, 1e9), [1e6, 1e9]);
});

test("an axis of one value has a height", () => {
  assert.deepEqual(logBounds(2e6, 2e6), [2e6, 5e6]);
});

test("what took no time is at the lowest end of an axis", () => {
  assert.deepEqual(logBounds(0, 0), [1, 2]);
});

test("lines are at 1, 2 and 5 where there is room", () => {
  assert.deepEqual(logTicks(2e6, 5e7, 6), [2e6, 5e6, 1e7, 2e7, 5e7]);
});

test("lines are at powers of ten where there is little room", () => {
  assert.deepEqual(logTicks(2e6, 5e9, 6), [1e7, 1e8, 1e9]);
});

test("a tick has no zeros that say nothing", () => {
  assert.deepEqual([1e9, 2e8, 1.5e9, 5e6].map(durationTick), ["1 s", "200 ms", "1.5 s", "5 ms"]);
});

test("the day stands under the first time of each day", () => {
  const times = [at(2026, 10, 20, 22, 0), at(2026, 10, 21, 0, 0), at(2026, 10, 21, 2, 0)];
  assert.deepEqual(timeTicks(times, 7200), ["22:00\n20 Nov", "00:00\n21 Nov", "02:00"]);
});

test("days apart are told by their dates alone", () => {
  assert.deepEqual(timeTicks([at(2026, 10, 20, 0, 0)], 86_400), ["20 Nov"]);
});

test("seconds are told where steps are shorter than a minute", () => {
  assert.equal(moment(at(2026, 10, 20, 8, 0, 30), 10), "20 Nov 08:00:30");
  assert.equal(moment(at(2026, 10, 20, 8, 0, 30), 60), "20 Nov 08:00");
});
