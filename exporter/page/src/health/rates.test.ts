import assert from "node:assert/strict";
import { test } from "node:test";
import type { Status } from "../api/types.ts";
import { KEPT, type Looks, rate, rates, spanOf, total, withLook } from "./rates.ts";

const BEGIN = Date.parse("2026-11-20T08:00:00Z");

function look(second: number, asgi: number, started = "2026-11-20T07:00:00Z"): Status {
  const at = new Date(BEGIN + second * 1000).toISOString();
  return { at, started_at: started, events: { asgi } } as unknown as Status;
}

const events = (status: Status) => total(status.events);

test("one look has no rate yet", () => {
  assert.equal(rate([look(0, 5)], events), null);
});

test("a rate is the difference by the time between", () => {
  assert.equal(rate([look(0, 100), look(2, 140)], events), 20);
});

test("a rate is that of the last looks alone", () => {
  assert.equal(rate([look(0, 0), look(2, 1000), look(4, 1010), look(6, 1020)], events, 2), 5);
});

test("each two looks have a rate", () => {
  assert.deepEqual(rates([look(0, 0), look(2, 10), look(4, 10)], events), [5, 0]);
});

test("a restart gives up the looks before it", () => {
  const looks = withLook([look(0, 1000), look(2, 1100)], look(4, 3, "2026-11-20T08:00:03Z"));
  assert.deepEqual(looks.map(events), [3]);
});

test("the same look is kept once", () => {
  assert.equal(withLook([look(0, 1)], look(0, 1)).length, 1);
});

test("no more looks are kept than needed", () => {
  let looks: Looks = [];
  for (let second = 0; second < KEPT + 10; second += 1) looks = withLook(looks, look(second, second));
  assert.equal(looks.length, KEPT);
  assert.equal(spanOf(looks), KEPT - 1);
});
